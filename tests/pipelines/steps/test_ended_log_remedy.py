"""Ended log: explaining customers long after the last order names the day that has answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from features.calendar import micros
from features.publication import Publication
from pipelines.steps.explain import ended_log_remedy

BERLIN = ZoneInfo("Europe/Berlin")
LAST = date(2022, 12, 31)


def publication(features_day: date) -> Publication:
    """Features of a log whose answers hold for 14 silent days."""
    at = datetime(features_day.year, features_day.month, features_day.day, tzinfo=BERLIN)
    return Publication(micros(at), micros(datetime(2022, 12, 31, 12, tzinfo=UTC)), LAST, 1, 2, 14)


@pytest.mark.parametrize(("features_day", "day"), [(date(2023, 1, 1), "2023-01-01"), (date(2023, 1, 9), "2023-01-09")])
def test_a_log_that_ended_is_asked_as_of_its_end_but_never_before_its_features(features_day: date, day: str) -> None:
    remedy = ended_log_remedy(publication(features_day), date(2026, 11, 29), BERLIN)
    assert remedy.startswith("The log ends on 2022-12-31, 1,428 silent days before 2026-11-29")
    assert f"add `--as-of {day}`" in remedy


def test_a_log_that_goes_on_needs_no_remedy() -> None:
    assert not ended_log_remedy(None, LAST, BERLIN)
    assert not ended_log_remedy(publication(date(2023, 1, 1)), LAST + timedelta(days=15), BERLIN)
    assert ended_log_remedy(publication(date(2023, 1, 1)), LAST + timedelta(days=16), BERLIN)
