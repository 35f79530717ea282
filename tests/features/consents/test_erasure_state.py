"""Erasure state: a marker that is damaged says that nothing was applied, and is written anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.erasure_state import ERASED_FILE, erased_until, record_erased_until


@pytest.mark.parametrize("damage", [b"", b"x\n", b"4\0", b"-3", b"\xff\xfe", b"4 2"])
def test_a_damaged_marker_applies_every_erasure_again(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / ERASED_FILE).write_bytes(damage)
    assert erased_until(tmp_path) == 0
    record_erased_until(tmp_path, 42)
    assert erased_until(tmp_path) == 42
