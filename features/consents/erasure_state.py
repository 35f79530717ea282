"""Erasure state: the state of the consent ledger up to which no erased customer is left in any file of a home."""

from __future__ import annotations

from pathlib import Path

from features.storage.atomic_files import replace_text

_MARKER_FILE = "erased"


def erased_until(home: Path) -> int:
    """Read the state of the ledger up to which no erased customer is left in any file; 0 before the first erasure."""
    marker = home / _MARKER_FILE
    return int(marker.read_text()) if marker.is_file() else 0


def record_erased_until(home: Path, state: int) -> None:
    """Write the state of the ledger up to which no erased customer is left in any file."""
    replace_text(home / _MARKER_FILE, str(state))
