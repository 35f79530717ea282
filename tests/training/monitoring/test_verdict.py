"""Verdict: a campaign that works is no alarm, a world that became worse is one, and no hold-out allows no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.monitoring.campaign_world import Month, run_month
from training.monitoring.scorecard import MaturedPredictions, population_scorecards
from training.monitoring.treatments import TreatmentState
from training.monitoring.verdict import CAMPAIGNS_RAN, Verdict, judge

MONTHS, CUSTOMERS = 60, 20_000


def judge_month(month: Month, *, tested_auc: float | None = None) -> Verdict:
    predictions = MaturedPredictions(predicted=1 - month.churn, observed=1 - month.churned, is_probability=True)
    return judge(population_scorecards(predictions, month.treatment), month.treatment, tested_auc)


def months(**world: float) -> list[Month]:
    rng = np.random.default_rng(3)
    return [run_month(rng, CUSTOMERS, **world) for _ in range(MONTHS)]


def test_a_campaign_that_prevents_churn_never_alarms_in_sixty_months() -> None:
    assert {judge_month(month).status for month in months(effect=0.5)} == {"as_expected"}


def test_the_same_campaign_would_alarm_always_if_everybody_were_judged() -> None:
    nobody = TreatmentState(np.zeros(CUSTOMERS, bool), np.ones(CUSTOMERS), np.zeros(CUSTOMERS, bool))
    unaware = [replace(month, treatment=nobody) for month in months(effect=0.5)]
    assert {judge_month(month).status for month in unaware} == {"alarm"}


@pytest.mark.parametrize("effect", [0.0, 0.5])
def test_a_world_that_became_worse_alarms_in_almost_every_month(effect: float) -> None:
    alarms = [judge_month(month).status == "alarm" for month in months(effect=effect, odds_ratio=1.5)]
    assert np.mean(alarms) >= 0.95


def test_campaigns_without_a_holdout_are_not_judged() -> None:
    month = run_month(np.random.default_rng(0), 5_000, effect=0.5)
    state = replace(month.treatment, without_holdout=month.treatment.treated)
    verdict = judge_month(replace(month, treatment=state))
    assert verdict.status == "not_judged"
    assert verdict.reasons[0].startswith(f"{CAMPAIGNS_RAN}: 2")
    assert verdict.reasons[0].endswith("expected at most 1%. Hold out a tenth at random")


def test_too_few_customers_are_said_with_what_is_missing() -> None:
    verdict = judge_month(run_month(np.random.default_rng(0), 80))
    assert verdict.status == "too_few"
    assert verdict.reasons[0].endswith("expected 100 and 40")


def test_a_ranking_below_the_back_test_alarms() -> None:
    month = run_month(np.random.default_rng(1), CUSTOMERS)
    assert judge_month(month, tested_auc=0.80).status == "as_expected"
    verdict = judge_month(month, tested_auc=0.95)
    assert verdict.status == "alarm"
    assert "at least 0.950 in the back-test" in verdict.reasons[0]


def test_an_interval_that_covers_too_little_alarms() -> None:
    rng = np.random.default_rng(5)
    mean, n = np.full(CUSTOMERS, 10.0), CUSTOMERS
    observed = rng.normal(10, 2, n)
    month = run_month(rng, n)
    for half, status in ((1.2816 * 2, "as_expected"), (1.2, "alarm")):
        predictions = MaturedPredictions(predicted=mean, observed=observed, low=mean - half, high=mean + half)
        assert judge(population_scorecards(predictions, month.treatment), month.treatment).status == status
