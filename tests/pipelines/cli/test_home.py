"""Home commands: they work on a home that is there, and make none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.command import Flywheel


@pytest.mark.parametrize("command", ["upgrade", "prune"])
def test_a_mistyped_home_is_named_and_not_made(tmp_path: Path, command: str) -> None:
    result = Flywheel(tmp_path)("home", command, "--home", "mistyped")
    assert result.status == 1
    assert "Found no home in mistyped" in result.err
    assert not (tmp_path / "mistyped").exists()
