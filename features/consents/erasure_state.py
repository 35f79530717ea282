"""Erasure state: the ledger state up to which every erasure has been applied to all files of a home."""

from __future__ import annotations

from pathlib import Path

from features.storage.atomic_files import replace_text

ERASED_FILE = "erased"


def erased_until(home: Path) -> int:
    """Read the ledger state up to which every erasure has been applied to all files; 0 before the first erasure."""
    marker = home / ERASED_FILE
    return int(marker.read_text()) if marker.is_file() else 0


def record_erased_until(home: Path, state: int) -> None:
    """Write the ledger state up to which every erasure has been applied to all files."""
    replace_text(home / ERASED_FILE, str(state))
