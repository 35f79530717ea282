"""Clock: it runs, or it is pinned at one instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from features.calendar import instant
from serving.moments import parse_datetime
from serving.observability.clock import SystemClock, make_clock
from tests.serving.fakes import AMSTERDAM, TODAY


def test_a_clock_put_to_a_day_stands_at_that_days_beginning_in_the_shop() -> None:
    assert make_clock(parse_datetime("2026-11-21")).now(AMSTERDAM) == TODAY


def test_without_a_moment_it_is_the_machines_clock() -> None:
    running = make_clock(None)
    assert isinstance(running, SystemClock)
    assert abs(instant(running.now(AMSTERDAM)) - datetime.now(UTC)) < timedelta(minutes=1)
