"""Audiences of a scored shop: counts, expected totals and intervals from the release's back-test errors."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.compute as pc
import pytest

from features.arrays import Booleans
from serving.audiences.builder import AudienceContext, AudienceResult, TableConsents, build_audience
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceRequest
from tests.pipelines.command import Flywheel
from training.total_range import T_FACTOR, UNTESTED_SCALE

pytestmark = pytest.mark.slow


def allow_all(columns: Columns) -> Booleans:
    return np.ones(len(columns), np.bool_)


def count_audience(shop: Flywheel, **fields: object) -> AudienceResult:
    request = AudienceRequest.model_validate(fields)
    context = AudienceContext(
        zone=ZoneInfo("UTC"), bands=(0.3, 0.7), currency="EUR", cards=shop.release["cards"], secret=b"of a test"
    )
    return build_audience(
        request, ScoresFile(shop.home.scores).columns(), TableConsents(allow_all, allow_all), context, "none"
    )


def test_the_cards_tell_what_came_over_what_was_predicted(trained_shop: Flywheel) -> None:
    cards = {card["name"]: card for card in trained_shop.release["cards"]}
    totals = {name: {total["measure"] for total in card["totals"]} for name, card in cards.items()}
    assert totals == {"churn": {"buyers"}, "next_purchase": {"buyers"}, "ltv": {"orders", "spend"}}
    for name, card in cards.items():
        tested = list(
            dict.fromkeys(metrics["origin"] for metrics in card["metrics"] if metrics["contestant"] == card["tier"])
        )
        for total in card["totals"]:
            assert [origin["origin"] for origin in total["origins"]] == tested, name
            assert all(len(origin["groups"]) == 5 for origin in total["origins"])


def test_the_bias_of_spend_is_that_of_its_total(trained_shop: Flywheel) -> None:
    card = next(card for card in trained_shop.release["cards"] if card["name"] == "ltv")
    biases = [metrics["bias"] for metrics in card["metrics"] if metrics["contestant"] == card["tier"]]
    longest = max((one for one in card["totals"] if one["measure"] == "spend"), key=lambda total: total["horizon_days"])
    ratios = [origin["all_customers"]["log_ratio"] for origin in longest["origins"]]
    assert ratios == pytest.approx([-math.log1p(bias) for bias in biases], abs=1e-4)


def test_an_audience_of_everybody_sums_the_table(trained_shop: Flywheel) -> None:
    answer = count_audience(trained_shop, horizon_days=30).answer
    conversions, revenue = answer.expected_conversions, answer.expected_revenue
    assert answer.count == trained_shop.scores.num_rows
    assert conversions is not None
    assert revenue is not None
    assert conversions.mean == pytest.approx(pc.sum(trained_shop.scores["purchase_probability_30d"]).as_py())
    assert revenue.mean == pytest.approx(pc.sum(trained_shop.scores["ltv_30d_mean"]).as_py())
    for expected in (conversions, revenue):
        assert expected.interval is not None
        assert expected.interval.p10 < expected.mean < expected.interval.p90


def test_a_horizon_that_was_never_tested_has_the_wide_interval_of_other_logs(trained_shop: Flywheel) -> None:
    answer = count_audience(trained_shop, horizon_days=365).answer
    revenue = answer.expected_revenue
    assert revenue is not None
    assert revenue.interval is not None
    assert revenue.interval.p90 / revenue.mean >= math.exp(T_FACTOR * UNTESTED_SCALE)
    assert f"with a prior of scale {UNTESTED_SCALE}" in revenue.interval.method


def test_the_cards_state_the_range_of_every_total_they_answer(trained_shop: Flywheel) -> None:
    for card in trained_shop.release["cards"]:
        stated = card["total_ranges"]
        assert {each["measure"] for each in stated} == {total["measure"] for total in card["totals"]}
        assert {each["horizon_days"] for each in stated} == set(card["horizon_days"])
        assert all(0 < each["low"] < 1 < each["high"] for each in stated)


def test_the_range_of_the_card_is_the_interval_of_an_audience_of_all(trained_shop: Flywheel) -> None:
    (stated,) = next(card for card in trained_shop.release["cards"] if card["name"] == "churn")["total_ranges"]
    conversions = count_audience(trained_shop, horizon_days=stated["horizon_days"]).answer.expected_conversions
    assert conversions is not None
    assert conversions.interval is not None
    highest = min(stated["high"] * conversions.mean, trained_shop.scores.num_rows)
    assert conversions.interval.p90 == pytest.approx(highest, rel=0.05)
    assert conversions.interval.p10 / conversions.mean == pytest.approx(stated["low"], rel=0.05)


def test_members_have_the_values_of_the_table(trained_shop: Flywheel) -> None:
    names = trained_shop.scores.column_names
    result = count_audience(
        trained_shop, order_by={"column": "churn_probability", "descending": True}, columns=names
    ).members()
    assert result.column_names == names
    assert result.sort_by("customer_id").to_pylist() == trained_shop.scores.to_pylist()
