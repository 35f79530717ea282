"""Restore step: a home whose store lost consents or erasures gets them back; the newest counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from features.calendar import micros
from features.config.shop import ShopConfig
from features.consents.consent import NOTHING_ALLOWED
from features.consents.ledger_repair import LedgerLoss, LedgerRepair
from features.decisions.repair import repair_decisions
from features.ingestion.manifest import read_manifest
from features.storage import write_lock
from features.storage.home_format import check_home_format
from features.wording import count_of
from pipelines import environment
from pipelines.backup import put_back
from pipelines.backup.archive import opened_backup
from pipelines.backup.manifest import BackupManifest
from pipelines.home import Home
from pipelines.steps.ingest import import_log_consents
from serving.audiences.consent_filter import recorded_defaults
from serving.observability.audit_log import COMMAND_LINE, RESTORE, AuditLog
from serving.observability.audit_reader import audit_paths
from serving.privacy.audit_replay import ReplayResult, read_changes, replay_changes, write_waiting
from serving.privacy.erasure import apply_pending_erasures


@dataclass(frozen=True)
class Restoration:
    """What a restore found, and what it recorded again."""

    loss: str  # none, older, emptied, replaced, elsewhere or memory
    found_state: int
    expected_state: int | None
    state: int  # of the ledger afterwards
    consents: int  # customers who got consents back from the audit log
    erasures: int  # erased customers whose tombstones are back
    waiting: int  # customers with lost changes whom no table knows
    notes: list[str]

    @property
    def is_complete(self) -> bool:
        """Whether every change that the home knows of is recorded."""
        return not self.waiting


@dataclass(frozen=True)
class BackupSource:
    """A backup to put back before."""

    path: Path
    replaces_home: bool = False  # whether the home may have files


def run(
    home: Home,
    config: ShopConfig | None,
    now: datetime,
    report: Callable[[str], None],
    source: BackupSource | None = None,
) -> Restoration:
    """Put a backup back, if one is given; then record lost consents and erasures again, from audit log and history.

    Raises:
        HomeLocked: another process writes to the home.
        InvalidSecret: the secret of the home is lost, or another than that of the consents in the store.
        StoreUnavailable: the store does not answer.
        InvalidBackup: the backup is damaged; nothing was changed.
        HomeInUse: the home has files, or a service runs.
        UnreadableHome: a newer version of Flywheel wrote the home or the backup.
    """
    check_home_format(home.folder)
    with write_lock.hold_write_lock(home.folder, "restore", report, environment.LOCK_SECONDS.seconds()):
        notes = [] if source is None else _put_back(source, home, report)
        is_put_back = put_back.finish(home.folder)
        loss, replayed = _reconcile(home, report, keeps_waiting=is_put_back)
        if records := repair_decisions(home.folder, home.online):
            report(f"{count_of(records, 'record')} of the decision log came back from the history")
        put_back.confirm(home.folder)
        notes += _restore_log_consents(home, config, now, report)
        apply_pending_erasures(home.folder, home.online, home.ledger())
        waiting = len(replayed.waiting) if loss or is_put_back else 0
        restoration = _summary(loss, home.ledger().state(), replayed, waiting, notes)
        fields = {"loss": restoration.loss, "consent_state": str(restoration.state), "customers": restoration.consents}
        AuditLog.open(home.folder).append(RESTORE, COMMAND_LINE, micros(now), **fields)
    return restoration


def _put_back(source: BackupSource, home: Home, report: Callable[[str], None]) -> list[str]:
    """Prepare the files of a backup, and return what the operator has to know about it."""
    put_back.check_replaceable(home.folder, force=source.replaces_home)
    has_audit = any(audit_paths(home.folder))
    with opened_backup(source.path, home.folder) as folder:
        manifest = BackupManifest.read(folder)
        report(f"verifying {len(manifest.files):,} files of {manifest.created_at}")
        manifest.verify(folder)
        put_back.prepare(folder, home.folder, home.online, report)
    note = (
        f"Consents and erasures after {manifest.created_at} are unknown here, and so are API keys that were revoked "
        "since: repeat them before you start the service, or put the newer audit log in the home and run "
        "`flywheel restore` again."
    )
    return [] if has_audit else [note]


def _reconcile(home: Home, report: Callable[[str], None], *, keeps_waiting: bool) -> tuple[LedgerLoss, ReplayResult]:
    """Record what the store lost again; the home then accepts the store."""
    repair = LedgerRepair(home.folder, home.online)
    loss, changes = repair.find_loss(), read_changes(home.folder)
    with repair.epoch(loss) as ledger:
        report(f"recording the consents and erasures of {len(changes):,} customers again")
        erasures = ledger.add_tombstones(changes.tombstones)
        ledger.discard(ledger.erased_among([record.customer_id for record in ledger.all_records()]))
        replayed = replay_changes(changes, home.folder, ledger)
        if loss:
            repair.set_missing_defaults(recorded_defaults(home.scores) or NOTHING_ALLOWED)
        if loss or keeps_waiting:
            write_waiting(home.folder, replayed.waiting)
    return loss, replace(replayed, erasures=replayed.erasures + erasures)


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


def _summary(loss: LedgerLoss, state: int, replayed: ReplayResult, waiting: int, notes: list[str]) -> Restoration:
    expected = None if loss.expected is None else loss.expected.revision
    return Restoration(
        loss=_kind(loss),
        found_state=loss.revision,
        expected_state=expected,
        state=state,
        consents=replayed.consents,
        erasures=replayed.erasures,
        waiting=waiting,
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
