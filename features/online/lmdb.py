"""Online store on LMDB: packed rows in one environment; many processes read while one writes, and none waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import takewhile
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import lmdb

from features.errors import NotFound
from features.online.conflict_resolution import later_rows
from features.online.feature_rows import FeatureRows
from features.online.view_joiner import ViewJoiner
from features.views import View

MAP_SIZE = 2**36  # address space, not disk: large, so that readers never have to remap when a writer grows the file
MAX_READERS = 1024
MAX_KEY_BYTES = 511

# A process may open an LMDB file once only, and two releases read it while one replaces the other.
_OPEN_ENVIRONMENTS: WeakValueDictionary[tuple[int, int], lmdb.Environment] = WeakValueDictionary()
_OPEN_LOCK = Lock()


class LmdbReader:
    """A reader of all views of customers, at one moment of the store."""

    timeout_seconds = None

    def __init__(self, environment: lmdb.Environment, views: tuple[View, ...]) -> None:
        self._environment: lmdb.Environment | None = environment
        self._view_joiner = ViewJoiner(views)

    @classmethod
    def open(cls, path: Path, views: tuple[View, ...]) -> LmdbReader:
        """A reader of the store in the folder ``path``; raises NotFound before the first publication."""
        if not (path / "data.mdb").exists():
            raise NotFound(f"There is no online store in {path}. Publish features first: flywheel publish.")
        return cls(_open_environment(path), views)

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        """The stored features of these customers, in the requested order; raises SchemaMismatch for other columns."""
        if self._environment is None:
            raise ValueError("This reader is closed. Open another: LmdbReader.open(path, views).")
        with self._environment.begin(buffers=True) as transaction:
            values = (
                [transaction.get(row_key(view, customer_id)) for customer_id in customer_ids]
                for view in self._view_joiner.view_names
            )
            return self._view_joiner.join(customer_ids, values)

    def close(self) -> None:
        """Release the store; the environment closes when no reader in the process uses it."""
        self._environment = None


class LmdbWriter:
    """One write transaction: all of it becomes visible at once, or, if the process is killed, nothing."""

    def __init__(self, transaction: lmdb.Transaction[bytes]) -> None:
        self._transaction = transaction

    def replace(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Make the view hold exactly these customers."""
        rows = {row_key(view, customer_id): row for customer_id, row in packed.items()}
        for key in self._keys(view):
            if key not in rows:
                self._transaction.delete(key)
        self._put(rows)

    def merge(self, view: str, packed: Mapping[str, bytes]) -> None:
        """Add rows to the view; a stored row with a later event time, or an equal and later created time, stays."""
        rows = {row_key(view, customer_id): row for customer_id, row in packed.items()}
        stored = {key: value for key in rows if (value := self._transaction.get(key)) is not None}
        self._put(later_rows(stored, rows))

    def drop(self, view: str) -> None:
        """Remove every row of a view."""
        self.replace(view, {})

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view, also from views no longer declared; returns the number of rows."""
        views = list(self._views())
        return sum(self._transaction.delete(row_key(view, customer_id)) for view in views)

    def _put(self, rows: Mapping[bytes, bytes]) -> None:
        with self._transaction.cursor() as cursor:
            cursor.putmulti(sorted(rows.items()))

    def _keys(self, view: str) -> list[bytes]:
        end_key = f"{view}\2".encode()
        with self._transaction.cursor() as cursor:
            if not cursor.set_range(f"{view}\0".encode()):
                return []
            return list(takewhile(lambda key: key < end_key, cursor.iternext(keys=True, values=False)))

    def _views(self) -> Iterator[str]:
        """The views with rows, found by seeking from one to the next."""
        with self._transaction.cursor() as cursor:
            has_key = cursor.first()
            while has_key:
                view = cursor.key().replace(b"\1", b"\0").partition(b"\0")[0].decode()
                yield view
                has_key = cursor.set_range(f"{view}\2".encode())


def read_packed_values(path: Path, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
    """The packed rows of one view, None for an unknown customer or before the first publication."""
    if not (path / "data.mdb").exists():
        return [None] * len(customer_ids)
    with _open_environment(path).begin() as transaction:
        return [transaction.get(row_key(view, customer_id)) for customer_id in customer_ids]


@dataclass(frozen=True)
class LmdbStore:
    """The online store in one folder of this machine."""

    path: Path

    def reader(self, views: tuple[View, ...]) -> LmdbReader:
        """A reader of these views; raises NotFound before the first publication."""
        return LmdbReader.open(self.path, views)

    def write_transaction(self) -> AbstractContextManager[LmdbWriter]:
        """One write, all of it or nothing; waits for another writer to finish."""
        return write_transaction(self.path)

    def packed_values(self, view: str, customer_ids: Sequence[str]) -> list[bytes | None]:
        """The packed rows of one view, None for an unknown customer or before the first publication."""
        return read_packed_values(self.path, view, customer_ids)


@contextmanager
def write_transaction(path: Path) -> Iterator[LmdbWriter]:
    """One write to the store in the folder ``path``, created if missing; waits for another writer to finish."""
    path.mkdir(parents=True, exist_ok=True)
    with _open_environment(path).begin(write=True) as transaction:
        yield LmdbWriter(transaction)


def _open_environment(path: Path) -> lmdb.Environment:
    with _OPEN_LOCK:
        environment = _OPEN_ENVIRONMENTS.get(file_identity(path))
        if environment is None:
            environment = lmdb.open(str(path), map_size=MAP_SIZE, max_readers=MAX_READERS, mode=0o600, readahead=False)
            environment.reader_check()
            _OPEN_ENVIRONMENTS[file_identity(path)] = environment
        return environment


def file_identity(path: Path) -> tuple[int, int]:
    """Device and inode of the file, (0, 0) for none; a new file at the same path has another identity."""
    file = path / "data.mdb"
    return (file.stat().st_dev, file.stat().st_ino) if file.exists() else (0, 0)


def row_key(view: str, customer_id: str) -> bytes:
    """``view NUL id``, or ``view SOH digest`` for an id too long to be part of a key."""
    key = f"{view}\0{customer_id}".encode("utf-8", "surrogatepass")
    if len(key) <= MAX_KEY_BYTES:
        return key
    return view.encode() + b"\1" + blake2b(key, digest_size=32).digest()
