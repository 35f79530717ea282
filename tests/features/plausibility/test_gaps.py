"""Gaps: a log that stopped, and a log with a hole, are noticed; closures that were seen before are not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from features.plausibility.gaps import gap_notes, silence_notes
from features.plausibility.order_days import OrderDays
from features.plausibility.silence import Silence
from features.plausibility_note import PlausibilityNote
from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines, severities
from tests.logs import history_of, utc_instant


def test_a_log_that_ended_long_ago_blocks_and_names_the_day_to_use() -> None:
    notes = notes_of(ordinary_lines(), as_of="2027-05-01")
    assert severities(notes) == {"log_silent": "blocking"}
    assert notes["log_silent"].sentence == (
        "The log ends on 2026-04-30, 365 silent days before 2027-05-01; its longest silence before was 0 days. "
        "Expected at most 14 silent days. Check that the export goes on; for a log that ended, use --as-of 2026-05-01, "
        "or --accept-silence."
    )
    assert notes["log_silent"].count == 365


@pytest.mark.parametrize(
    ("as_of", "severity"), [("2026-05-01", None), ("2026-05-04", "warning"), ("2026-05-16", "blocking")]
)
def test_a_silence_is_a_warning_before_it_blocks(as_of: str, severity: str | None) -> None:
    assert severities(notes_of(ordinary_lines(), as_of=as_of)).get("log_silent") == severity


def test_a_line_of_1900_does_not_hide_the_silence() -> None:
    notes = notes_of([*ordinary_lines(), ("c01", "1900-01-01 00:00", 10)], as_of="2026-09-01")
    assert severities(notes) == {"dates_outlying": "warning", "log_silent": "blocking"}


def test_later_lines_that_do_not_end_the_silence_are_counted() -> None:
    silence = Silence(date(2026, 4, 30), utc_instant("2026-04-30"), 300, 0, 1, 14, stray_lines=1)
    (note,) = silence_notes(silence, date(2027, 2, 25))
    assert note.found.startswith("The log ends on 2026-04-30, but for 1 later order line, 300 silent days before")


def notes_without(first: int, last: int, lines: list[Line]) -> list[PlausibilityNote]:
    missing = {str(FIRST + timedelta(days=number)) for number in range(first, last)}
    log = history_of(*(line for line in lines if str(line[1])[:10] not in missing))
    return list(gap_notes(OrderDays.from_history(log)))


def test_a_month_that_is_missing_in_the_middle_is_named() -> None:
    (note,) = notes_without(100, 130, ordinary_lines(300))
    assert note.found == "There is no order line between 2026-04-10 and 2026-05-11, 30 days"
    assert (note.severity, note.count) == ("warning", 30)


@pytest.mark.parametrize(("first", "last"), [(100, 110), (0, 50), (270, 300)], ids=["holidays", "beginning", "end"])
def test_a_short_closure_or_another_beginning_is_no_gap(first: int, last: int) -> None:
    assert notes_without(first, last, ordinary_lines(300)) == []


def test_a_slow_beginning_is_no_gap() -> None:
    slow = [("c00", f"{FIRST - timedelta(days=days)} 09:00", 10) for days in (31, 80, 118, 150)]
    assert notes_without(0, 0, [*slow, *ordinary_lines(300)]) == []
