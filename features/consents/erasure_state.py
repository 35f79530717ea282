"""Erasure state: the ledger state up to which every erasure has been applied to all files of a home."""

from __future__ import annotations

from pathlib import Path

from features.storage.atomic_files import replace_text

ERASED_FILE = "erased"


def erased_until(home: Path) -> int:
    """Read the ledger state up to which every erasure has been applied to all files; 0 before the first erasure.

    A damaged marker is 0 too: all erasures are then applied again, which changes nothing where they were.
    """
    marker = home / ERASED_FILE
    state = marker.read_bytes() if marker.is_file() else b""
    return int(state) if state.isdigit() else 0


def record_erased_until(home: Path, state: int) -> None:
    """Write the ledger state up to which every erasure has been applied to all files."""
    replace_text(home / ERASED_FILE, str(state))
