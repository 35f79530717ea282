"""Release files: a release folder on local disk, installed whole or not at all, and the champion pointer."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from features.errors import FlywheelError
from features.storage.atomic_files import replace_text

LOADED_MARK = "registered_model_meta"  # MLflow writes it beside a model that somebody loads from the same disk


class CorruptArtifacts(FlywheelError):
    """The bytes of artefacts differ from the registered ones."""


def hash_files(folder: Path) -> dict[str, str]:
    """The sha256 in hex of every file below ``folder``, by its relative path with forward slashes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(folder: Path, expected: Mapping[str, str]) -> bool:
    """Whether ``folder`` contains exactly the expected files, byte for byte."""
    return folder.is_dir() and hash_files(folder) == dict(expected)


def verify_files(folder: Path, expected: Mapping[str, str], label: str) -> None:
    """Check the files of ``folder`` against the expected sha256 values.

    Raises:
        CorruptArtifacts: files differ; the message names them.
    """
    actual = hash_files(folder)
    differing = sorted(name for name in {*actual, *expected} if actual.get(name) != expected.get(name))
    if differing:
        raise CorruptArtifacts(
            f"{label} is damaged: {', '.join(differing)} differ from the sha256 registered with it. "
            "Nothing was installed. Restore the artefacts from a backup, or train and promote a new release."
        )


def install_folder(copy: Path, folder: Path) -> None:
    """Move a finished copy into place; a reader sees the old folder, none, or the new one, never a partial one."""
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    copy.rename(folder)
    shutil.rmtree(folder.with_name(f".{folder.name}.old"), ignore_errors=True)


def write_champion_pointer(home: Path, version: str) -> None:
    """Write the version to serve to ``home/releases/champion``; a crash leaves the old version or the new one."""
    pointer = home / "releases" / "champion"
    pointer.parent.mkdir(parents=True, exist_ok=True)
    replace_text(pointer, f"{version}\n")
