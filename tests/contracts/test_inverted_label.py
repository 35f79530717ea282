"""Fault: churn = 1 for customers who stayed. It is 1 for no order in the window, and the probability agrees."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from serving.predictions.scorer import score
from tests.contracts.generated import CUSTOMERS, SIX_EXAMPLES, TODAY, Line, Log, day, lines, outcomes_after_today
from tests.serving.fakes import TODAY as NOW
from tests.serving.fakes import FakeRelease, KnownCustomer, constant_rate_forecast, feature_rows
from tests.training.shops import (
    TrainingShop,
    build_shop,
    cached_for_session,
    order_lines,
    simulate_lines,
    small_ensembles,
)
from training.fitting.fit import FittedTier, fit_tiers
from training.inference.answers.churn import BANDS
from training.inference.forecast import AVERAGE, BTYD
from training.metrics import auc
from training.models.churn import churn_label

pytestmark = pytest.mark.slow

RANKING_TIERS = (AVERAGE, BTYD)


def test_an_order_in_the_window_means_no_churn() -> None:
    stays = ("ann", "2026-03-30 23:59:59", "5.00", None, None, "p")
    leaves = ("bob", "2026-03-31 00:00:00", "5.00", None, None, "p")
    assert churn_label(outcomes_after_today(Log((stays, leaves)).history), 30).tolist() == [0.0, 1.0, 1.0]


@SIX_EXAMPLES
@given(lines(0, 120))
def test_churn_is_no_order_in_the_window_for_every_customer_of_every_log(log_lines: list[Line]) -> None:
    paid = [(*line[:3], f"{line[1]} {line[3]}", *line[4:]) for line in log_lines if float(line[2]) > 0]
    labels = churn_label(outcomes_after_today(Log(tuple(paid)).history), 30)
    came = {line[0] for line in paid if TODAY <= line[1] < day(89)}
    assert labels.tolist() == [float(customer not in came) for customer in CUSTOMERS]


@cached_for_session
def shop_with_clear_cases() -> tuple[TrainingShop, dict[str, FittedTier]]:
    """A shop with a weekly customer until yesterday and a weekly customer until half a year ago."""
    weeks = np.arange(2.5, 300, 7)
    regular = order_lines(["still here"] * len(weeks), weeks, np.full(len(weeks), 20.0))
    gone = order_lines(["long gone"] * 17, weeks[:17], np.full(17, 20.0))
    log_lines = pd.concat([simulate_lines(500, 300, seed=6), regular, gone], ignore_index=True)
    shop = build_shop(log_lines.assign(order_id=[f"o{number}" for number in range(len(log_lines))]), 300, (30, 60), 60)
    with small_ensembles(20):
        return shop, fit_tiers(shop.rows(shop.now), shop.plan, shop.now.day_number, RANKING_TIERS)


@pytest.mark.parametrize("tier", RANKING_TIERS)
def test_a_long_silent_customer_is_likelier_to_churn_than_an_active_one(tier: str) -> None:
    shop, fitted = shop_with_clear_cases()
    today = shop.population()
    probability = 1 - fitted[tier].tiered_model.forecast(
        today.inputs, np.nan_to_num(today.column("orders"))
    ).order_probability(60)
    gone, here = (
        probability[today.customer == shop.data.customer_numbers[customer]][0]
        for customer in ("long gone", "still here")
    )
    assert gone > 0.7
    assert here < 0.3


@pytest.mark.parametrize("tier", RANKING_TIERS)
def test_churned_customers_have_the_higher_probabilities(tier: str) -> None:
    shop, fitted = shop_with_clear_cases()
    rows = shop.rows(shop.now)
    buyers = rows.select((rows.outcomes.follow_days >= 60) & (rows.column("orders") >= 1))
    forecast = fitted[tier].tiered_model.forecast(buyers.inputs, buyers.column("orders"))
    assert auc(1 - forecast.order_probability(60), churn_label(buyers.outcomes, 60)) > 0.7


def test_the_answer_is_the_churn_probability_and_not_its_complement() -> None:
    release = FakeRelease(answer=lambda *_: constant_rate_forecast(np.array([0.001, 0.2])))
    churn = score(release, feature_rows({"gone": KnownCustomer(), "here": KnownCustomer()}), NOW).by_model["churn"]
    assert churn.probability[0] > 0.9
    assert churn.probability[1] < 0.1
    assert [BANDS[code] for code in churn.band] == ["high", "low"]
    assert churn.percentile[0] >= churn.percentile[1]
