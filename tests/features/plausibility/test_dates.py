"""Dates: lines dated outside the shop's life are counted, and too many of them keep a release from serving."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines, severities


def lines_from(first: str, count: int) -> list[Line]:
    days = (date.fromisoformat(first) + timedelta(days=number) for number in range(count))
    return [(f"c{number:02d}", f"{day} 10:30", "11.50") for number, day in enumerate(days)]


def test_an_ordinary_log_has_no_note() -> None:
    assert notes_of(ordinary_lines()) == {}


@pytest.mark.parametrize(
    ("wrong", "gap"), [("1900-01-01", "46,021"), ("1970-01-01", "20,454"), ("2016-01-01", "3,653")]
)
def test_a_line_of_another_century_is_named_and_does_not_block(wrong: str, gap: str) -> None:
    notes = notes_of([*ordinary_lines(), ("c01", f"{wrong} 00:00", 10)])
    assert severities(notes) == {"dates_outlying": "warning"}
    assert notes["dates_outlying"].sentence == (
        f"1 order line is dated {wrong}, {gap} days before the next. Expected dates of the shop's life. Correct them; "
        "until then they count as lines of 2026-01-01."
    )


def test_several_lines_of_other_centuries_are_counted_together() -> None:
    early = [("c01", "1900-01-01 00:00", 10), ("c02", "1970-01-01 00:00", 10)]
    note = notes_of([*ordinary_lines(), *early])["dates_outlying"]
    assert note.count == 2
    assert note.found.startswith("2 order lines are dated 1900-01-01 to 1970-01-01, 20,454 days before the next")


def test_more_such_lines_than_a_mistake_makes_block() -> None:
    notes = notes_of([*ordinary_lines(), *lines_from("2013-04-01", 8)])
    assert severities(notes) == {"dates_outlying": "blocking"}
    assert notes["dates_outlying"].found == (
        "8 order lines are dated 2013-04-01 to 2013-04-08, 4,651 days before the next; they make a log of 120 days "
        "4,778 days long"
    )


def test_early_years_with_many_lines_are_no_mistake() -> None:
    notes = notes_of([*ordinary_lines(), *lines_from("2013-04-01", 40)])
    assert "dates_outlying" not in notes
    assert severities(notes)["log_gap"] == "warning"


@pytest.mark.parametrize("first", ["1970-01-10", "0023-03-01", "1989-06-01"])
def test_a_log_before_1990_blocks(first: str) -> None:
    notes = notes_of(lines_from(first, 40), as_of=str(date.fromisoformat(first) + timedelta(days=40)))
    assert severities(notes)["dates_before_1990"] == "blocking"
    assert (notes["dates_before_1990"].example, "date_format" in notes["dates_before_1990"].remedy) == (first, True)


def test_few_lines_before_1990_are_outliers_alone() -> None:
    assert set(notes_of([*ordinary_lines(), ("c01", "1989-12-31 00:00", 10)])) == {"dates_outlying"}


def test_lines_years_after_the_cutoff_are_counted_with_the_farthest_date() -> None:
    notes = notes_of([*ordinary_lines(), ("c01", "2027-05-01 08:00", 10), ("c02", "2036-05-01 08:00", 10)])
    assert severities(notes) == {"dates_after_as_of": "warning"}
    note = notes["dates_after_as_of"]
    assert (note.count, note.example) == (2, "2036-05-01")
    assert note.found == ("2 order lines are dated 2026-05-01 or later, the farthest 2036-05-01; nothing uses them")


def test_lines_that_continue_the_log_after_the_cutoff_are_information() -> None:
    notes = notes_of(ordinary_lines(), as_of=str(FIRST + timedelta(days=100)))
    assert severities(notes) == {"dates_after_as_of": "info"}
    assert notes["dates_after_as_of"].count == 20


def test_a_log_that_begins_after_the_cutoff_has_only_lines_after_it() -> None:
    assert severities(notes_of(ordinary_lines(), as_of="2025-01-01")) == {"dates_after_as_of": "info"}
