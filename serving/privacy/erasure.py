"""How is a customer forgotten? At once wherever anything is said, then on every disk; a report says what was where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field

from features.consents.ledger import Ledger
from features.errors import Unreachable
from features.online.arrow_rows import CUSTOMER_ID
from features.online.backends import LMDB, place, store_at
from features.storage import write_lock
from features.storage.atomic_files import replace_text
from features.storage.row_deletion import customers_in, erase
from features.storage.write_lock import HomeIsBusy
from serving.audiences.export import member_store
from serving.moments import rfc3339
from serving.schemas.base import Wire
from training.inference.release_manifest import MANIFEST, ReleaseManifest

ERASED_AT_ONCE = 4
PATIENCE_SECONDS = 5.0  # for another writer of the home
FINISHED = "forgotten"
KEPT = (
    "a salted hash, which keeps logs that are read again from bringing the customer back; the audit's lines, which "
    "know the customer by another salted hash; tables written to other places than the home; free pages of the home's "
    "stores, until they are written over"
)
_FOLDERS = ("history", "features", ".")
_MARK = "erased"  # the state of the ledger up to which nobody forgotten is left in any table
_SEEN = ("orders", "events", "touches")


class SeenBy(Wire):
    """A release that was trained on a log with the customer in it."""

    release: str
    trained_as_of: datetime
    model_versions: dict[str, str]


class ErasureReport(Wire):
    """What was removed, where; without the customer's id."""

    status: Literal["forgotten", "pending"] = Field(
        description="pending: another writer holds the home, and takes the rest away when it ends."
    )
    removed: dict[str, int] = Field(description="Rows by table, and the number of audiences.")
    seen_by: list[SeenBy] = Field(description="Releases trained after the customer was first heard of.")
    kept: str = KEPT


@dataclass(frozen=True)
class Forgotten:
    """What was removed, where, in rows."""

    finished: bool
    removed: dict[str, int]
    seen_by: list[dict[str, Any]]

    def report(self) -> dict[str, Any]:
        """As ErasureReport."""
        status = FINISHED if self.finished else "pending"
        return {"status": status, "removed": self.removed, "seen_by": self.seen_by, "kept": KEPT}


@cache
def threads() -> ThreadPoolExecutor:
    """For erasing alone: each may wait seconds for another writer, and nobody's consent is to wait behind it."""
    return ThreadPoolExecutor(ERASED_AT_ONCE, "erasing")


def forget(home: Path, online: str, ledger: Ledger, customer_id: str) -> Forgotten:
    """Remove a customer from everything below ``home`` and from the online store.

    From the first moment nothing is said of the customer any more. Where another writer holds the home, or the online
    store is away, the rest waits: the next writer's end takes the customer out. Tables written elsewhere are out of
    reach.
    """
    removed = {"consents": ledger.forget(customer_id)}
    seen = seen_by(home, customer_id)
    try:
        removed["audiences"] = _unlisted(home, [customer_id])
        removed["online"] = _offline(home, online, [customer_id])
        with write_lock.writing(home, "forget", lambda _: None, PATIENCE_SECONDS):
            removed |= _erased(home, [customer_id])
            _mark_alone(home, ledger, customer_id)
            catch_up(home, online, ledger)
    except (HomeIsBusy, Unreachable):
        return Forgotten(finished=False, removed=removed, seen_by=seen)
    return Forgotten(finished=True, removed=removed, seen_by=seen)


def catch_up(home: Path, online: str, ledger: Ledger) -> None:
    """Take whoever was forgotten since the last time out of what was written since; whoever calls holds the home.

    While the online store, or the ledger, is away it waits for the next time.
    """
    with suppress(Unreachable):
        if _caught_up(home, ledger):
            return
        state = ledger.erasures()[-1]
        gone = sorted({one for path in _tables(home) for one in customers_in(path, ledger.forgotten_among)})
        # First, since the tables are where the next time would find whom to remove.
        _offline(home, online, gone)
        _unlisted(home, gone)
        _erased(home, gone)
        replace_text(home / _MARK, str(state))


def _caught_up(home: Path, ledger: Ledger) -> bool:
    erasures = ledger.erasures()
    return not erasures or erased_until(home) == erasures[-1]


def _mark_alone(home: Path, ledger: Ledger, customer_id: str) -> None:
    """Nobody need look for others where only this customer was forgotten since the last time."""
    before = erased_until(home)
    newer = [state for state in ledger.erasures() if state > before]
    if len(newer) == 1 and ledger.forgotten_among([customer_id], before):
        replace_text(home / _MARK, str(newer[0]))


def erased_until(home: Path) -> int:
    """The state of the ledger up to which nobody forgotten is left in any file; 0 before the first time."""
    mark = home / _MARK
    return int(mark.read_text()) if mark.is_file() else 0


def seen_by(home: Path, customer_id: str) -> list[dict[str, Any]]:
    """The releases of this home trained after the customer was first heard of: they may have learned from it."""
    first = _first_seen(home, customer_id)
    if first is None:
        return []
    paths = sorted((home / "releases").glob(f"*/{MANIFEST}"), key=lambda path: (len(path.parent.name), path))
    manifests = ((path.parent.name, ReleaseManifest.read(path.parent)) for path in paths)
    return [
        {"release": version, "trained_as_of": rfc3339(at), "model_versions": manifest.model_versions}
        for version, manifest in manifests
        if (at := manifest.facts.as_of) > first
    ]


def _first_seen(home: Path, customer_id: str) -> int | None:
    """The first instant in the log, microseconds since 1970 UTC."""
    found = []
    for path in (home / "history" / f"{name}.parquet" for name in _SEEN):
        if path.is_file():
            rows = pq.read_table(path, columns=["at_us"], filters=[(CUSTOMER_ID, "=", customer_id)])
            found += [] if rows.num_rows == 0 else [pc.min(rows["at_us"]).as_py()]
    return min(found, default=None)


def _erased(home: Path, customer_ids: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in _tables(home):
        name = _name(home, path)
        counts[name] = counts.get(name, 0) + erase(path, customer_ids)
    return counts


def _unlisted(home: Path, customer_ids: Sequence[str]) -> int:
    """How many audiences held any of them."""
    folder = home / "audiences"
    return member_store.forget(folder, customer_ids) if customer_ids and folder.is_dir() else 0


def _offline(home: Path, online: str, customer_ids: Sequence[str]) -> int:
    where = place(online, home)
    if not customer_ids or (online == LMDB and not Path(where).is_dir()):
        return 0
    with store_at(where).writing() as writer:
        return sum(writer.forget(one) for one in customer_ids)


def _tables(home: Path) -> Iterator[Path]:
    """Every table of the home that may hold customers: the log, features, scores and their parts."""
    for folder in _FOLDERS:
        yield from sorted((home / folder).glob("*.parquet"))
    yield from sorted(home.glob(".*.parts/*.parquet"))


def _name(home: Path, path: Path) -> str:
    """What the report calls a table; parts of scores with the scores."""
    inside = path.relative_to(home)
    return "scores" if inside.parts[0].startswith((".", "scores")) else inside.with_suffix("").as_posix()
