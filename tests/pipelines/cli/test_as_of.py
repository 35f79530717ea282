"""As-of day: today in the shop is the last day that a command may be asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from features.calendar import start_of_day
from pipelines.cli.as_of import resolve_as_of
from pipelines.home import FIRST_ZONE
from pipelines.steps.promote import UsageError
from pipelines.steps.serve import InvalidSettings, check_pinned_clock
from serving.settings import Settings

NOW = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)  # the 29th in Berlin, the 28th in New York
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(("zone", "today"), [(BERLIN, date(2026, 11, 29)), (NEW_YORK, date(2026, 11, 28))])
def test_without_a_day_it_is_today_in_the_shop(zone: ZoneInfo, today: date) -> None:
    assert resolve_as_of(None, zone, NOW) == today
    assert resolve_as_of(today, zone, NOW) == today


def test_a_day_in_the_past_stays() -> None:
    assert resolve_as_of(date(2011, 12, 10), BERLIN, NOW) == date(2011, 12, 10)


@pytest.mark.parametrize(("zone", "day"), [(BERLIN, date(2026, 11, 30)), (NEW_YORK, date(2026, 11, 29))])
def test_a_day_after_today_in_the_shop_is_refused(zone: ZoneInfo, day: date) -> None:
    with pytest.raises(UsageError, match=f"Found --as-of {day}. Expected a day up to .*, which is today in {zone.key}"):
        resolve_as_of(day, zone, NOW)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK])
def test_a_service_may_stand_still_today_and_not_tomorrow(zone: ZoneInfo) -> None:
    today = NOW.astimezone(zone).date()
    check_pinned_clock(Settings(as_of=start_of_day(today, zone)), zone, NOW)
    with pytest.raises(InvalidSettings, match=r"clock fixed at .* Expected an instant up to now"):
        check_pinned_clock(Settings(as_of=datetime(2026, 11, 30)), zone, NOW)  # noqa: DTZ001 -- the shop's wall clock


def test_a_service_without_a_pinned_clock_is_never_refused() -> None:
    check_pinned_clock(Settings(), FIRST_ZONE, NOW)


def test_without_a_release_any_day_that_has_begun_somewhere_is_allowed() -> None:
    check_pinned_clock(Settings(as_of=datetime(2026, 11, 29)), FIRST_ZONE, NOW)  # noqa: DTZ001 -- the wall clock
