"""Off-policy value: digits whose label is the arm that converts, logged by one policy and judged for another."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from features.arrays import Floats
from training.experiments.estimators.off_policy import (
    PolicyValue,
    cross_fitted_forecasts,
    doubly_robust_value,
    off_policy_value,
)
from training.experiments.refusal import Refusal
from training.experiments.units import Units

CUSTOMERS = 4000


def simulated_units(seed: int = 1, customers: int = CUSTOMERS) -> Units:
    """Return two arms, the second of which is better where the covariate is positive, and is drawn there more often."""
    rng = np.random.default_rng(seed)
    covariate = rng.normal(size=customers)
    second = np.where(covariate > 0, 0.8, 0.3)
    arm = (rng.random(customers) < second).astype(np.int8)
    return Units(
        arms=("none", "mail"),
        control=0,
        arm=arm,
        probabilities=np.column_stack([1 - second, second]),
        day=np.zeros(customers, np.int64),
        epoch=np.ones(customers, np.int64),
        age_days=np.full(customers, 30.0),
        segment=np.full(customers, -1, np.int8),
        segments=(),
        covariates=covariate[:, None],
        values={"spend_28d": 10 + 5 * covariate + 4 * arm * np.sign(covariate) + rng.normal(0, 3, customers)},
        delay_days={"spend_28d": np.ones(customers)},
    )


def policy_of(second: Floats) -> Floats:
    return np.column_stack([1 - second, second])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "truth"), [("nobody", 10.0), ("everybody", 10.0), ("where it helps", 12.0), ("where it harms", 8.0)]
)
def test_the_value_of_a_policy_is_covered(name: str, truth: float) -> None:
    covered = []
    for seed in range(40):
        units = simulated_units(seed, 1000)
        positive = units.covariates[:, 0] > 0
        second = {"nobody": 0 * positive, "everybody": 0 * positive + 1, "where it helps": positive}.get(
            name, ~positive
        )
        value = off_policy_value(units, "spend_28d", policy_of(second.astype(np.float64)))
        assert isinstance(value, PolicyValue)
        covered.append(value.low <= truth <= value.high)
        assert value.high - value.low < 2.5
    assert np.mean(covered) >= 0.85  # 3 standard errors of 40 runs below 95 %


def test_wrong_forecasts_cost_precision_and_no_bias() -> None:
    units = simulated_units()
    policy = policy_of((units.covariates[:, 0] > 0).astype(np.float64))
    values = units.values["spend_28d"]
    right, wrong = (
        doubly_robust_value(values, units.arm, units.probabilities, policy, forecasts)
        for forecasts in (
            cross_fitted_forecasts(values, units.arm, units.covariates, 2),
            np.full((CUSTOMERS, 2), 30.0),
        )
    )
    assert isinstance(right, PolicyValue)
    assert isinstance(wrong, PolicyValue)
    assert right.low <= 12 <= right.high
    assert wrong.low <= 12 <= wrong.high
    assert wrong.high - wrong.low > 1.5 * (right.high - right.low)


@pytest.mark.slow
def test_digits_of_600_logged_rows_are_covered_where_the_forecasts_alone_are_not() -> None:
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(labels))
    taught, judged = order[:300], order[300:]
    target = np.eye(10)[LogisticRegression(max_iter=200).fit(pixels[taught] / 16, labels[taught]).predict(pixels / 16)]
    weak = np.eye(10)[LogisticRegression(max_iter=200).fit(pixels[taught[:100]], labels[taught[:100]]).predict(pixels)]
    logged = 0.5 * weak + 0.05
    truth = target[judged, labels[judged]].mean()
    covered, errors, direct = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = rng.choice(judged, 600)
        arm = (rng.random(600)[:, None] > logged[rows].cumsum(1)).sum(1).clip(max=9).astype(np.int8)
        values = (arm == labels[rows]).astype(np.float64)
        forecasts = cross_fitted_forecasts(values, arm, pixels[rows], 10)
        value = doubly_robust_value(values, arm, logged[rows], target[rows], forecasts)
        assert isinstance(value, PolicyValue)
        covered.append(value.low <= truth <= value.high)
        errors.append(value.value - truth)
        direct.append((forecasts * target[rows]).sum(1).mean() - truth)
    assert np.mean(direct) < -0.15
    assert abs(np.mean(errors)) < 0.04
    assert np.mean(covered) >= 0.85


def test_the_effective_sample_of_the_logged_policy_is_all_of_it_and_of_another_less() -> None:
    units = simulated_units()
    same = off_policy_value(units, "spend_28d", units.probabilities)
    other = off_policy_value(units, "spend_28d", policy_of(np.ones(CUSTOMERS)))
    assert isinstance(same, PolicyValue)
    assert isinstance(other, PolicyValue)
    assert same.effective_sample_size == pytest.approx(CUSTOMERS)
    assert same.low < units.values["spend_28d"].mean() < same.high
    weight = units.arm / units.probabilities[:, 1]
    assert other.effective_sample_size == pytest.approx(weight.sum() ** 2 / (weight**2).sum())


def test_only_matured_customers_count() -> None:
    units = simulated_units()
    values = np.where(np.arange(CUSTOMERS) < 1500, units.values["spend_28d"], np.nan)
    value = off_policy_value(replace(units, values={"spend_28d": values}), "spend_28d", units.probabilities)
    assert isinstance(value, PolicyValue)
    assert value.customers == 1500


def test_a_policy_without_overlap_without_probabilities_or_with_few_customers_has_no_value() -> None:
    units, everybody = simulated_units(), policy_of(np.ones(CUSTOMERS))
    never = replace(units, probabilities=np.where(np.arange(CUSTOMERS)[:, None] < 7, [1.0, 0.0], units.probabilities))
    unlogged = replace(units, probabilities=np.full((CUSTOMERS, 2), np.nan))
    young = replace(units, values={"spend_28d": np.full(CUSTOMERS, np.nan)})
    few = simulated_units(customers=100)
    refusals = [
        off_policy_value(never, "spend_28d", everybody),
        off_policy_value(unlogged, "spend_28d", everybody),
        off_policy_value(young, "spend_28d", everybody),
        off_policy_value(few, "spend_28d", policy_of(np.ones(100))),
    ]
    assert all(isinstance(refusal, Refusal) for refusal in refusals)
    texts = [f"{refusal.reason}: {refusal.detail}" for refusal in refusals if isinstance(refusal, Refusal)]
    assert texts[0] == (
        "no_overlap: Found 7 customers whose arm by the policy was drawn with a probability below "
        "0.01; expected none. Judge a policy that leaves this arm out."
    )
    assert texts[1].startswith("probabilities_unknown: Found 4,000 customers whose probabilities were not logged; ")
    assert texts[2].startswith("too_few: Found an effective sample of 0 customers; expected at least 100. ")
    assert re.match(r"too_few: Found an effective sample of \d\d customers; ", texts[3])


def test_a_policy_is_one_row_of_probabilities_for_each_customer() -> None:
    units = simulated_units(customers=200)
    expected = "found a policy of shape (200, 3); expected (200, 2): for each customer the probabilities of all arms"
    with pytest.raises(ValueError, match=re.escape(expected)):
        off_policy_value(units, "spend_28d", np.ones((200, 3)) / 3)
    with pytest.raises(ValueError, match="at least 0 and 1 in all"):
        off_policy_value(units, "spend_28d", np.ones((200, 2)))
