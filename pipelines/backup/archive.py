"""Archive: a backup is a folder, or one file ``.tar.zst`` with the same files."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa

from features.storage.atomic_files import sync_folder
from pipelines.backup.manifest import InvalidBackup

ENDING = ".tar.zst"


@contextmanager
def new_backup(target: Path) -> Iterator[Path]:
    """Yield a folder beside ``target`` to write the backup to; it becomes ``target`` as a whole when the block ends.

    Raises:
        InvalidBackup: there is something at ``target``, or its folder cannot be written.
    """
    if target.exists():
        raise InvalidBackup(f"Found {target} already; expected a new name. A backup replaces nothing.")
    staging = _temporary_folder(target.resolve().parent, target)
    try:
        files = staging / "home"
        yield files
        if target.name.endswith(ENDING):
            archive = staging / target.name
            _pack(files, archive)
            archive.rename(target)
        else:
            files.rename(target)
        sync_folder(target.resolve().parent)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def opened_backup(source: Path, scratch: Path) -> Iterator[Path]:
    """Yield the folder with the files of a backup; an archive is unpacked in the folder ``scratch`` meanwhile.

    Raises:
        InvalidBackup: there is no backup at ``source``, or the archive is damaged.
    """
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise InvalidBackup(f"Found no {source}; expected a folder or a file {ENDING} that `flywheel backup` made.")
    staging = _temporary_folder(scratch, source)
    try:
        _unpack(source, staging)
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _temporary_folder(parent: Path, about: Path) -> Path:
    try:
        return Path(mkdtemp(prefix=".backup.", suffix=".tmp", dir=parent))
    except OSError as error:
        raise InvalidBackup(
            f"Found no way to write to {parent} ({error.strerror}) for {about.name}; expected a folder of this user. "
            "Choose another one."
        ) from None


def _pack(folder: Path, archive: Path) -> None:
    stream = pa.CompressedOutputStream(pa.OSFile(str(archive), "wb"), "zstd")
    with stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        tar.add(folder, arcname=".")


def _unpack(archive: Path, folder: Path) -> None:
    try:
        stream = pa.CompressedInputStream(pa.OSFile(str(archive), "rb"), "zstd")
        with stream, tarfile.open(fileobj=stream, mode="r|") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError, pa.ArrowException) as error:
        raise InvalidBackup(
            f"Found {archive} damaged ({error}); expected an archive that `flywheel backup` made. Copy it again, or "
            "use another one. Nothing was restored."
        ) from None
