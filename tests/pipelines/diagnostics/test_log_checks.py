"""Log checks: a log that grew, one that stopped, and one that looked wrong at the last run."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.calendar import micros
from features.config.shop import read_shop_config
from features.ingestion.source_digests import source_digest
from features.online.lmdb import write_transaction
from features.plausibility.log_report import LogReport
from features.plausibility_note import PlausibilityNote, Severity
from features.publication import ROW_ID, VIEW, Publication
from pipelines.diagnostics import log_checks
from tests.pipelines.diagnostics.surroundings import NOW, level_and_found, write_config, write_history

TODAY = date(2026, 11, 21)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FLYWHEEL_AS_OF", "FLYWHEEL_ONLINE_STORE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / ".flywheel"


def test_a_log_that_grew_is_noticed_and_one_that_is_gone_is_a_problem(tmp_path: Path, home: Path) -> None:
    write_config(tmp_path)
    assert level_and_found(log_checks.content, tmp_path) == ("warning", "the log was never read")
    write_history(home, NOW, source=source_digest(read_shop_config(tmp_path / "flywheel.toml")))
    assert level_and_found(log_checks.content, tmp_path)[0] == "ok"
    with (tmp_path / "orders.csv").open("a") as log:
        log.write("bob,2026-11-21 10:00,5\n")
    assert level_and_found(log_checks.content, tmp_path)[0] == "warning"
    (tmp_path / "orders.csv").unlink()
    assert level_and_found(log_checks.content, tmp_path)[0] == "problem"


def publish(home: Path, last_day: date) -> None:
    """Publish features of a log that ends on a day, in which 3 silent days are usual and 14 the limit."""
    stored = Publication(micros(NOW), micros(NOW), last_day, 2, 3, 14).to_bytes()
    with write_transaction(home / "online") as writer:
        writer.replace(VIEW, {ROW_ID: stored})


@pytest.mark.parametrize(
    ("silent_days", "level", "end"),
    [
        (0, "ok", "0 silent days"),
        (3, "ok", "3 silent days"),
        (4, "warning", "4 silent days, where at most 3 are usual"),
        (
            20,
            "warning",
            "20 silent days, where at most 3 are usual, and answers hold up to 14; `--as-of 2026-11-01` asks as of it",
        ),
    ],
)
def test_a_silence_that_the_log_never_had_is_noticed(
    tmp_path: Path, home: Path, silent_days: int, level: str, end: str
) -> None:
    assert level_and_found(log_checks.end, tmp_path) == ("ok", "no features were published yet")
    last_day = TODAY - timedelta(days=silent_days + 1)
    publish(home, last_day)
    assert level_and_found(log_checks.end, tmp_path) == (level, f"the last order is of {last_day}, {end}")


def test_a_pinned_clock_counts_for_the_silence(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(home, date(2017, 12, 30))
    monkeypatch.setenv("FLYWHEEL_AS_OF", "2017-12-31")
    assert level_and_found(log_checks.end, tmp_path)[0] == "ok"


def note(code: str, severity: Severity, *, accepted: bool = False) -> PlausibilityNote:
    return PlausibilityNote(code, severity, "f", "e", "r", 1, accepted=accepted)


@pytest.mark.parametrize(
    ("notes", "level", "found"),
    [
        ([], "ok", "nothing"),
        ([note("decimal_guessed", "info")], "ok", "nothing"),
        ([note("dates_outlying", "blocking", accepted=True)], "ok", "nothing"),
        (
            [note("dates_outlying", "blocking"), note("ids_case", "warning")],
            "warning",
            "blocking: dates_outlying, warning: ids_case",
        ),
    ],
)
def test_notes_of_the_last_run_are_named_unless_they_are_accepted(
    tmp_path: Path, home: Path, notes: list[PlausibilityNote], level: str, found: str
) -> None:
    assert level_and_found(log_checks.plausibility, tmp_path)[0] == "ok"
    home.mkdir()
    LogReport(TODAY, NOW, tuple(notes)).write(home)
    assert level_and_found(log_checks.plausibility, tmp_path) == (level, f"as of 2026-11-21: {found}")
