"""Erasure of a customer (GDPR Article 17): answers stop at once, then the home's data are deleted and reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.canonical_form import canonical_id
from features.consents.erasure_state import erased_until, record_erased_until
from features.consents.ledger import Ledger
from features.errors import StoreDamaged, StoreUnavailable
from features.ingestion.alias_file import ids_of_customers, read_aliases
from features.ingestion.manifest import delete_examples
from features.ingestion.rejected_file import delete_rejected_lines
from features.online.backends import LMDB, open_store, resolve_location
from features.storage import write_lock
from features.storage.disk_reserve import is_disk_full
from features.storage.row_deletion import delete_rows, is_readable, select_customers
from features.storage.write_lock import HomeLocked
from features.views import CUSTOMER_ID
from serving.audiences.export import member_store
from serving.moments import rfc3339
from serving.observability.audit_log import ERASURE, AuditLog
from serving.privacy.customer_tables import customer_tables, table_name
from serving.privacy.decision_erasure import delete_decisions, erased_in_decisions
from serving.schemas.privacy import RETAINED_NOTICE
from serving.tags import tag_state_file
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import MANIFEST_FILE, ReleaseManifest

MAX_ERASURE_THREADS = 4
LOCK_TIMEOUT_SECONDS = 5.0  # how long to wait for another writer of the home
FINISHED = "erased"
_HISTORY_TABLES = ("orders", "events", "touches", "feedback")


@dataclass(frozen=True)
class ErasureResult:
    """The number of deleted rows by table, and the releases that may have learned from the customer."""

    finished: bool
    known: bool  # whether anything was recorded under the id
    removed: dict[str, int]
    trained_releases: list[dict[str, Any]]

    def to_report(self) -> dict[str, Any]:
        """Return the fields of ErasureReport."""
        status = FINISHED if self.finished else "pending"
        return {
            "status": status,
            "known": self.known,
            "removed": self.removed,
            "trained_releases": self.trained_releases,
            "retained": RETAINED_NOTICE,
        }


@cache
def erasure_executor() -> ThreadPoolExecutor:
    """Return the threads for erasures: each may wait seconds for a writer, and consent changes must not wait."""
    return ThreadPoolExecutor(MAX_ERASURE_THREADS, "erasing")


def erasure_line(audit_log: AuditLog, ledger: Ledger, customer_id: str, actor: str, now: int) -> Callable[[], object]:
    """Return the call that appends the audit line of an erasure, the same for every spelling of the id.

    ``now`` is in microseconds since 1970 UTC, by the clock of the machine.
    """
    canonical = canonical_id(customer_id, ledger.id_case())
    fields = {"customer": audit_log.pseudonym(canonical), "tombstone": ledger.tombstone(canonical).hex()}
    return partial(audit_log.append_done, ERASURE, actor, now, **fields)


def erase_customer(
    home: Path, online_store: str, ledger: Ledger, customer_id: str, on_silenced: Callable[[], object] = lambda: None
) -> ErasureResult:
    """Erase a customer, in whatever spelling of any of its ids, from all files of ``home`` and from the online store.

    An id that an alias of the log replaced is the customer who has the new id, with all old ones.

    The ledger comes first: from then on no response mentions the customer; then ``on_silenced`` is called, which writes
    the audit line. If another writer holds the home, the online store is unavailable or the disk is full, the rest is
    pending: the next writer deletes it when it ends. Tables written outside the home are not reached.

    Raises:
        StoreUnavailable: the ledger cannot be written.
    """
    # Files of an earlier version may have the id as the caller wrote it.
    spellings = sorted({customer_id, canonical_id(customer_id, ledger.id_case())})
    removed = {"consents": sum(ledger.erase(spelling) for spelling in spellings)}
    # The aliases come second: a writer that replaces them meanwhile finds the tombstones, or its file is read here.
    customer_ids = ids_of_customers(read_aliases(home / "history"), spellings)
    other_ids = sorted({*customer_ids} - {*spellings})
    removed["consents"] += sum(ledger.erase(other_id) for other_id in other_ids)
    on_silenced()
    trained = releases_trained_on(home, customer_ids)
    is_in_log = bool(other_ids) or _first_seen_at(home, customer_ids) is not None
    try:
        removed["audiences"] = _delete_from_audiences(home, customer_ids)
        removed["online"] = _delete_online(home, online_store, customer_ids)
        removed |= delete_decisions(home, online_store, customer_ids)
        tags = _delete_from_tags(home, customer_ids)
        removed |= tags.removed
        with write_lock.hold_write_lock(home, "forget", lambda _: None, LOCK_TIMEOUT_SECONDS):
            removed |= delete_from_tables(home, customer_ids)
            tags.require_whole()
            _advance_marker(home, ledger, customer_ids)
            apply_pending_erasures(home, online_store, ledger)
        finished = True
    except (HomeLocked, StoreUnavailable):
        finished = False
    except OSError as error:
        if not is_disk_full(error):
            raise
        finished = False
    known = is_in_log or any(removed.values())
    return ErasureResult(finished=finished, known=known, removed=removed, trained_releases=trained)


def apply_pending_erasures(home: Path, online_store: str, ledger: Ledger) -> None:
    """Delete the customers erased since the last run from tables, audiences and the online store.

    The caller holds the write lock. If the online store or the ledger is unavailable, the next run deletes them.
    """
    with suppress(StoreUnavailable):
        if _is_current(home, ledger):
            return
        state = ledger.erasures()[-1]
        _erase_replaced(home, ledger)
        in_tables = (select_customers(path, ledger.erased_among) for path in customer_tables(home))
        in_tags = ledger.erased_among(tag_state_file.tagged_customers(home))
        erased_ids = sorted(
            {*chain.from_iterable(in_tables), *erased_in_decisions(home, online_store, ledger), *in_tags}
        )
        # Tables come last: if this run fails, the next one finds the erased customers in them.
        _delete_online(home, online_store, erased_ids)
        delete_decisions(home, online_store, erased_ids)
        tags = _delete_from_tags(home, erased_ids)
        _delete_from_audiences(home, erased_ids)
        delete_from_tables(home, erased_ids)
        tags.require_whole()
        record_erased_until(home, state)


def _is_current(home: Path, ledger: Ledger) -> bool:
    erasures = ledger.erasures()
    return not erasures or erased_until(home) == erasures[-1]


def _erase_replaced(home: Path, ledger: Ledger) -> None:
    """Leave tombstones for all ids of customers erased under an old id while the log that replaces it was read."""
    targets = read_aliases(home / "history")
    erased = ledger.erased_among(targets, erased_until(home))
    customer_ids = ids_of_customers(targets, erased) if erased else []
    for customer_id in sorted({*customer_ids} - {*ledger.erased_among(customer_ids)}):
        ledger.erase(customer_id)


def _advance_marker(home: Path, ledger: Ledger, customer_ids: Sequence[str]) -> None:
    """Advance the marker if only this customer was erased since the last run."""
    marker = erased_until(home)
    newer_states = [state for state in ledger.erasures() if state > marker]
    if newer_states and len(newer_states) == len(ledger.erased_among(customer_ids, marker)):
        record_erased_until(home, newer_states[-1])


def releases_trained_on(home: Path, customer_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the releases of this home trained after the customer first appeared; they may have learned from it."""
    first_seen_at = _first_seen_at(home, customer_ids)
    if first_seen_at is None:
        return []
    paths = sorted((home / "releases").glob(f"*/{MANIFEST_FILE}"), key=lambda path: (len(path.parent.name), path))
    manifests = ((path.parent.name, _read_manifest(path.parent)) for path in paths)
    return [
        {"release": version, "trained_as_of": rfc3339(trained_as_of), "model_versions": manifest.model_versions}
        for version, manifest in manifests
        if manifest is not None and (trained_as_of := manifest.metadata.as_of) > first_seen_at
    ]


def _read_manifest(folder: Path) -> ReleaseManifest | None:
    """Return the manifest of a release; None if it is damaged or of another version, so that it answers nobody."""
    try:
        return ReleaseManifest.read(folder)
    except CorruptRelease:
        return None


def _first_seen_at(home: Path, customer_ids: Sequence[str]) -> int | None:
    """Return the first instant of a customer in the log, in microseconds since 1970 UTC; None if there is none."""
    timestamps = []
    for path in (home / "history" / f"{name}.parquet" for name in _HISTORY_TABLES):
        if path.is_file():
            with suppress(pa.ArrowInvalid):  # a damaged table tells nothing; the erasure stays pending because of it
                rows = pq.read_table(path, columns=["at_us"], filters=[(CUSTOMER_ID, "in", list(customer_ids))])
                timestamps += [] if rows.num_rows == 0 else [pc.min(rows["at_us"]).as_py()]
    return min(timestamps, default=None)


def delete_from_tables(home: Path, customer_ids: Sequence[str]) -> dict[str, int]:
    """Delete customers from all tables of the home; return the number of deleted rows by table.

    The lines that an ingestion set aside, the examples of its notes and the copies of raw files that it left when it
    was killed go as a whole: they are raw text, and any of them may name a customer.

    Raises:
        StoreDamaged: a table cannot be read; the customers were deleted from all others.
    """
    write_lock.delete_spilled_files(home)
    delete_rejected_lines(home / "history")
    delete_examples(home / "history")
    counts: dict[str, int] = {}
    damaged = []
    for path in customer_tables(home):
        name = table_name(home, path)
        if is_readable(path):
            counts[name] = counts.get(name, 0) + delete_rows(path, customer_ids)
        else:
            damaged.append(str(path))
    if damaged:
        raise StoreDamaged(
            f"Found no way to read {', '.join(damaged)}; expected a table that Flywheel wrote. The next `flywheel run` "
            "writes it again, and with it the erasure ends."
        )
    return counts


@dataclass(frozen=True)
class _TagErasure:
    """What was deleted from the states of tags, and why not all of them could be read."""

    removed: Mapping[str, int]
    damage: StoreDamaged | None = None

    def require_whole(self) -> None:
        """Raise the damage, after all that does not depend on the states."""
        if self.damage is not None:
            raise self.damage


def _delete_from_tags(home: Path, customer_ids: Sequence[str]) -> _TagErasure:
    """Delete customers from the states of tags; only a person can mend a damaged one, so the rest does not wait."""
    try:
        return _TagErasure(tag_state_file.delete_customers(home, customer_ids))
    except StoreDamaged as error:
        return _TagErasure({}, error)


def _delete_from_audiences(home: Path, customer_ids: Sequence[str]) -> int:
    """Delete customers from stored audiences; return the number of changed audiences."""
    folder = home / "audiences"
    return member_store.delete_customers(folder, customer_ids) if customer_ids and folder.is_dir() else 0


def _delete_online(home: Path, online_store: str, customer_ids: Sequence[str]) -> int:
    location = resolve_location(online_store, home)
    if not customer_ids or (online_store == LMDB and not Path(location).is_dir()):
        return 0
    with open_store(location).write_transaction() as writer:
        return sum(writer.erase(customer_id) for customer_id in customer_ids)
