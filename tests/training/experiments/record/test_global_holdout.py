"""Global hold-out: it has a name and an end, the past is remembered, and it says what it can show."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest

from features.errors import StoreDamaged
from training.experiments.record.global_holdout import (
    FILE,
    GlobalHoldout,
    HoldoutChange,
    global_holdout_on,
    read_changes,
    record_global_holdout,
    relative_half_width,
)

FIRST_HALF = GlobalHoldout(0.05, "2027-H1", date(2027, 7, 1))
SECOND_HALF = GlobalHoldout(0.05, "2027-H2", date(2028, 1, 1))


def test_a_hold_out_holds_until_its_end(tmp_path: Path) -> None:
    assert global_holdout_on(tmp_path, date(2027, 3, 1)) is None
    assert record_global_holdout(tmp_path, FIRST_HALF, 5)
    assert global_holdout_on(tmp_path, date(2027, 6, 30)) == FIRST_HALF
    assert global_holdout_on(tmp_path, date(2027, 7, 1)) is None


def test_the_hold_outs_of_the_past_are_remembered(tmp_path: Path) -> None:
    record_global_holdout(tmp_path, FIRST_HALF, 5)
    assert not record_global_holdout(tmp_path, FIRST_HALF, 6)
    record_global_holdout(tmp_path, SECOND_HALF, 7)
    record_global_holdout(tmp_path, None, 9)
    changes = (HoldoutChange(5, FIRST_HALF), HoldoutChange(7, SECOND_HALF), HoldoutChange(9, None))
    assert read_changes(tmp_path) == changes
    assert global_holdout_on(tmp_path, date(2027, 3, 1)) is None


def test_a_home_without_a_hold_out_gets_no_file(tmp_path: Path) -> None:
    assert not record_global_holdout(tmp_path, None, 5)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "line",
    [
        '{"at": 1}',
        '{"at": 1, "holdout": {"share": "x", "name": "h", "until": "2027-12-01"}}',
        '{"at": 1, "holdout": {"share": 2, "name": "h", "until": "2027-12-01"}}',
        '{"at": 1, "holdout": {"share": 0.1, "name": 5, "until": "2027-12-01"}}',
    ],
)
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, line: str) -> None:
    (tmp_path / FILE).write_text(line + "\n")
    with pytest.raises(StoreDamaged, match=r"global_holdout\.jsonl damaged"):
        global_holdout_on(tmp_path, date(2027, 3, 1))


@pytest.mark.parametrize(("customers", "percent"), [(5_000, 40), (20_000, 20), (100_000, 9), (500_000, 4)])
def test_what_a_tenth_held_out_can_show_at_a_rate_of_5_percent(customers: int, percent: int) -> None:
    assert relative_half_width(customers, 0.1, 0.05) * 100 == pytest.approx(percent, abs=0.5)


def test_nobody_shows_nothing() -> None:
    assert relative_half_width(0, 0.1, 0.05) == math.inf
