"""Silence: a log that stopped is answered as of its end or not at all, and a shop that is closed as usual as ever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import ingest
from pipelines.steps.silence import LogSilent, end_accepted_silence, end_silence, report_silence, silence_notice
from tests.pipelines import shops
from tests.pipelines.shops import Log

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SUNDAY = 6
YEAR = range(364)


def sells_on(days: Iterable[int]) -> Log:
    """A shop with two orders on each of these days after its opening on a Monday."""
    return shops.log_of_orders(*((f"c{day % 30:02d}", day, 10.0) for day in days for _ in range(2)))


class Report:
    """What a command reports on its way."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.lines if line.startswith("warning: ")]


def context_of(folder: Path, log: Log, today: int, accept: Sequence[str] = ()) -> RunContext:
    """The run of a shop with this log, on a day after its opening."""
    path = shops.write_shop(folder, log, accept=accept)
    config, home, report = read_shop_config(path), Home(folder / ".flywheel"), Report()
    ingest.run(config, home, NOW, report)
    return RunContext(config, home, shops.day(today), report, consents_at=NOW)


def warnings_of(context: RunContext) -> list[str]:
    report_silence(end_silence(context))
    assert isinstance(context.report, Report)
    return context.report.warnings


OPEN_AS_USUAL = {
    "yesterday": (YEAR, 364),
    "closed on Sundays, on a Monday": ([day for day in YEAR if day % 7 != SUNDAY], 364),
    "sells on Saturdays alone, on a Friday": ([day for day in range(364) if day % 7 == 5], 368),
    "the two weeks of summer in which it was closed last year": (
        [day for day in range(565) if not 186 <= day < 200],
        578,
    ),
    "one order, yesterday": ([10], 11),
    "ten days old": (range(10), 10),
    "one order, three days ago": ([10], 13),
}


@pytest.mark.parametrize("name", OPEN_AS_USUAL)
def test_a_shop_that_is_silent_as_usual_hears_nothing_of_it(name: str, tmp_path: Path) -> None:
    days, today = OPEN_AS_USUAL[name]
    context = context_of(tmp_path, sells_on(days), today)
    assert warnings_of(context) == []
    assert end_silence(context) is context


UNUSUAL = {
    "three days in a daily shop": (YEAR, 367),
    "a week in a shop closed on Sundays": ([day for day in YEAR if day % 7 != SUNDAY], 370),
    "one order, ten days ago": ([10], 21),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_a_silence_that_the_log_never_had_is_warned_of_and_answered(name: str, tmp_path: Path) -> None:
    days, today = UNUSUAL[name]
    (warning,) = warnings_of(context_of(tmp_path, sells_on(days), today))
    assert f"The log ends on {shops.day(max(days))}" in warning
    assert "Check that the export goes on" in warning


ENDED = {
    "years ago": (YEAR, 1000),
    "a month ago, in a daily shop": (YEAR, 395),
    "before a second summer of three months": ([day for day in range(565) if not 186 <= day < 200], 655),
    "one order, two years ago": ([10], 740),
    "all orders on one day, a year ago": ([5], 370),
}


@pytest.mark.parametrize("name", ENDED)
def test_beyond_the_limit_nothing_is_answered_unless_as_of_the_end_of_the_log(name: str, tmp_path: Path) -> None:
    days, today = ENDED[name]
    context, end = context_of(tmp_path, sells_on(days), today), shops.day(max(days) + 1)
    with pytest.raises(LogSilent, match=f"for a log that ended, use --as-of {end}, or --accept-silence"):
        end_silence(context)
    assert end_accepted_silence(context) is context
    accepted = end_silence(context, accepted=True)
    assert accepted.as_of == end
    assert not accepted.silence.is_unusual
    assert accepted.history.count_customers() == context.history.count_customers()
    assert f"before {shops.day(today)}: everything is as of {end}" in silence_notice(context)
    assert silence_notice(accepted) == ""


def test_the_configuration_may_accept_the_silence_for_good(tmp_path: Path) -> None:
    context = context_of(tmp_path, sells_on(YEAR), 1000, accept=["log_silent"])
    assert end_silence(context).as_of == shops.day(364)
    assert end_accepted_silence(context).as_of == shops.day(364)


def test_a_few_lines_with_a_wrong_year_do_not_revive_a_log_that_ended(tmp_path: Path) -> None:
    context = context_of(tmp_path, sells_on([*YEAR, 900]), 1000)
    assert end_silence(context, accepted=True).as_of == shops.day(364)


def test_an_as_of_within_the_log_is_never_refused(tmp_path: Path) -> None:
    days = [day for day in range(565) if day % 7 != SUNDAY and not 186 <= day < 200]
    context = context_of(tmp_path, sells_on(days), 565)
    for today in (3, 8, 50, 186, 193, 199, 200, 300, 564):
        context = context_of(tmp_path, sells_on(days), today)
        assert end_silence(context).as_of == shops.day(today)


def test_lines_after_the_day_do_not_hide_the_silence_before_it(tmp_path: Path) -> None:
    context = context_of(tmp_path, sells_on([*YEAR, *range(800, 900)]), 700)
    assert end_silence(context, accepted=True).as_of == shops.day(364)
    assert context.silence.log_until.date() == date(2025, 1, 5)
