"""Export fixtures: a small scores table, and the folder of its stored audiences."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.shop import small_table


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    """A scores table of 60 customers."""
    return small_table(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of the stored audiences, which does not exist yet."""
    return tmp_path / "audiences"
