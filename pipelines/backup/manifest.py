"""Backup manifest: when a backup was made, of which state of the consents, and the digest of each of its files."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from features.errors import FlywheelError
from features.storage.atomic_files import replace_private

MANIFEST_FILE = "backup.json"
BACKUP_FORMAT = 1


class InvalidBackup(FlywheelError):
    """The backup is damaged, of another format, or none at all."""


@dataclass(frozen=True)
class BackupManifest:
    """The facts of one backup."""

    created_at: str  # RFC 3339
    ledger: str | None  # the id of the consent ledger; None without any consent
    revision: int  # its state
    online_store: str  # lmdb or redis: where the consents were
    files: dict[str, str]  # SHA-256 in hex by path, relative to the home
    format: int = BACKUP_FORMAT

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of the backup."""
        replace_private(folder / MANIFEST_FILE, orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2))

    @classmethod
    def read(cls, folder: Path) -> BackupManifest:
        """Read the manifest of a backup.

        Raises:
            InvalidBackup: there is none, or it is of another format.
        """
        try:
            fields = orjson.loads((folder / MANIFEST_FILE).read_bytes())
            found = fields["format"]
            if found == BACKUP_FORMAT:
                return cls(**fields)
        except (OSError, ValueError, KeyError, TypeError):
            raise InvalidBackup(
                f"Found no {MANIFEST_FILE} to read in {folder}; expected a backup that `flywheel backup` made."
            ) from None
        raise InvalidBackup(
            f"Found a backup of format {found} in {folder}; expected {BACKUP_FORMAT}. Restore it with the version of "
            "Flywheel that made it."
        )

    def verify(self, folder: Path) -> None:
        """Compare every file with its digest.

        Raises:
            InvalidBackup: a file is missing, damaged, or not of this backup.
        """
        found = file_digests(folder)
        wrong = sorted(name for name in found.keys() | self.files.keys() if found.get(name) != self.files.get(name))
        if wrong:
            shown = ", ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
            raise InvalidBackup(
                f"Found other files in {folder} than the backup had ({shown}); expected every file as it was written. "
                "Copy the backup again, or use another one. Nothing was restored."
            )


def file_digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file in a folder but the manifest, in hex by relative path."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: _digest(path) for name, path in names.items() if name != MANIFEST_FILE}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
