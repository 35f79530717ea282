"""Audience builder: count, excluded customers, composition and expected totals of an audience."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from serving.audiences.builder import build_audience
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.intervals import Z90
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest, CompositionPart
from tests.serving.audiences.shop import (
    TYPES,
    WINDOW,
    FakeConsent,
    audience_context,
    count_audience,
    customers,
    small_table,
    table_consents,
)
from tests.serving.audiences.tables import columns
from training.total_range import PRIOR_SCALE, T_FACTOR, UNTESTED_SCALE


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return small_table(tmp_path)


def test_everybody_who_may_be_approached_is_counted(shop: Columns) -> None:
    answer = count_audience(shop, FakeConsent(["003", "004", "nobody"])).answer
    assert (answer.count, answer.excluded_by_consent, answer.consent_state) == (58, None, "imported 2026-06-01")
    assert (answer.purpose, answer.channel, answer.currency, answer.holdout_count) == ("marketing", None, "EUR", None)
    assert answer.scores.model_dump() == {"as_of": datetime(2026, 6, 1, tzinfo=UTC), "release": "7", "customers": 60}


def test_a_limit_counts_those_who_may_be_approached(shop: Columns) -> None:
    order = {"column": "ltv_90d_mean", "descending": True}
    audience = count_audience(shop, FakeConsent(["058"]), order_by=order, limit=2)
    assert audience.members().column("customer_id").to_pylist() == ["057", "056"]
    assert audience.answer.count == 2


def test_the_sample_shows_the_first_members_with_their_columns(shop: Columns) -> None:
    sample = count_audience(shop, columns=["ltv_90d_mean", "segments", "as_of"]).answer.sample
    assert len(sample) == 10
    assert sample[1] == {
        "customer_id": "001", "ltv_90d_mean": 3.0, "segments": ["weekend"], "as_of": "2026-06-01T00:00:00Z"
    }  # fmt: skip


def test_without_columns_asked_for_the_usual_ones_are_shown(shop: Columns) -> None:
    assert count_audience(shop).column_names == ("customer_id", "churn_probability", "value_tier", "segments")
    assert count_audience(shop, columns=["value_tier", "customer_id", "value_tier"]).column_names == (
        "customer_id",
        "value_tier",
    )


def test_held_out_members_are_told_apart_and_counted(shop: Columns) -> None:
    audience = count_audience(shop, holdout={"share": 0.5, "name": "autumn"})
    holdout = audience.members().column("holdout").to_pylist()
    assert audience.answer.holdout_count == sum(holdout)
    assert 15 <= sum(holdout) <= 45
    contacted = [row["customer_id"] for row in audience.members().to_pylist() if not row["holdout"]]
    assert [row["customer_id"] for row in audience.answer.sample] == contacted[:10]


def test_a_member_keeps_the_side_whatever_the_audience(shop: Columns) -> None:
    holdout = {"share": 0.3, "name": "autumn"}
    all_members = count_audience(shop, holdout=holdout).members()
    sides = dict(zip(all_members["customer_id"].to_pylist(), all_members["holdout"].to_pylist(), strict=True))
    selected = count_audience(
        shop, holdout=holdout, filter={"column": "churn_probability", "above": 0.5},
        order_by={"column": "churn_probability", "descending": True},
    ).members()  # fmt: skip
    assert [sides[customer_id] for customer_id in selected["customer_id"].to_pylist()] == selected[
        "holdout"
    ].to_pylist()


def test_members_are_told_by_kind(shop: Columns) -> None:
    answer = count_audience(shop).answer
    assert answer.composition["value_tier"] == [
        CompositionPart(value="silver", count=39, share=0.65),
        CompositionPart(value="gold", count=20, share=20 / 60),
        CompositionPart(value=None, count=1, share=1 / 60),
    ]
    bands = {part.value: part.count for part in answer.composition["churn_band"]}
    assert bands == {"low": 18, "medium": 24, "high": 17, None: 1}
    assert set(answer.composition) == {"value_tier", "churn_band"}


def test_expected_conversions_and_revenue_are_sums_of_the_table(shop: Columns) -> None:
    answer = count_audience(shop, limit=11).answer
    conversions, revenue = answer.expected_conversions, answer.expected_revenue
    assert conversions is not None
    assert revenue is not None
    assert conversions.mean == pytest.approx(sum(1 - index / 60 for index in range(11)))
    assert (conversions.column, conversions.horizon_days) == ("1 - churn_probability", 90)
    assert revenue.mean == pytest.approx(3 * 55)
    assert (revenue.column, revenue.horizon_days, revenue.without_value) == ("ltv_90d_mean", 90, 0)


def test_members_without_a_value_are_counted_and_expected_to_do_nothing(tmp_path: Path) -> None:
    rows = customers(4)
    rows[2]["ltv_90d_mean"] = math.nan
    answer = count_audience(columns(tmp_path, rows, TYPES)).answer
    conversions, revenue = answer.expected_conversions, answer.expected_revenue
    assert conversions is not None
    assert revenue is not None
    assert conversions.mean == pytest.approx(1 + 0.75 + 0.5)
    assert conversions.without_value == 1
    assert (revenue.mean, revenue.without_value) == (3.0, 2)


def test_an_interval_rests_on_what_the_back_test_saw(shop: Columns) -> None:
    revenue = count_audience(shop).answer.expected_revenue
    assert revenue is not None
    assert revenue.interval is not None
    assert revenue.reason is None
    chance = sum((3 * index) ** 2 / 1.5 for index in range(59)) / revenue.mean**2
    scale = math.sqrt((0.1**2 + 2 * PRIOR_SCALE**2) / 3)
    reach = math.exp(math.hypot(T_FACTOR * scale, Z90 * math.sqrt(chance - 0.0001)))
    assert revenue.interval.p90 == pytest.approx(revenue.mean * reach)
    assert revenue.interval.p10 == pytest.approx(revenue.mean / reach)
    assert revenue.interval.method == (
        "80 % interval, log-normal: errors of the total of all customers over 90 days at 1 test origin worth 1.0 "
        "independent ones, with a prior of scale 0.15, and the chance of single members."
    )
    assert revenue.without_value == 1


def test_no_more_members_order_than_there_are(shop: Columns) -> None:
    conversions = count_audience(shop, limit=2).answer.expected_conversions
    assert conversions is not None
    assert conversions.interval is not None
    assert conversions.interval.p90 == 2.0


@pytest.mark.parametrize(
    ("horizon_days", "column", "days"),
    [(30, "purchase_probability_30d", 30), (60, "purchase_probability_60d", 60), (90, "1 - churn_probability", 90)],
)
def test_the_horizon_may_be_chosen(shop: Columns, horizon_days: int, column: str, days: int) -> None:
    conversions = count_audience(shop, horizon_days=horizon_days).answer.expected_conversions
    assert conversions is not None
    assert (conversions.column, conversions.horizon_days) == (column, days)


def test_without_a_column_of_the_horizon_the_nearest_one_tells_of_conversions(tmp_path: Path) -> None:
    types = {**TYPES, "ltv_365d_mean": pa.float64()}
    answer = count_audience(columns(tmp_path, customers(5), types), horizon_days=365).answer
    assert answer.expected_conversions is not None
    assert (answer.expected_conversions.column, answer.expected_conversions.horizon_days) == (
        "1 - churn_probability", 90
    )  # fmt: skip
    # A column of nulls is that of a log without amounts.
    assert answer.expected_revenue is None


def test_by_default_the_longest_horizon_that_was_tested_is_told(tmp_path: Path) -> None:
    types = {**TYPES, "ltv_365d_mean": pa.float64()}
    shop = columns(tmp_path, [{**row, "ltv_365d_mean": 9.0} for row in customers(5)], types)
    revenue = count_audience(shop).answer.expected_revenue
    assert revenue is not None
    assert (revenue.horizon_days, revenue.interval is None) == (90, False)
    untested = build_audience(
        AudienceRequest(), shop, table_consents(FakeConsent()), audience_context([]), ""
    ).answer.expected_revenue
    assert untested is not None
    assert (untested.horizon_days, untested.interval) == (365, None)


def test_a_log_without_a_test_has_the_interval_of_other_logs(shop: Columns) -> None:
    cards: list[dict[str, Any]] = [{"name": "churn", "training_window": WINDOW, "totals": []}]
    answer = build_audience(
        AudienceRequest(horizon_days=90), shop, table_consents(FakeConsent()), audience_context(cards), ""
    ).answer
    for expected in (answer.expected_conversions, answer.expected_orders, answer.expected_revenue):
        assert expected is not None
        assert expected.interval is not None
        assert expected.interval.p10 < expected.mean * math.exp(-T_FACTOR * UNTESTED_SCALE)
        assert "errors of totals at other shops (scale 0.35)" in expected.interval.method


def test_expected_orders_are_the_sum_of_their_column(shop: Columns) -> None:
    orders = count_audience(shop, horizon_days=90).answer.expected_orders
    assert orders is not None
    assert (orders.mean, orders.column, orders.without_value) == (59 * 1.5, "expected_orders_90d", 1)
    assert orders.interval is not None
    assert count_audience(shop, horizon_days=30).answer.expected_orders is None


def test_the_errors_of_nearly_the_same_horizon_are_taken(tmp_path: Path) -> None:
    types = {**TYPES, "purchase_probability_91d": pa.float64()}
    shop = columns(tmp_path, [{**row, "purchase_probability_91d": 0.5} for row in customers(5)], types)
    conversions = count_audience(shop, horizon_days=91).answer.expected_conversions
    assert conversions is not None
    assert conversions.interval is not None


def test_a_horizon_that_the_table_lacks_is_refused(shop: Columns) -> None:
    with pytest.raises(InvalidAudienceRequest, match="1 field") as refusal:
        count_audience(shop, horizon_days=45)
    assert refusal.value.errors[0].reason == "Found 45; expected one of the table's horizons: 30, 60, 90."


def test_a_table_of_ids_alone_has_no_expectations(tmp_path: Path) -> None:
    answer = count_audience(columns(tmp_path, [{"customer_id": "a"}], {})).answer
    assert (answer.count, answer.expected_conversions, answer.expected_revenue) == (1, None, None)
    assert (answer.composition, answer.sample) == ({}, [{"customer_id": "a"}])
    assert answer.scores.as_of is None


def test_an_old_release_gives_totals_without_an_interval(shop: Columns) -> None:
    context = audience_context(cards=[{"name": "churn", "metrics": []}])
    answer = build_audience(AudienceRequest(), shop, table_consents(FakeConsent()), context, "").answer
    assert answer.expected_revenue is not None
    assert answer.expected_revenue.interval is None
    assert answer.expected_revenue.reason is not None
    assert "train and promote a new one" in answer.expected_revenue.reason


def test_an_audience_of_nobody_is_an_answer(shop: Columns) -> None:
    answer = count_audience(
        shop, filter={"column": "value_tier", "equals": "platinum"}, holdout={"share": 0.1, "name": "a"}
    ).answer
    assert (answer.count, answer.holdout_count, answer.sample) == (0, 0, [])
    assert answer.composition == {"value_tier": [], "churn_band": []}
    assert answer.expected_revenue is not None
    assert (answer.expected_revenue.mean, answer.expected_revenue.interval) == (0.0, None)
    assert answer.expected_revenue.reason == "The expected total of these members is 0."


def test_a_table_of_nobody_has_no_members(tmp_path: Path) -> None:
    assert count_audience(columns(tmp_path, [], TYPES), holdout={"share": 0.1, "name": "a"}).answer.count == 0


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        (
            {"columns": ["orders", "value_teir"]},
            "columns[1]",
            "not a column of the scores table. Did you mean value_tier?",
        ),
        ({"columns": ["holdout"]}, "columns[0]", "Found holdout, a name reserved for pages"),
        ({"order_by": {"column": "segments"}}, "order_by.column", "a list of text column; expected one of"),
    ],
)
def test_columns_that_are_not_there_are_named(shop: Columns, body: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidAudienceRequest, match="not as expected") as refusal:
        count_audience(shop, **body)
    reasons = {error.field: error.reason for error in refusal.value.errors}
    assert reason in reasons[field]


def test_the_answer_says_its_id_once_it_is_stored(shop: Columns) -> None:
    audience = count_audience(shop)
    stored = replace(audience, answer=audience.answer.model_copy(update={"audience_id": "x"}))
    assert stored.answer.model_dump(mode="json")["audience_id"] == "x"
