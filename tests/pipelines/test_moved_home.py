"""A home that was moved goes on in its new place, without anything from the old one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow


def test_a_moved_home_trains_promotes_and_scores(corner_shop: Flywheel, tmp_path: Path) -> None:
    corner_shop.folder.rename(tmp_path / "moved")
    corner_shop.folder.mkdir()  # where it was there is nothing now
    moved = Flywheel(tmp_path / "moved")
    shutil.rmtree(moved.home.releases / "1")
    assert moved("promote", "--version", "1").status == 0
    for command in ("score", "train"):
        assert moved(command, "--as-of", shops.day(10)).status == 0, command
    assert list(corner_shop.folder.iterdir()) == []
    assert str(corner_shop.folder).encode() not in (moved.home.folder / "mlflow.db").read_bytes()
