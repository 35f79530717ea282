"""Level-adjusted forecasts: every tier's totals are the actual ones, and the ranking of customers is unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from features.history import Cutoff
from tests.training.shops import ZONE, corner_shop, corner_tiers, day
from training.evaluation.backtest import Backtest
from training.evaluation.level_adjusted import match_totals
from training.evaluation.quality_gate import evaluate_gate
from training.fitting.fit import buyer_mask
from training.models import MODELS

pytestmark = pytest.mark.slow


def corner_test(*, times: float = 1.0) -> Backtest:
    """The corner shop's tiers at its newest origin, with orders and spend multiplied by a factor."""
    shop, fitted = corner_shop(), corner_tiers()
    all_rows = shop.data.rows(shop.now, shop.plan.outcome_horizons, [Cutoff.from_day(shop.schedule.origins[0], ZONE)])
    rows = all_rows.select(buyer_mask(all_rows))
    rows.outcomes.orders[:] *= times
    rows.outcomes.spend[:] *= times
    orders = rows.column("orders")
    forecasts = {tier: one.tiered_model.forecast(rows.inputs, orders) for tier, one in fitted.items()}
    return Backtest(day(200), shop.plan, rows, forecasts, fitted)


@pytest.mark.parametrize("tier", ["ml", "btyd", "cohort", "population"])
def test_totals_over_the_learned_horizons_are_those_that_came(tier: str) -> None:
    test = corner_test(times=7.0)
    forecast, came = match_totals(test).forecasts[tier], test.rows.outcomes
    for days in test.plan.learned:
        at = forecast.horizons.index(days)
        assert forecast.order_probability(days).sum() == pytest.approx(came.ordered_within(days).sum(), rel=1e-3)
        assert forecast.expected_orders[:, at].sum() == pytest.approx(came.orders_within(days).sum(), rel=0.01)
        assert forecast.spend is not None
        assert forecast.spend.mean[:, at].sum() == pytest.approx(came.spend_within(days).sum(), rel=0.01)


def test_who_is_likelier_to_order_stays_likelier() -> None:
    test = corner_test()
    days = test.plan.learned[-1]
    before, after = (one.forecasts["btyd"].order_probability(days) for one in (test, match_totals(test)))
    assert np.corrcoef(before.argsort().argsort(), after.argsort().argsort())[0, 1] > 0.999


def test_where_every_level_is_wrong_the_tier_that_tells_customers_apart_answers() -> None:
    decisions = evaluate_gate([corner_test(times=7.0)], MODELS["ltv"], ("ml", "btyd", "cohort", "population"), None)
    assert [decision.passed for decision in decisions] == [False, False, False, True, True]
    assert decisions[-1].tier in {"btyd", "cohort"}
    assert (
        decisions[-1].reason
        == "of all tiers none is calibrated; with totals as they came surely better than population"
    )
