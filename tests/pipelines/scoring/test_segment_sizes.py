"""Segment sizes: a scoring records how many customers of a segment can be approached, without those of a few."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from features.calendar import micros
from features.consents.consent import Defaults
from pipelines.home import Home
from pipelines.scoring.segment_sizes import record_segment_sizes
from serving.growth.segment_sizes import SIZES_FILE, SegmentSizes, read_nights
from tests.serving.api.audience_requests import IDS, denial
from tests.serving.scored import add_columns, write_scores

DAY, NOON = date(2026, 11, 21), datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_customers_with_consent_are_counted_and_a_few_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWHEEL_SMALLEST_AUDIENCE", "5")
    ledger = Home(tmp_path).ledger()
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c004": [denial()]})
    write_scores(tmp_path, ledger, IDS)
    add_columns(
        tmp_path,
        preset_segment_active_regular=[number % 2 == 0 for number in range(len(IDS))],
        preset_segment_about_to_lapse=[number < 4 for number in range(len(IDS))],
    )
    record_segment_sizes(Home(tmp_path), DAY, micros(NOON))
    # One customer denies all marketing, so 19 of the 20 are left.
    assert read_nights(tmp_path) == (SegmentSizes(DAY, {"active_regular": 19, "about_to_lapse": None}),)
    assert not any(customer_id in (tmp_path / SIZES_FILE).read_text() for customer_id in IDS)
