"""Restore step: a home whose store lost consents or erasures gets them back, the strictest word winning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from features.calendar import micros
from features.config.shop import ShopConfig
from features.consents.consent import Defaults
from features.consents.ledger import Ledger
from features.consents.ledger_repair import LedgerLoss, LedgerRepair
from features.ingestion.manifest import read_manifest
from features.storage import write_lock
from pipelines import environment
from pipelines.home import Home
from pipelines.steps.ingest import import_log_consents
from serving.audiences.consent_filter import recorded_defaults
from serving.observability.audit_log import COMMAND_LINE, AuditLog
from serving.privacy.audit_replay import ReplayResult, read_words, replay_words, write_waiting
from serving.privacy.erasure import apply_pending_erasures

RESTORE = "restore"  # the action in the audit log
_NOTHING_ALLOWED = Defaults(profiling=False, marketing=False)


@dataclass(frozen=True)
class Restoration:
    """What a restore found, and what it recorded again."""

    loss: str  # none, older, emptied, replaced, elsewhere or memory
    found_state: int
    expected_state: int | None
    state: int  # of the ledger afterwards
    consents: int  # customers who got consents back from the audit log
    erasures: int  # erased customers whose tombstones are back
    waiting: int  # customers with lost words whom no table knows
    notes: list[str]

    @property
    def is_complete(self) -> bool:
        """Whether every word that the home knows of is recorded."""
        return not self.waiting


def run(home: Home, config: ShopConfig | None, now: datetime, report: Callable[[str], None]) -> Restoration:
    """Record lost consents and erasures again, from the audit log, the history and the backup merged before.

    Raises:
        HomeLocked: another process writes to the home.
        InvalidSecret: the secret of the home is lost, or another than that of the consents in the store.
        StoreUnavailable: the store does not answer.
    """
    with write_lock.hold_write_lock(home.folder, "restore", report, environment.LOCK_SECONDS.seconds()):
        return reconcile(home, config, now, report)


def reconcile(home: Home, config: ShopConfig | None, now: datetime, report: Callable[[str], None]) -> Restoration:
    """Do what ``run`` does; the caller has the write lock."""
    repair = LedgerRepair(home.folder, home.online)
    loss, words, notes = repair.find_loss(), read_words(home.folder), []
    with repair.epoch(loss) as ledger:
        report(f"recording the words of {len(words):,} customers again")
        erasures = repair.add_tombstones(frozenset(words.tombstones))
        _discard_erased(ledger)
        replayed = replay_words(words, home.folder, ledger)
        if loss and not repair.has_defaults():
            repair.set_missing_defaults(recorded_defaults(home.scores) or _NOTHING_ALLOWED)
    if loss:
        write_waiting(home.folder, replayed.waiting)
    notes += _restore_log_consents(home, config, now, report)
    apply_pending_erasures(home.folder, home.online, home.ledger())
    restoration = _summary(loss, ledger.state(), erasures, replayed, notes)
    fields = {"loss": restoration.loss, "consent_state": str(restoration.state), "customers": restoration.consents}
    AuditLog.open(home.folder).append(RESTORE, COMMAND_LINE, micros(now), **fields)
    return restoration


def _discard_erased(ledger: Ledger) -> None:
    """Remove the consents of customers whose tombstones came back."""
    ledger.discard(ledger.erased_among([record.customer_id for record in ledger.all_records()]))


def _restore_log_consents(
    home: Home, config: ShopConfig | None, now: datetime, report: Callable[[str], None]
) -> list[str]:
    """Record the consents of the log again, and return what is left to do."""
    manifest = read_manifest(home.history)
    if manifest is None:
        return []
    if config is None or manifest.config != config.fingerprint:
        return ["Run `flywheel ingest` with the shop's configuration before the service: the log's consents come back."]
    import_log_consents(config, manifest, home, now, report)
    return []


def _summary(loss: LedgerLoss, state: int, erasures: int, replayed: ReplayResult, notes: list[str]) -> Restoration:
    expected = None if loss.expected is None else loss.expected.revision
    return Restoration(
        loss=_kind(loss),
        found_state=loss.revision,
        expected_state=expected,
        state=state,
        consents=replayed.consents,
        erasures=erasures + replayed.erasures,
        waiting=len(replayed.waiting) if loss else 0,
        notes=notes,
    )


def _kind(loss: LedgerLoss) -> str:
    if not loss:
        return "none"
    if loss.is_memory_damaged:
        return "memory"
    if loss.ledger_id is None:
        return "emptied"
    if loss.is_repaired_elsewhere:
        return "elsewhere"
    return "older" if loss.expected is not None and loss.ledger_id == loss.expected.ledger else "replaced"
