"""Backup step: copies a home with all of its data while the service runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.calendar import micros
from features.consents.backends import LOCAL_FOLDER
from features.consents.ledger import Ledger
from features.consents.lmdb import LmdbLedgerStorage
from features.errors import FlywheelError
from features.online.backends import LMDB
from features.storage.secret import load_secret
from pipelines import environment
from pipelines.backup.archive import new_backup
from pipelines.backup.live_copy import copy_home
from pipelines.backup.manifest import BackupManifest, file_digests
from pipelines.home import Home
from serving.moments import rfc3339


class BackupFailed(FlywheelError):
    """A file could not be read or written."""


@dataclass(frozen=True)
class BackupSummary:
    """The result of a backup."""

    path: Path
    files: int
    consent_state: int
    notes: list[str]


def run(home: Home, target: Path, now: datetime, report: Callable[[str], None]) -> BackupSummary:
    """Copy the home to a new folder, or to a new file that ends in ``.tar.zst``.

    Raises:
        NotFound: there is no home.
        InvalidBackup: there is something at the target already, or it cannot be written.
        BackupFailed: a file cannot be copied.
        FlywheelError: a writer has the lock, or the consents are not those that the home remembers.
    """
    home.require_folder()
    try:
        with home.hold_write_lock("backup", report), new_backup(target) as folder:
            report(f"copying {home.folder}")
            copy_home(home.folder, home.online, folder)
            manifest = _describe(folder, home.online, now)
            manifest.write(folder)
    except OSError as error:
        reason = ": ".join(filter(None, (error.strerror, error.filename)))
        raise BackupFailed(
            f"Found no way to copy {home.folder} ({reason}); expected files that this user may read, and space for all "
            "of them. Nothing was left behind."
        ) from None
    return BackupSummary(target, len(manifest.files), manifest.revision, _notes(home))


def _describe(folder: Path, online_store: str, now: datetime) -> BackupManifest:
    ledger_id, revision = None, 0
    if (folder / LOCAL_FOLDER).is_dir():
        ledger = Ledger(LmdbLedgerStorage.open(folder / LOCAL_FOLDER), lambda: load_secret(folder))
        ledger_id, revision = ledger.identity(), ledger.state()
        (folder / LOCAL_FOLDER / "lock.mdb").unlink(missing_ok=True)
    return BackupManifest(
        created_at=rfc3339(micros(now)),
        ledger=ledger_id,
        revision=revision,
        online_store=LMDB if online_store == LMDB else "redis",
        files=file_digests(folder),
    )


def _notes(home: Home) -> list[str]:
    notes = ["It holds the secret, keys and data of all customers: keep it as safe as the home."]
    if home.online != LMDB:
        notes.append("The features in Redis are left out: `flywheel publish` writes them again after a restore.")
    if environment.MLFLOW_TRACKING_URI.value:
        notes.append("The models in FLYWHEEL_MLFLOW_TRACKING_URI are left out: back up that server too.")
    return notes
