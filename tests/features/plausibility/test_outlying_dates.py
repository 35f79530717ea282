"""Outlying dates: a line long before all others does not count as the beginning of the shop."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from features.plausibility.outlying_dates import OutlyingDates, find_outlying_dates, winsorize_dates
from tests.logs import history_of, utc_instant

FIRST = date(2023, 1, 6)


def steady_lines(count: int, step: int = 1) -> list[tuple[str, str, int]]:
    return [(f"c{number % 20}", f"{FIRST + timedelta(days=step * number)} 09:00", 10) for number in range(count)]


@pytest.mark.parametrize("wrong", ["1900-01-01", "1970-01-01", "2013-04-01"])
def test_a_line_years_before_all_others_is_outlying(wrong: str) -> None:
    earliest = date.fromisoformat(wrong)
    expected = OutlyingDates(lines=1, earliest=earliest, latest=earliest, first_day=FIRST)
    found = find_outlying_dates(history_of(*steady_lines(300), ("ann", wrong, 10)))
    assert found == expected
    assert found.gap_days == (FIRST - earliest).days


def test_several_outlying_lines_are_counted_together() -> None:
    wrong = [("ann", "1900-01-01", 10), ("bob", "1900-01-01", 10), ("eve", "1970-01-01", 10)]
    found = find_outlying_dates(history_of(*steady_lines(300), *wrong))
    assert found == OutlyingDates(3, date(1900, 1, 1), date(1970, 1, 1), FIRST)


def test_a_log_without_a_gap_has_none() -> None:
    assert find_outlying_dates(history_of(*steady_lines(300))) is None
    assert find_outlying_dates(history_of(*steady_lines(1))) is None


def test_more_lines_than_a_mistake_makes_are_the_shop_s_early_years() -> None:
    early = [("ann", f"2013-04-{number:02d}", 10) for number in range(1, 6)]
    assert find_outlying_dates(history_of(*steady_lines(300), *early)) is None


def test_a_tenth_of_a_small_log_is_no_mistake() -> None:
    assert find_outlying_dates(history_of(*steady_lines(8), ("ann", "1900-01-01", 10))) is None


def test_a_pause_shorter_than_the_rest_of_the_log_is_a_pause() -> None:
    rest = steady_lines(100, step=6)  # 594 days
    paused, outlying = (str(FIRST - timedelta(days=days)) for days in (590, 600))
    assert find_outlying_dates(history_of(*rest, ("ann", paused, 10))) is None
    assert find_outlying_dates(history_of(*rest, ("ann", outlying, 10))) is not None


def test_an_outlying_line_counts_as_one_of_the_first_day() -> None:
    history = history_of(*steady_lines(300), ("ann", "1900-01-01", 7))
    winsorized = winsorize_dates(history, find_outlying_dates(history))
    assert winsorized.day_range() == (FIRST, FIRST + timedelta(days=299))
    ann = winsorized.lines.filter(winsorized.lines.customer_id == "ann").to_pyarrow().to_pylist()
    opening = utc_instant("2023-01-06 09:00")
    assert [(line["ordered_at"], line["known_at"], line["amount"]) for line in ann] == [(opening, opening, 7)]
    others = [table.filter(table.customer_id != "ann").order_by("at_us") for table in (history.lines, winsorized.lines)]
    assert others[0].to_pyarrow().to_pylist() == others[1].to_pyarrow().to_pylist()


def test_a_history_without_outlying_dates_stays_as_it_is() -> None:
    history = history_of(*steady_lines(30))
    assert winsorize_dates(history, None) is history
