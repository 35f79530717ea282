"""Segment sizes: nights are added, never lost to a damaged line, and compared with the week before."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from serving.growth.growth_loader import GrowthLoader
from serving.growth.segment_sizes import (
    SIZES_FILE,
    SegmentSizes,
    first_comparison,
    read_nights,
    record_night,
    sizes_a_week_before,
)

TODAY = date(2026, 11, 21)


def night(days_ago: int, size: int | None = 40) -> SegmentSizes:
    return SegmentSizes(TODAY - timedelta(days=days_ago), {"active_regular": size})


def test_a_night_is_added_and_a_second_scoring_of_its_day_takes_its_place(tmp_path: Path) -> None:
    for each in (night(1), night(0), night(1, 45), night(2, None)):
        record_night(tmp_path, each)
    assert read_nights(tmp_path) == (night(2, None), night(1, 45), night(0))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"day": "today", "sizes": {}}', '{"day": "2026-11-01", "sizes": {"a": "b"}}']
)
def test_a_damaged_line_hides_no_other_night(tmp_path: Path, line: str) -> None:
    record_night(tmp_path, night(0))
    with (tmp_path / SIZES_FILE).open("a") as file:
        file.write(line)
    assert read_nights(tmp_path) == (night(0),)


@pytest.mark.parametrize(
    ("days_ago", "compared"), [((0, 6), None), ((6, 7, 9), 7), ((8, 28), 8), ((28,), 28), ((29,), None), ((), None)]
)
def test_the_sizes_are_compared_with_those_of_a_week_before_or_a_little_earlier(
    days_ago: tuple[int, ...], compared: int | None
) -> None:
    before = sizes_a_week_before([night(days) for days in days_ago], TODAY)
    assert before == (None if compared is None else night(compared))


@pytest.mark.parametrize(("days_ago", "first"), [((0, 2), 5), ((0,), 7), ((40, 3), 4), ((), None), ((40,), None)])
def test_the_first_comparison_comes_a_week_after_the_first_recent_night(
    days_ago: tuple[int, ...], first: int | None
) -> None:
    expected = None if first is None else TODAY + timedelta(days=first)
    assert first_comparison([night(days) for days in days_ago], TODAY) == expected


def test_a_worker_reads_a_new_night_beside_the_requests(tmp_path: Path) -> None:
    loader = GrowthLoader(tmp_path)
    loader.poll()
    assert not loader.nights
    record_night(tmp_path, night(0))
    loader.poll()
    assert loader.nights == (night(0),)
    (tmp_path / SIZES_FILE).unlink()
    loader.poll()
    assert not loader.nights
