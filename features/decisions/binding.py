"""Binding: a home accepts the decision log that it remembers only, so that a lost one is noticed, not begun anew.

Without it, customers would be decided about again, some with another arm than they were shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Literal

import orjson

from features.decisions.storage import META, DecisionStorage, Entry, Result, WriteBatch
from features.errors import InvalidStore, RowsLost
from features.storage.atomic_files import replace_private

MEMORY_FILE = "decisions.json"
ID_ENTRY: Entry = (META, "id")
StoreKind = Literal["lmdb", "redis"]


@dataclass(frozen=True)
class LogPoint:
    """The decision log of a home: its random id, and where it lies."""

    log_id: str
    store: StoreKind


class LogMemory:
    """The file ``decisions.json`` of a home."""

    def __init__(self, home: Path) -> None:
        self.path = home / MEMORY_FILE

    def read(self) -> LogPoint | None:
        """Read what the home remembers; None before the first decision.

        Raises:
            InvalidStore: the file is damaged.
        """
        try:
            return LogPoint(**orjson.loads(self.path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise InvalidStore(
                f"Found {self.path} damaged; expected the id of the decision log. Stop the service and run "
                "`flywheel restore`."
            ) from None

    def remember(self, point: LogPoint) -> None:
        """Remember a log, where there is none yet or where it moved to Redis."""
        stored = self.read()
        if stored is None or (stored.store, point.store) == ("lmdb", "redis"):
            self.replace(point)

    def replace(self, point: LogPoint) -> None:
        """Remember this log instead of any other."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_private(self.path, orjson.dumps(asdict(point)))


class BoundDecisionStorage:
    """A storage that refuses every use while it holds another log than its home remembers.

    Every method raises RowsLost then, and else as the storage does.
    """

    def __init__(self, storage: DecisionStorage, home: Path, store: StoreKind) -> None:
        self._storage = storage
        self._home = home
        self._store = store
        self._memory = LogMemory(home)

    def read(self, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        """The values of these entries, at one moment; None where there is none."""
        remembered = self._remembered_point()
        values = self._storage.read([*entries, ID_ENTRY])
        self._check(remembered, values.pop(ID_ENTRY))
        return values

    def update(self, entries: Sequence[Entry], work: Callable[[WriteBatch], Result]) -> Result:
        """Run ``work`` on these entries and store its changes, all or nothing; the first write gives the log its id."""
        remembered = self._remembered_point()

        def checked_work(batch: WriteBatch) -> tuple[Result, bytes | None]:
            self._check(remembered, batch.get(ID_ENTRY))
            result = work(batch)
            if batch.changes and batch.get(ID_ENTRY) is None:
                batch.put(ID_ENTRY, token_hex(16).encode())
            return result, batch.get(ID_ENTRY)

        result, log_id = self._storage.update([*entries, ID_ENTRY], checked_work)
        if remembered is None and log_id is not None:
            self._remember(log_id.decode())
        return result

    def scan(self, table: str) -> Iterator[bytes]:
        """Every value of a table, once."""
        self.read([])
        yield from self._storage.scan(table)

    def counts(self) -> dict[str, int]:
        """The number of entries by table."""
        self.read([])
        return self._storage.counts()

    def _remembered_point(self) -> LogPoint | None:
        """What the home remembers of a log in this store; a local one that has not moved to Redis yet says nothing."""
        point = self._memory.read()
        return point if point is not None and point.store == self._store else None

    def _check(self, remembered: LogPoint | None, found: bytes | None) -> None:
        log_id = None if found is None else found.decode()
        if remembered is not None and log_id != remembered.log_id:
            raise RowsLost(
                f"The decision log of {self._home} is lost: found {log_id or 'none'} in the store {self._store}, "
                f"expected {remembered.log_id}. Put the newest copy of its files back; where there is none, stop the "
                "service and run `flywheel restore`, which takes what the history has."
            )
        if remembered is None and log_id is not None:
            self._remember(log_id)

    def _remember(self, log_id: str) -> None:
        with suppress(OSError):  # without write access to the home it goes on; the next use tries again
            self._memory.remember(LogPoint(log_id, self._store))
