"""Report: what it says of a channel with a hold-out, of one without, and of one that is too small to be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.consents.consent import ALL_CHANNELS, PROFILING, Consent
from features.errors import StoreDamaged
from tests.dictionary_storage import in_memory_ledger
from tests.training.attribution.attribution_home import held_out_shop
from tests.training.attribution.attribution_logs import EMAIL, JANUARY, PUSH, SMS, Touch, attribution_log, instants
from training.attribution.attribution_service import AttributionService
from training.attribution.incremental.channel_effects import Incremental
from training.attribution.report import PATH_RULE_NAMES, AttributionReport, ChannelAttribution
from training.attribution.report_assembly import MAX_CAMPAIGNS, PATH_RULES, SMALLEST_CHANNEL, attribution_report
from training.attribution.rows import DecisionRows
from training.experiments.refusal import Refusal

UTC = ZoneInfo("UTC")
NOW = int(instants([60])[0])


def channel(report: AttributionReport, name: str) -> ChannelAttribution:
    return next(each for each in report.channels if each.channel == name)


def reason(estimate: Incremental | Refusal) -> str:
    return estimate.reason if isinstance(estimate, Refusal) else "estimated"


def in_two_campaigns(customers: int) -> tuple[list[Touch], list[tuple[int, float]]]:
    """Two campaigns by email, each withheld from every second customer by itself, and orders after the second one."""
    touches = [
        Touch(who, 2.0 + 5 * campaign, EMAIL, (who >> campaign) % 2 == 0, 0.5, campaign)
        for who in range(customers)
        for campaign in (0, 1)
    ]
    orders = [(who, 9.0) for who in range(customers) if who // 4 % 10 < (6 if (who >> 1) % 2 == 0 else 4)]
    return touches, orders


def report_of(touches: Sequence[Touch], orders: Sequence[tuple[int, float]], customers: int) -> AttributionReport:
    return attribution_report(attribution_log(touches, orders, customers), JANUARY)


def test_every_rule_of_the_report_is_one_that_is_computed() -> None:
    assert tuple(PATH_RULES) == PATH_RULE_NAMES


def test_a_channel_with_a_hold_out_has_an_estimate_and_one_without_has_none() -> None:
    touches, orders = in_two_campaigns(800)
    report = report_of([*touches, *(Touch(who, 3.0, PUSH) for who in range(50))], orders, 800)
    email = channel(report, "email").incremental
    assert isinstance(email, Incremental)
    assert email.levels == ("campaign",)
    assert reason(channel(report, "push").incremental) == "no_randomised_control"
    assert (channel(report, "email").touches, channel(report, "email").withheld) == (800, 800)


def test_campaigns_that_were_drawn_apart_are_told_apart() -> None:
    touches, orders = in_two_campaigns(800)
    campaigns = {
        each.campaign: each.incremental for each in channel(report_of(touches, orders, 800), "email").campaigns
    }
    winter, spring = campaigns["winter"], campaigns["spring"]
    assert isinstance(winter, Incremental)
    assert isinstance(spring, Incremental)
    assert winter.conversions == pytest.approx(0)
    assert spring.conversions == pytest.approx(0.2 * 400)
    assert len(campaigns) <= MAX_CAMPAIGNS


def test_who_is_held_out_of_the_whole_channel_tells_no_campaign_apart() -> None:
    touches = [
        Touch(who, 2.0 + campaign, EMAIL, who % 2 == 0, 0.5, campaign) for who in range(400) for campaign in (0, 1)
    ]
    orders = [(who, 9.0) for who in range(0, 400, 3)]
    email = channel(report_of(touches, orders, 400), "email")
    assert email.campaigns == ()
    assert isinstance(email.incremental, Incremental)


def test_an_experiment_with_a_control_arm_is_a_campaign_of_its_channel() -> None:
    customers = np.arange(800)
    at = np.full(800, instants([3.0])[0])
    decisions = DecisionRows(
        customer=customers, at=at, day=at // 86_400_000_000, channel=np.full(800, SMS),
        campaign=np.zeros(800, np.int64), treated=customers % 2 == 0, probability=np.full(800, 0.5),
        window_days=np.full(800, 14),
    )  # fmt: skip
    orders = [(int(who), 5.0) for who in customers if who // 2 % 10 < (6 if who % 2 == 0 else 4)]
    sms = channel(attribution_report(attribution_log([], orders, 800, decisions), JANUARY), "sms")
    assert isinstance(sms.incremental, Incremental)
    assert sms.incremental.conversions == pytest.approx(80)
    assert sms.incremental.levels == ("experiment",)
    assert [each.campaign for each in sms.campaigns] == ["winter"]


def test_a_channel_of_fewer_than_ten_customers_is_not_told() -> None:
    few = [Touch(who, 3.0, PUSH) for who in range(SMALLEST_CHANNEL - 1)]
    report = report_of([*few, *(Touch(who, 2.0, EMAIL) for who in range(10))], [(0, 4.0)], 20)
    assert [each.channel for each in report.channels] == ["email"]
    assert report.small_channels == 2  # push, and sms without anybody
    assert channel(report, "email").credits["last_touch"] == 1


def test_a_period_that_the_log_does_not_reach_is_not_mature() -> None:
    touches, orders = in_two_campaigns(800)
    log = attribution_log(touches, orders, 800)
    ends_before = replace(log, last_day=JANUARY.end_day - 2)
    answer = channel(attribution_report(ends_before, JANUARY), "email").incremental
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.status) == ("not_mature", "not_yet")
    assert answer.detail == (
        "Found a log that ends on 2027-01-30; expected one that reaches the end of the period, 2027-02-01. Ask for a "
        "period until 2027-01-31, or ingest the later days first."
    )
    on_last_day = replace(log, last_day=JANUARY.end_day - 1)
    assert isinstance(channel(attribution_report(on_last_day, JANUARY), "email").incremental, Incremental)


def test_a_home_is_reported_once_per_state(tmp_path: Path) -> None:
    held_out_shop(tmp_path)
    ledger = in_memory_ledger()
    service = AttributionService(tmp_path, ledger)
    report = service.report(JANUARY, UTC, NOW)
    email = channel(report, "email").incremental
    assert isinstance(email, Incremental)
    assert email.conversions == pytest.approx(40)
    assert (report.conversions, report.touched_conversions) == (200, 120)
    assert service.report(JANUARY, UTC, NOW) is report
    ledger.record({"c0000": [Consent(PROFILING, ALL_CHANNELS, granted=False, changed_at=5)]})
    without_ann = service.report(JANUARY, UTC, NOW)
    assert without_ann is not report
    assert without_ann.conversions == 199


def test_a_new_history_is_read_again_and_a_damaged_one_is_said_to_be(tmp_path: Path) -> None:
    held_out_shop(tmp_path)
    service = AttributionService(tmp_path, in_memory_ledger())
    before = service.report(JANUARY, UTC, NOW)
    held_out_shop(tmp_path, 600)
    assert service.report(JANUARY, UTC, NOW).conversions > before.conversions
    (tmp_path / "history" / "orders.parquet").write_bytes(b"torn")
    with pytest.raises(StoreDamaged, match=r"Found a damaged table in .*; expected what `flywheel ingest` wrote"):
        service.report(JANUARY, UTC, NOW)


def test_a_report_writes_nothing(tmp_path: Path) -> None:
    held_out_shop(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    AttributionService(tmp_path, in_memory_ledger()).report(JANUARY, UTC, NOW)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert pq.read_table(tmp_path / "history" / "touches.parquet").num_rows == 400
    assert JANUARY.end == date(2027, 2, 1)
