from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression

from features.arrays import Floats
from tests.training.attendance.simulated_shop import (
    CLASS_WEEK,
    REASONS,
    class_panel,
    simulated_shop,
)
from training.attendance.estimators.doubly_robust import doubly_robust_effect
from training.attendance.estimators.matching import NEIGHBOURS, matched_effect, nearest
from training.attendance.estimators.panel_estimators import (
    FittedPanel,
    difference_in_differences,
    doubly_robust_estimate,
    matched_estimate,
)
from training.attendance.estimators.propensity import fit_propensity

RUNS = 40
TOLERANCE = 3 * np.sqrt(0.05 * 0.95 / RUNS)  # three standard errors of a rate of 5 %


def run(reason: str, seed: int, effect: float) -> dict[str, tuple[float, float, float, float]]:
    """The error of each estimator, its interval about the truth, and the truth, all per week."""
    rng = np.random.default_rng(seed)
    shop = simulated_shop(rng)
    attendees = shop.attendees(reason, rng)
    fitted = FittedPanel(class_panel(shop, attendees, effect))
    truth = effect * shop.spend[attendees, CLASS_WEEK:].mean()
    found = {"matched": matched_estimate(fitted), "doubly robust": doubly_robust_estimate(fitted)}
    found["plain"] = difference_in_differences(fitted)
    return {name: (row.value - truth, row.low - truth, row.high - truth, truth) for name, row in found.items()}


@cache
def runs(reason: str, effect: float) -> dict[str, Floats]:
    rows = [run(reason, seed, effect) for seed in range(RUNS)]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.parametrize("reason", REASONS)
def test_without_an_effect_none_is_found_whoever_attends(reason: str) -> None:
    for name, rows in runs(reason, 0.0).items():
        if name != "plain":
            spread = rows[:, 0].std() / np.sqrt(RUNS)
            assert abs(rows[:, 0].mean()) <= max(3 * spread, 1.5), name
            assert ((rows[:, 1] > 0) | (rows[:, 2] < 0)).mean() <= 0.05 + TOLERANCE, name


def test_plain_difference_in_differences_finds_one_where_the_loyal_and_active_attend() -> None:
    rows = runs("loyal and active", 0.0)["plain"]
    assert rows[:, 0].mean() < -4
    assert (rows[:, 2] < 0).mean() > 0.5


@pytest.mark.parametrize("reason", REASONS)
def test_a_planted_effect_is_covered_and_found(reason: str) -> None:
    rows = runs(reason, 0.5)["matched"]
    assert ((rows[:, 1] <= 0) & (rows[:, 2] >= 0)).mean() >= 0.95 - TOLERANCE
    assert (rows[:, 1] + rows[:, 3] > 0).mean() >= 0.9


def test_newton_finds_the_maximum_of_the_likelihood() -> None:
    rng = np.random.default_rng(3)
    covariates = np.column_stack([np.ones(2_000), rng.normal(size=(2_000, 3))])
    attended = rng.random(2_000) < 1 / (1 + np.exp(-covariates @ [-2.0, 1.0, 0.0, -0.5]))
    oracle = LogisticRegression(C=np.inf, tol=1e-10).fit(covariates[:, 1:], attended)
    assert_allclose(
        fit_propensity(covariates, attended).probability, oracle.predict_proba(covariates[:, 1:])[:, 1], rtol=1e-3
    )


def test_attendees_who_can_be_told_apart_have_a_finite_propensity() -> None:
    covariates = np.column_stack([np.ones(100), np.arange(100) - 49.5])
    fitted = fit_propensity(covariates, np.arange(100) >= 50)
    assert np.isfinite(fitted.probability).all()
    assert np.isfinite(fitted.covariance).all()


def test_without_covariates_doubly_robust_is_the_difference_of_the_mean_changes_with_its_usual_error() -> None:
    rng = np.random.default_rng(4)
    shop = simulated_shop(rng)
    panel = class_panel(shop, shop.attendees("random", rng))
    design = np.ones((len(panel), 1))
    estimate = doubly_robust_effect(panel, design, fit_propensity(design, panel.attended))
    inside, outside = panel.change[panel.attended], panel.change[~panel.attended]
    assert_allclose(estimate.value, inside.mean() - outside.mean(), rtol=1e-9)
    usual = np.sqrt(inside.var() / len(inside) + outside.var() / len(outside))
    assert_allclose(estimate.standard_error, usual, rtol=1e-6)


@pytest.mark.parametrize("wrong", ["propensity", "change"])
def test_doubly_robust_needs_only_one_of_its_two_models(wrong: str) -> None:
    rng, errors = np.random.default_rng(5), []
    shop = simulated_shop(rng)
    template = class_panel(shop, shop.attendees("random", rng))
    for _ in range(20):
        cause = rng.normal(size=len(template))
        attended = rng.random(len(template)) < 1 / (1 + np.exp(2 - cause))
        change = 10 * cause + rng.normal(size=len(template))
        panel = replace(template, attended=attended, after=change + 3 * attended, before=np.zeros_like(template.before))
        design, blind = np.column_stack([np.ones(len(panel)), cause]), np.ones((len(panel), 1))
        propensity = fit_propensity(blind if wrong == "propensity" else design, attended)
        if wrong == "propensity":
            propensity = replace(propensity, covariance=np.zeros((2, 2)))
        else:  # the model of the change sees the cause, but not its direction
            design = np.column_stack([np.ones(len(panel)), np.abs(cause)])
        errors.append(doubly_robust_effect(panel, design, propensity).value - 3)
    assert abs(np.mean(errors)) < 0.5


def test_the_nearest_customers_are_those_of_all_distances() -> None:
    rng = np.random.default_rng(6)
    points, candidates = rng.normal(size=(600, 4)), rng.normal(size=(300, 4))
    distances = ((points[:, None] - candidates) ** 2).sum(axis=2)
    expected = np.sort(np.argsort(distances, axis=1)[:, :NEIGHBOURS], axis=1)
    assert np.array_equal(np.sort(nearest(points, candidates, NEIGHBOURS), axis=1), expected)


def test_a_customer_in_two_cohorts_counts_as_one_in_the_error() -> None:
    rng = np.random.default_rng(7)
    shop = simulated_shop(rng)
    panel = class_panel(shop, shop.attendees("loyal", rng))
    rows = np.tile(np.arange(len(panel)), 2)
    twice = replace(panel.select(rows), cohort=np.repeat([0, 1], len(panel)))
    once, doubled = FittedPanel(panel), FittedPanel(twice)
    assert_allclose(
        doubly_robust_estimate(doubled).standard_error, doubly_robust_estimate(once).standard_error, rtol=0.05
    )
    assert_allclose(difference_in_differences(doubled).standard_error, difference_in_differences(once).standard_error)
    independent = replace(twice, customer=np.arange(len(twice)))
    assert (
        doubly_robust_estimate(FittedPanel(independent)).standard_error
        < 0.8 * doubly_robust_estimate(once).standard_error
    )


def test_a_customer_who_is_matched_often_widens_the_interval() -> None:
    rng = np.random.default_rng(8)
    shop = simulated_shop(rng)
    panel = class_panel(shop, shop.attendees("random", rng))
    fitted = FittedPanel(panel)
    few = panel.select(np.flatnonzero(panel.attended | (np.arange(len(panel)) % 40 == 0)))
    assert matched_estimate(FittedPanel(few)).standard_error > 1.5 * matched_estimate(fitted).standard_error
    assert matched_effect(panel, fitted.position, fitted.matches).value == matched_estimate(fitted).value
