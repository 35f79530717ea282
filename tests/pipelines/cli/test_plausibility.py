"""Plausibility as a command shows it: a block of sentences for people, rows for programs."""

from __future__ import annotations

from datetime import UTC, date, datetime

from features.plausibility.log_summary import LogSummary
from features.plausibility.silence import Silence
from features.plausibility_note import PlausibilityNote
from pipelines.cli.plausibility import log_days, log_row, note_lines, note_rows

DOMINANT = PlausibilityNote("id_dominant", "blocking", "One id has 30% of all lines", "persons", "Name it", 1, "'ann'")
ZERO = PlausibilityNote("amounts_equal", "info", "1 line is of amount 0", "none", "Check it", 1)
SUMMARY = LogSummary(
    lines=1453, customers=60, orders=1400, amount=13795.35, first_day=date(2023, 1, 6), last_day=date(2023, 10, 28),
    log_until=datetime(2023, 10, 28, 13, 7, tzinfo=UTC),
)  # fmt: skip


def test_a_plausible_log_is_shown_without_a_block() -> None:
    assert list(note_lines([])) == []


def test_each_note_has_its_severity_and_what_blocks_has_the_way_to_accept_it() -> None:
    assert list(note_lines([DOMINANT, ZERO])) == [
        "Plausibility of the log:",
        "  blocking: id_dominant: One id has 30% of all lines (for example 'ann'). Expected persons. Name it.",
        "  info: amounts_equal: 1 line is of amount 0. Expected none. Check it.",
        '  No release promotes itself until this is mended, or accepted in flywheel.toml: accept = ["id_dominant"]',
    ]


def test_notes_that_do_not_block_have_no_way_to_accept_them() -> None:
    assert len(list(note_lines([ZERO]))) == 2


def test_programs_read_every_field_of_a_note() -> None:
    (row,) = note_rows([DOMINANT])
    assert row == {
        "code": "id_dominant", "severity": "blocking", "found": "One id has 30% of all lines", "expected": "persons",
        "remedy": "Name it", "count": 1, "example": "'ann'", "accepted": False,
    }  # fmt: skip


def test_the_log_is_one_sentence_for_people_and_a_row_for_programs() -> None:
    assert SUMMARY.sentence("EUR") == (
        "1,453 order lines of 60 customers in 1,400 orders, 13,795.35 EUR in all, from 2023-01-06 to 2023-10-28."
    )
    assert log_row(SUMMARY)["log_until"] == "2023-10-28T13:07:00Z"
    assert set(log_row(SUMMARY)) == {"lines", "customers", "orders", "amount", "first_day", "last_day", "log_until"}


def test_days_after_the_end_of_a_log_are_no_days_of_log() -> None:
    end = datetime(2022, 12, 31, 12, tzinfo=UTC)
    ended = Silence(end.date(), end, days=1127, longest_before=1, warn_after=2, refuse_after=14)
    assert log_days(1426, ended) == "299 days of log, then 1,127 silent days"
    assert log_days(300, Silence(end.date(), end, 1, 1, 2, 14)) == "300 days of log"
