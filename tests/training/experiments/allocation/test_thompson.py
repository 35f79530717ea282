from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from tests.training.experiments.allocation.cases import counts_of, experiment
from training.experiments.allocation.arm_effects import fit_arm_effects
from training.experiments.allocation.partial_pooling import EFFECT_SD, SEGMENT_SDS
from training.experiments.allocation.thompson import allocate, apply_floor, best_arm_probabilities, is_warm
from training.experiments.record.experiment import WarmUp

DRAWS = 2000


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("arms", "floor"), [(2, 0.01), (2, 0.5), (4, 0.05), (10, 0.1), (10, 0.02)])
@pytest.mark.parametrize("removed", [0, 1])
def test_probabilities_sum_to_one_and_no_active_arm_is_below_the_floor(
    arms: int, floor: float, removed: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    units = rng.integers(0, 500, (3, 9, arms))
    counts = counts_of(units, rng.binomial(units, rng.dirichlet(np.ones(arms))))
    even = np.full(arms, 1 / (arms - removed))
    even[arms - removed :] = 0
    probabilities = allocate(counts, experiment(arms, floor=floor).allocation, even, rng, DRAWS)
    assert probabilities.sum(-1) == pytest.approx(1, abs=1e-12)
    assert (probabilities[..., : arms - removed] >= floor - 1e-12).all()
    assert not probabilities[..., arms - removed :].any()


def test_the_probability_to_be_best_of_two_arms_is_that_of_the_normal_posterior() -> None:
    information = fit_arm_effects(counts_of(np.array([[[1000, 1000]]]), np.array([[[90, 110]]])), np.ones(1))
    (best,) = best_arm_probabilities(information, np.array([True, True]), np.random.default_rng(0), 200_000)[0, :, 1:]
    precision = 200 / 0.9 / 4  # of the difference, which is .2: 200 conversions at a rate of .1, half of them each
    prior_variance = 2 * (EFFECT_SD**2 + SEGMENT_SDS[0] ** 2)
    assert best == pytest.approx(norm.cdf(0.2 * precision / np.sqrt(precision + 1 / prior_variance)), abs=0.003)


def test_without_any_outcome_every_arm_is_equally_probable() -> None:
    information = fit_arm_effects(counts_of(np.zeros((2, 3, 4)), np.zeros((2, 3, 4))), np.ones(3))
    best = best_arm_probabilities(information, np.ones(4, dtype=bool), np.random.default_rng(0), 20_000)
    assert best == pytest.approx(0.25, abs=0.01)


def test_the_floor_is_added_and_not_cut() -> None:
    best = np.array([0.9, 0.1, 0.0])
    assert apply_floor(best, 0.05, np.array([True] * 3)) == pytest.approx([0.815, 0.135, 0.05])
    assert apply_floor(best, 0.05, np.array([True, True, False])) == pytest.approx([0.86, 0.14, 0.0])


def test_the_split_stays_even_until_every_active_arm_has_units_and_conversions() -> None:
    counts = counts_of(np.array([[[100, 100, 5]]]), np.array([[[40, 39, 1]]]))
    all_arms, two_arms = np.array([True] * 3), np.array([True, True, False])
    assert not is_warm(counts, WarmUp(units=100, conversions=40), two_arms)[0]
    assert not is_warm(counts, WarmUp(units=101, conversions=39), two_arms)[0]
    assert is_warm(counts, WarmUp(units=100, conversions=39), two_arms)[0]
    assert not is_warm(counts, WarmUp(units=100, conversions=39), all_arms)[0]


def test_a_half_life_forgets_the_winner_of_long_ago() -> None:
    units = np.full((1, 40, 2), 500)
    conversions = np.where(np.arange(40)[None, :, None] < 25, [40, 60], [60, 40])
    shares = [
        allocate(
            counts_of(units, conversions), experiment(half_life_days=days).allocation, np.full(2, 0.5),
            np.random.default_rng(0), DRAWS,
        )[0, 0, 0]
        for days in (None, 5)
    ]  # fmt: skip
    assert shares[0] < 0.1
    assert shares[1] > 0.9
