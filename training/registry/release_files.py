"""A release on this machine's disk: copied whole or not at all, and pointed at by one small file."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from features.errors import FlywheelError
from features.storage.atomic_files import replace_text


class CorruptArtifacts(FlywheelError):
    """Artefacts whose bytes are not those that were registered."""


def hash_files(folder: Path) -> dict[str, str]:
    """The sha256 in hex of every file below ``folder``, by its relative path with forward slashes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in files}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_intact(folder: Path, expected: Mapping[str, str]) -> bool:
    """Whether ``folder`` holds the expected files, byte for byte, and no others."""
    return folder.is_dir() and hash_files(folder) == dict(expected)


def verify_files(folder: Path, expected: Mapping[str, str], label: str) -> None:
    """Raise ``CorruptArtifacts`` naming the files of ``folder`` that differ from the registered sha256."""
    found = hash_files(folder)
    differing = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if differing:
        raise CorruptArtifacts(
            f"{label} is damaged: {', '.join(differing)} differ from the sha256 registered with it. "
            "Nothing was installed. Restore the artefacts from a backup, or train and promote a new release."
        )


def install_folder(copy: Path, folder: Path) -> None:
    """Move a finished copy into place; a reader sees the old folder, none, or the new one, never half of one."""
    if folder.exists():
        aside = folder.with_name(f".{folder.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        folder.rename(aside)
    copy.rename(folder)
    shutil.rmtree(folder.with_name(f".{folder.name}.old"), ignore_errors=True)


def write_champion_pointer(home: Path, version: str) -> None:
    """Name the release to serve in ``home/releases/champion``; a crash leaves the old name or the new one."""
    pointer = home / "releases" / "champion"
    pointer.parent.mkdir(parents=True, exist_ok=True)
    replace_text(pointer, f"{version}\n")
