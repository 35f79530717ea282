"""Growth checks: figures that are missing or old are noticed, and damaged closed figures are a problem."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.diagnostics.growth_checks import closed_periods, growth_age
from tests.pipelines.diagnostics.surroundings import NOW, level_and_found, write_scores


@pytest.fixture
def growth(tmp_path: Path) -> Path:
    """The folder of the figures in a home with scores of today."""
    write_scores(tmp_path / ".flywheel", NOW)
    folder = tmp_path / ".flywheel" / "growth"
    folder.mkdir()
    return folder


def test_a_shop_without_scores_misses_nothing(tmp_path: Path) -> None:
    assert level_and_found(growth_age, tmp_path) == ("ok", "there is nothing yet")
    assert level_and_found(closed_periods, tmp_path) == ("ok", "there is nothing yet")


@pytest.mark.parametrize(
    ("days", "level", "found"),
    [
        (0, "ok", "as of 2026-11-21"),
        (1, "warning", "as of 2026-11-20, while the scores are as of 2026-11-21"),
        (-1, "ok", "as of 2026-11-22"),
    ],
)
def test_figures_that_are_older_than_the_scores_are_noticed(
    tmp_path: Path, growth: Path, days: int, level: str, found: str
) -> None:
    as_of = NOW.date() - timedelta(days=days)
    (growth / "growth.json").write_text(f'{{"as_of": "{as_of}"}}')
    assert level_and_found(growth_age, tmp_path) == (level, found)


def test_missing_and_damaged_figures_are_noticed(tmp_path: Path, growth: Path) -> None:
    assert level_and_found(growth_age, tmp_path) == ("warning", "there are none")
    (growth / "growth.json").write_text("{")
    assert level_and_found(growth_age, tmp_path) == ("warning", "there are none that can be read")


@pytest.mark.parametrize("name", ["closed.jsonl", "definition.json"])
def test_damaged_closed_figures_are_a_problem(tmp_path: Path, growth: Path, name: str) -> None:
    (growth / name).write_text('{"kind": "week"}\n')
    level, found = level_and_found(closed_periods, tmp_path)
    assert level == "problem"
    assert str(growth / name) in found
