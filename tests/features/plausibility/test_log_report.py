"""Log report: the service reads the notes of the latest run, and no customer id is kept in a file."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.plausibility.log_report import LOG_REPORT_FILE, LogReport, read_log_report
from features.plausibility_note import PlausibilityNote, arrange_notes, without_examples

UNTIL = datetime(2026, 11, 28, 17, 30, tzinfo=UTC)
DOMINANT = PlausibilityNote("id_dominant", "blocking", "One id has 30% of all lines", "persons", "Name it", 1, "'ann'")
CASE = PlausibilityNote("ids_differ_by_case", "warning", "2 ids differ by case", "one id", "Fold them", 2, "'Ann'")
ZERO = PlausibilityNote("amounts_equal", "info", "1 line is of amount 0", "none", "Check it", 1)


def test_a_report_is_read_as_it_was_written_but_without_the_examples(tmp_path: Path) -> None:
    LogReport(date(2026, 11, 29), UNTIL, (DOMINANT, ZERO)).write(tmp_path)
    text = (tmp_path / LOG_REPORT_FILE).read_text(encoding="utf-8")
    assert '"log_until": "2026-11-28T17:30:00Z"' in text
    assert "ann" not in text
    expected = LogReport(date(2026, 11, 29), UNTIL, without_examples([DOMINANT, ZERO]))
    assert read_log_report(tmp_path) == expected


@pytest.mark.parametrize("text", [None, "", "{}", '{"as_of": "2026-11-29", "log_until": 5, "plausibility": []}', "[]"])
def test_a_home_without_a_readable_report_has_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / LOG_REPORT_FILE).write_text(text, encoding="utf-8")
    assert read_log_report(tmp_path) is None


def test_notes_are_shown_once_and_the_blocking_ones_first() -> None:
    assert [note.code for note in arrange_notes([ZERO, CASE, DOMINANT, CASE])] == [
        "id_dominant", "ids_differ_by_case", "amounts_equal",
    ]  # fmt: skip


def test_an_accepted_note_is_still_shown_and_blocks_no_more() -> None:
    (note,) = arrange_notes([DOMINANT], ["id_dominant", "log_silent"])
    assert (note.severity, note.accepted, note.blocks) == ("blocking", True, False)
    assert note.label == "blocking, accepted: id_dominant"
    assert DOMINANT.blocks
    assert not CASE.blocks


def test_a_note_is_one_sentence_after_the_other() -> None:
    assert DOMINANT.sentence == "One id has 30% of all lines (for example 'ann'). Expected persons. Name it."
