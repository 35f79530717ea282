"""Invitations at random: what inviting does, and what attending does to those who came because they were invited."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from features.arrays import Floats
from training.attendance.estimators.invitations import (
    InvitationEffect,
    InvitationUnits,
    fieller,
    invitation_effect,
    invitations_not_mature,
)
from training.estimate import NORMAL_975
from training.experiments.refusal import Refusal

RUNS, CUSTOMERS, UPTAKE = 300, 5_000, 0.2
TOLERANCE = 3 * np.sqrt(0.05 * 0.95 / RUNS)


def draw(seed: int, effect: float, uptake: float = UPTAKE) -> tuple[InvitationUnits, float]:
    """Invitations with probabilities that differ, to a class that those attend who are about to buy; and the truth."""
    rng = np.random.default_rng(seed)
    known, hidden = rng.normal(size=(2, CUSTOMERS))
    probability = np.where(known > 0, 0.7, 0.4)
    invited = rng.random(CUSTOMERS) < probability
    spend = np.exp(2.5 + 0.5 * known + 0.4 * hidden + 0.2 * rng.normal(size=CUSTOMERS))
    would = rng.random(CUSTOMERS) < np.minimum(uptake * np.exp(0.5 * hidden - 0.125), 1)
    anyway = rng.random(CUSTOMERS) < 0.02
    attended = anyway | (invited & would)
    units = InvitationUnits(
        invited=invited,
        probability=np.where(invited, probability, 1 - probability),
        attended=attended,
        outcome=np.where(attended, spend * (1 + effect), spend),
        converted=np.ones(CUSTOMERS, bool),
        covariates=np.exp(0.5 * known)[:, None],
    )
    came_because = would & ~anyway
    return units, effect * float(spend[came_because].mean())


@cache
def runs(effect: float) -> Floats:
    """Error, interval about the truth, truth, and the effect of inviting over its standard error."""
    rows = []
    for seed in range(RUNS):
        units, truth = draw(seed, effect)
        found = invitation_effect(units)
        assert isinstance(found, InvitationEffect)
        assert found.per_attendee is not None
        one = found.per_attendee
        inviting = found.intention_to_treat
        rows.append(
            (one.value - truth, one.low - truth, one.high - truth, truth, inviting.value / inviting.standard_error)
        )
    return np.array(rows)


def test_without_an_effect_none_is_found_although_those_about_to_buy_attend() -> None:
    rows = runs(0.0)
    assert ((rows[:, 1] > 0) | (rows[:, 2] < 0)).mean() <= 0.05 + TOLERANCE
    assert (np.abs(rows[:, 4]) > NORMAL_975).mean() <= 0.05 + TOLERANCE
    assert abs(rows[:, 0].mean()) < 3 * rows[:, 0].std() / np.sqrt(RUNS)


def test_an_effect_of_thirty_percent_is_found_and_covered() -> None:
    rows = runs(0.3)
    assert (rows[:, 1] + rows[:, 3] > 0).mean() >= 0.95
    assert ((rows[:, 1] <= 0) & (rows[:, 2] >= 0)).mean() >= 0.95 - TOLERANCE
    assert abs(rows[:, 0].mean()) < 0.05 * rows[:, 3].mean()


def test_the_invited_and_the_others_who_attend_would_mislead() -> None:
    units, _ = draw(0, 0.0)
    naive = units.outcome[units.attended].mean() - units.outcome[~units.attended].mean()
    assert naive > 1.5


def test_unequal_probabilities_are_weighted() -> None:
    errors = []
    for seed in range(100):
        units, _ = draw(seed, 0.0)
        blind = replace(units, covariates=np.empty((CUSTOMERS, 0)))
        effect = invitation_effect(blind)
        unweighted = invitation_effect(replace(blind, probability=np.full(CUSTOMERS, 0.5)))
        assert isinstance(effect, InvitationEffect)
        assert isinstance(unweighted, InvitationEffect)
        errors.append((effect.intention_to_treat.value, unweighted.intention_to_treat.value))
    weighted, plain = np.mean(errors, axis=0)
    assert abs(weighted) < 0.3
    assert plain > 2


def test_adjusting_by_what_was_known_before_narrows_the_interval() -> None:
    units, _ = draw(0, 0.0)
    adjusted, unadjusted = (
        invitation_effect(replace(units, covariates=covariates))
        for covariates in (units.covariates, np.empty((CUSTOMERS, 0)))
    )
    assert isinstance(adjusted, InvitationEffect)
    assert isinstance(unadjusted, InvitationEffect)
    assert adjusted.intention_to_treat.standard_error < 0.9 * unadjusted.intention_to_treat.standard_error


def test_an_invitation_that_hardly_changed_who_attends_says_nothing_about_attending() -> None:
    units, _ = draw(0, 0.3, uptake=0.001)
    effect = invitation_effect(units)
    assert isinstance(effect, InvitationEffect)
    assert effect.per_attendee is None


def test_the_ends_of_fiellers_interval_are_the_ratios_that_a_test_just_refuses() -> None:
    covariance = np.array([[0.04, 0.002], [0.002, 0.0009]])
    found = fieller(1.0, 0.2, covariance)
    assert found is not None
    for ratio in (found.low, found.high):
        difference, weights = 1.0 - ratio * 0.2, np.array([1.0, -ratio])
        assert_allclose(difference**2, NORMAL_975**2 * weights @ covariance @ weights)
    assert fieller(1.0, 0.05, covariance) is None


@pytest.mark.parametrize(
    ("change", "reason", "detail"),
    [
        ({"invited": np.ones(CUSTOMERS, bool)}, "no_randomised_control", "Found 5000 invited customers"),
        ({"probability": np.full(CUSTOMERS, np.nan)}, "probabilities_unknown", "Found 5000 draws without"),
        ({"probability": np.full(CUSTOMERS, 0.005)}, "no_overlap", "Found draws of probability 0.005;"),
        ({"converted": np.zeros(CUSTOMERS, bool)}, "too_few", "Found 2317 customers and 0 with an order in"),
        ({"invited": np.arange(CUSTOMERS) < 99}, "too_few", "Found 99 customers and 99 with an order in the smaller"),
    ],
)  # fmt: skip
def test_draws_that_identify_nothing_are_refused(change: dict[str, Any], reason: str, detail: str) -> None:
    units, _ = draw(0, 0.0)
    answer = invitation_effect(replace(units, **change))
    assert isinstance(answer, Refusal)
    assert answer.reason == reason
    assert answer.detail.startswith(detail)


def test_draws_whose_windows_are_not_over_say_when_they_are() -> None:
    refusal = invitations_not_mature(np.array([20_003, 20_001]), 84)
    assert refusal.detail == (
        "Found 2 draws, none of them 84 days ago; expected at least 100 of each kind. Ask again when the log reaches "
        "2024-12-28."
    )
