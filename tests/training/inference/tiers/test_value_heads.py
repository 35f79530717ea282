"""Value heads: BTYD's expectation as an offset, and the constant that corrects its total."""

from __future__ import annotations

import json

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import corner_shop, corner_tiers, small_ensembles
from training.fitting.btyd_tier import RATIO_DRIFT, shrunken_ratio
from training.fitting.fit import TRAINERS, buyer_mask
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.tiers.lightgbm_runtime import Booster
from training.inference.tiers.trees import TreesTier
from training.inference.tiers.value_heads import EXPECTATION_FILE
from training.models import ltv


def trees_tier() -> TreesTier:
    tier = corner_tiers()["ml"].tiered_model.tier_by_name["ml"]
    assert isinstance(tier, TreesTier)
    return tier


def raw_score(text: str, inputs: Floats) -> Floats:
    return Booster(text).raw_scores(inputs)


def test_without_its_constant_an_offset_over_forecasts_several_times() -> None:
    rng = np.random.default_rng(0)
    inputs, expected = rng.normal(size=(4_000, 3)), np.asarray(rng.gamma(1.0, 50.0, 4_000), dtype=np.float64)
    spend: Floats = rng.poisson(expected / 500) * np.float64(100)  # a fifth of what is expected
    params = {**ltv.PARAMS["spend"], **ltv.CORRECTION_PARAMS}
    base = ltv.offset_base(spend, expected)
    totals = []
    for constant in (0.0, base):
        offset = np.log(expected) + constant
        text = fit_gradient_boosting(inputs, spend, params, ("one", "two", "three"), offset)
        totals.append(float(np.exp(offset + raw_score(text, inputs)).sum() / spend.sum()))
    assert totals[0] > 1.2
    assert totals[1] == pytest.approx(1.0, abs=0.1)


def test_both_forecasts_and_so_their_mean_have_the_total_right_on_what_was_learned_from() -> None:
    shop = corner_shop()
    rows = shop.rows(shop.now)
    rows = rows.select(buyer_mask(rows)).newest_finished(60)
    within = trees_tier().order_by(rows.inputs, np.array([0.0, 30, 60]))[:, 1:]
    orders, spend = trees_tier().orders_and_spend(rows.inputs, within)
    assert spend is not None
    outcomes, learned = rows.outcomes, shop.plan.learned
    assert orders.sum(axis=0) == pytest.approx([np.nansum(outcomes.orders_within(days)) for days in learned], rel=0.3)
    assert spend.sum(axis=0) == pytest.approx([np.nansum(outcomes.spend_within(days)) for days in learned], rel=0.3)


def test_btyd_s_expectation_is_stored_beside_the_trees() -> None:
    payload = json.loads(corner_tiers()["ml"].artifacts["ltv"][EXPECTATION_FILE])
    assert set(payload) == {"btyd", "base"}
    assert {kind: len(base) for kind, base in payload["base"].items()} == {"orders": 2, "spend": 2}


def test_a_total_seen_in_many_customers_is_believed_and_in_few_is_not() -> None:
    rng = np.random.default_rng(1)
    few, many = (shrunken_ratio(np.full(n, 50.0), rng.pareto(1.5, n) * 150.0) for n in (30, 100_000))
    steady = shrunken_ratio(np.full(1_000, 50.0), np.full(1_000, 60.0))
    assert steady == pytest.approx(1.2)
    assert abs(np.log(few)) < abs(np.log(many)) or abs(np.log(few)) < RATIO_DRIFT
    assert many > 2


@pytest.mark.parametrize(("predicted", "actual"), [([], []), ([0.0], [5.0]), ([5.0], [0.0])])
def test_where_nothing_was_predicted_or_nothing_happened_totals_are_left_alone(
    predicted: list[float], actual: list[float]
) -> None:
    assert shrunken_ratio(np.array(predicted), np.array(actual)) == 1.0


def test_a_head_that_is_missing_is_named() -> None:
    files = {name: text for artifact in corner_tiers()["ml"].artifacts.values() for name, text in artifact.items()}
    del files["spend_came_60d.txt"]
    with pytest.raises(Exception, match=r"expected spend_came_30d.txt, spend_came_60d.txt"):
        TreesTier(files, corner_shop().data.names, (30, 60))


def test_few_rounds_are_enough_to_differ_from_btyd_alone() -> None:
    shop = corner_shop()
    with small_ensembles(5):
        files = ltv.fit(shop.rows(shop.now).newest_finished(60), shop.plan, TRAINERS)
    assert set(files) == set(corner_tiers()["ml"].artifacts["ltv"])
