"""Date formats: swapped months and lost time zones are noticed, and ordinary calendars are not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines, severities

YEAR = [FIRST + timedelta(days=number) for number in range(360)]


def lines_at(times: Iterable[object]) -> list[Line]:
    return [(f"c{number % 40:02d}", str(time), f"{10 + number % 7}.50") for number, time in enumerate(times)]


def test_a_log_with_day_and_month_swapped_blocks() -> None:
    swapped = [day.replace(month=day.day, day=day.month) for day in YEAR if day.day <= 12]
    notes = notes_of(lines_at(f"{day} 10:30" for day in sorted(swapped)), as_of="2026-12-14")
    assert severities(notes)["no_day_above_12"] == "blocking"
    assert "date_format" in notes["no_day_above_12"].remedy


def test_subscriptions_that_are_billed_in_the_first_days_are_a_warning() -> None:
    bills = [day for day in YEAR if day.day <= 3]
    assert severities(notes_of(lines_at(bills), as_of="2026-12-04"))["no_day_above_12"] == "warning"


@pytest.mark.parametrize(
    "days",
    [
        [day for day in YEAR if day.month in {2, 8} and day.day <= 8],
        YEAR[:11],
        [day for day in YEAR if day.day <= 12] + [YEAR[14]],
    ],
    ids=["two events", "some days", "one later day"],
)
def test_days_that_are_early_by_chance_or_by_an_event_are_plausible(days: list[date]) -> None:
    assert "no_day_above_12" not in notes_of(lines_at(sorted(map(str, days))), as_of="2026-12-14")


def midnights(zone: str) -> list[Line]:
    """Lines at midnight UTC of each day, as wall-clock times of a zone."""
    instants = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in YEAR[:120])
    return lines_at(instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for instant in instants)


@pytest.mark.parametrize(
    ("zone", "example"),
    [
        ("Europe/Berlin", "2026-04-30 02:00 in Europe/Berlin"),
        ("America/New_York", "2026-04-29 20:00 in America/New_York"),
        ("Asia/Shanghai", "2026-04-30 08:00 in Asia/Shanghai"),
        ("Europe/London", "2026-04-30 01:00 in Europe/London"),
    ],
)
def test_a_log_at_midnight_utc_in_another_zone_may_be_off_by_a_day(zone: str, example: str) -> None:
    notes = notes_of(midnights(zone), zone=zone)
    assert severities(notes)["dates_midnight_utc"] == "warning"
    assert (notes["dates_midnight_utc"].count, notes["dates_midnight_utc"].example) == (120, example)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Africa/Abidjan"])
def test_days_without_a_time_are_plausible_in_every_zone(zone: str) -> None:
    assert notes_of(lines_at(YEAR[:120]), zone=zone) == {}


def test_a_winter_of_days_without_a_time_is_plausible_in_london() -> None:
    assert notes_of(lines_at(YEAR[:60]), as_of="2026-03-02", zone="Europe/London") == {}


def test_orders_at_all_times_are_plausible() -> None:
    assert notes_of(ordinary_lines(), zone="Europe/Berlin") == {}
