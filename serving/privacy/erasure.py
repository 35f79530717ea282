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

from features.consents.erasure_state import erased_until, record_erased_until
from features.consents.ledger import Ledger
from features.errors import StoreUnavailable
from features.online.backends import LMDB, open_store, resolve_location
from features.storage import write_lock
from features.storage.row_deletion import delete_rows, select_customers
from features.storage.write_lock import HomeLocked
from features.views import CUSTOMER_ID
from serving.audiences.export import member_store
from serving.moments import rfc3339
from serving.schemas.base import StrictModel
from training.inference.release_manifest import MANIFEST_FILE, ReleaseManifest

MAX_ERASURE_THREADS = 4
LOCK_TIMEOUT_SECONDS = 5.0  # for another writer of the home
FINISHED = "erased"
RETAINED_NOTICE = (
    "a salted hash, which keeps logs that are read again from bringing the customer back; the audit's lines, which "
    "know the customer by another salted hash; tables written to other places than the home; free pages of the home's "
    "stores, until they are written over"
)
_FOLDERS = ("history", "features", ".")
_HISTORY_TABLES = ("orders", "events", "touches")


class TrainedRelease(StrictModel):
    """A release that was trained on a log with the customer in it."""

    release: str
    trained_as_of: datetime
    model_versions: dict[str, str]


class ErasureReport(StrictModel):
    """What was removed, where; without the customer's id."""

    status: Literal["erased", "pending"] = Field(
        description="pending: another writer holds the home, and takes the rest away when it ends."
    )
    removed: dict[str, int] = Field(description="Rows by table, and the number of audiences.")
    trained_releases: list[TrainedRelease] = Field(
        description="Releases trained after the customer was first heard of."
    )
    retained: str = RETAINED_NOTICE


@dataclass(frozen=True)
class ErasureResult:
    """What was removed, where, in rows."""

    finished: bool
    removed: dict[str, int]
    trained_releases: list[dict[str, Any]]

    def to_report(self) -> dict[str, Any]:
        """As ErasureReport."""
        status = FINISHED if self.finished else "pending"
        return {
            "status": status,
            "removed": self.removed,
            "trained_releases": self.trained_releases,
            "retained": RETAINED_NOTICE,
        }


@cache
def erasure_executor() -> ThreadPoolExecutor:
    """For erasing alone: each may wait seconds for another writer, and nobody's consent is to wait behind it."""
    return ThreadPoolExecutor(MAX_ERASURE_THREADS, "erasing")


def erase_customer(home: Path, online_store: str, ledger: Ledger, customer_id: str) -> ErasureResult:
    """Remove a customer from everything below ``home`` and from the online store.

    From the first moment nothing is said of the customer any more. Where another writer holds the home, or the online
    store is away, the rest waits: the next writer's end takes the customer out. Tables written elsewhere are out of
    reach.
    """
    removed = {"consents": ledger.erase(customer_id)}
    seen = releases_trained_on(home, customer_id)
    try:
        removed["audiences"] = _delete_from_audiences(home, [customer_id])
        removed["online"] = _delete_online(home, online_store, [customer_id])
        with write_lock.hold_write_lock(home, "forget", lambda _: None, LOCK_TIMEOUT_SECONDS):
            removed |= _delete_rows(home, [customer_id])
            _advance_marker(home, ledger, customer_id)
            apply_pending_erasures(home, online_store, ledger)
    except (HomeLocked, StoreUnavailable):
        return ErasureResult(finished=False, removed=removed, trained_releases=seen)
    return ErasureResult(finished=True, removed=removed, trained_releases=seen)


def apply_pending_erasures(home: Path, online_store: str, ledger: Ledger) -> None:
    """Take whoever was forgotten since the last time out of what was written since; whoever calls holds the home.

    While the online store, or the ledger, is away it waits for the next time.
    """
    with suppress(StoreUnavailable):
        if _is_current(home, ledger):
            return
        state = ledger.erasures()[-1]
        gone = sorted({one for path in _customer_tables(home) for one in select_customers(path, ledger.erased_among)})
        # First, since the tables are where the next time would find whom to remove.
        _delete_online(home, online_store, gone)
        _delete_from_audiences(home, gone)
        _delete_rows(home, gone)
        record_erased_until(home, state)


def _is_current(home: Path, ledger: Ledger) -> bool:
    erasures = ledger.erasures()
    return not erasures or erased_until(home) == erasures[-1]


def _advance_marker(home: Path, ledger: Ledger, customer_id: str) -> None:
    """Nobody need look for others where only this customer was forgotten since the last time."""
    before = erased_until(home)
    newer = [state for state in ledger.erasures() if state > before]
    if len(newer) == 1 and ledger.erased_among([customer_id], before):
        record_erased_until(home, newer[0])


def releases_trained_on(home: Path, customer_id: str) -> list[dict[str, Any]]:
    """The releases of this home trained after the customer was first heard of: they may have learned from it."""
    first = _first_seen_at(home, customer_id)
    if first is None:
        return []
    paths = sorted((home / "releases").glob(f"*/{MANIFEST_FILE}"), key=lambda path: (len(path.parent.name), path))
    manifests = ((path.parent.name, ReleaseManifest.read(path.parent)) for path in paths)
    return [
        {"release": version, "trained_as_of": rfc3339(at), "model_versions": manifest.model_versions}
        for version, manifest in manifests
        if (at := manifest.metadata.as_of) > first
    ]


def _first_seen_at(home: Path, customer_id: str) -> int | None:
    """The first instant in the log, microseconds since 1970 UTC."""
    found = []
    for path in (home / "history" / f"{name}.parquet" for name in _HISTORY_TABLES):
        if path.is_file():
            rows = pq.read_table(path, columns=["at_us"], filters=[(CUSTOMER_ID, "=", customer_id)])
            found += [] if rows.num_rows == 0 else [pc.min(rows["at_us"]).as_py()]
    return min(found, default=None)


def _delete_rows(home: Path, customer_ids: Sequence[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for path in _customer_tables(home):
        name = _table_name(home, path)
        counts[name] = counts.get(name, 0) + delete_rows(path, customer_ids)
    return counts


def _delete_from_audiences(home: Path, customer_ids: Sequence[str]) -> int:
    """How many audiences held any of them."""
    folder = home / "audiences"
    return member_store.delete_customers(folder, customer_ids) if customer_ids and folder.is_dir() else 0


def _delete_online(home: Path, online_store: str, customer_ids: Sequence[str]) -> int:
    where = resolve_location(online_store, home)
    if not customer_ids or (online_store == LMDB and not Path(where).is_dir()):
        return 0
    with open_store(where).write_transaction() as writer:
        return sum(writer.erase(one) for one in customer_ids)


def _customer_tables(home: Path) -> Iterator[Path]:
    """Every table of the home that may hold customers: the log, features, scores and their parts."""
    for folder in _FOLDERS:
        yield from sorted((home / folder).glob("*.parquet"))
    yield from sorted(home.glob(".*.parts/*.parquet"))


def _table_name(home: Path, path: Path) -> str:
    """What the report calls a table; parts of scores with the scores."""
    inside = path.relative_to(home)
    return "scores" if inside.parts[0].startswith((".", "scores")) else inside.with_suffix("").as_posix()
