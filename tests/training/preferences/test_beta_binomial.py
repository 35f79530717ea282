"""Beta-binomial prior: the population's rate and its weight, recovered from simulated customers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.preferences.beta_binomial import DEFAULT_WEIGHT, MAX_WEIGHT, MIN_WEIGHT, fit_beta_binomial
from training.preferences.counts import SparseCounts

CUSTOMERS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=8)


def sampled_counts(*customers: tuple[int, int]) -> tuple[SparseCounts, SparseCounts]:
    """Counts of successes and trials, from customers as (successes, failures)."""
    yes, no = np.array(customers, np.int32).T
    return SparseCounts.from_totals(yes), SparseCounts.from_totals(yes + no)


def test_the_rate_and_the_weight_are_recovered_from_a_sample() -> None:
    rng = np.random.default_rng(0)
    trials = rng.poisson(6, 20_000)
    yes = rng.binomial(trials, rng.beta(0.6, 9.0, len(trials)))
    prior = fit_beta_binomial(*sampled_counts(*zip(yes.tolist(), (trials - yes).tolist(), strict=True)))
    assert (prior.mean[0], prior.weight[0]) == (pytest.approx(0.0625, rel=0.05), pytest.approx(9.6, rel=0.15))


def test_identical_customers_give_the_largest_weight() -> None:
    assert fit_beta_binomial(*sampled_counts(*[(5, 5)] * 50)).weight[0] == pytest.approx(MAX_WEIGHT)


def test_customers_of_all_or_no_successes_give_the_smallest_weight() -> None:
    assert fit_beta_binomial(*sampled_counts((9, 0), (0, 9), (9, 0), (0, 9))).weight[0] == pytest.approx(MIN_WEIGHT)


def test_single_trials_give_the_default_weight() -> None:
    assert fit_beta_binomial(*sampled_counts((1, 0), (0, 1), (0, 1))).weight[0] == DEFAULT_WEIGHT


def test_many_values_with_trials_of_their_own_are_the_same_as_each_alone() -> None:
    yes, trials = np.array([[1, 0], [4, 2], [0, 3]]), np.array([[2, 1], [5, 6], [3, 0]])
    trials = np.maximum(trials, yes)
    together = fit_beta_binomial(_counts_of(yes), _counts_of(trials))
    for value in range(2):
        alone = fit_beta_binomial(*sampled_counts(*zip(yes[:, value], (trials - yes)[:, value], strict=True)))
        assert (together.mean[value], together.weight[value]) == pytest.approx((alone.mean[0], alone.weight[0]))


def test_many_values_that_share_their_trials_are_the_same_as_each_alone() -> None:
    yes, trials = np.array([[1, 0], [4, 2], [0, 3], [0, 0]]), np.array([2, 6, 4, 5])
    together = fit_beta_binomial(_counts_of(yes), SparseCounts.from_totals(trials))
    for value in range(2):
        alone = fit_beta_binomial(*sampled_counts(*zip(yes[:, value], trials - yes[:, value], strict=True)))
        assert (together.mean[value], together.weight[value]) == pytest.approx((alone.mean[0], alone.weight[0]))


@given(CUSTOMERS)
def test_the_posterior_lies_between_the_customers_share_and_the_populations(customers: list[tuple[int, int]]) -> None:
    prior = fit_beta_binomial(*sampled_counts(*customers))
    yes, no = np.array(customers, float).T
    alpha, beta = prior.posterior(np.zeros(len(yes), np.int32), yes, yes + no)
    share, mean = alpha / (alpha + beta), prior.mean[0]
    own_share = np.where(yes + no > 0, yes / np.maximum(yes + no, 1), mean)
    assert (share >= np.minimum(own_share, mean) - 1e-12).all()
    assert (share <= np.maximum(own_share, mean) + 1e-12).all()
    assert share[yes + no == 0] == pytest.approx(mean)


def _counts_of(table: np.ndarray) -> SparseCounts:
    row, value = np.nonzero(table)
    return SparseCounts.from_cells(
        row.astype(np.int32), value.astype(np.int32), table[row, value].astype(np.int32), *table.shape
    )


def test_an_id_with_a_large_share_of_all_trials_hardly_moves_the_prior() -> None:
    rng = np.random.default_rng(4)
    trials = rng.poisson(6, 500)
    customers = list(zip(rng.binomial(trials, 0.1).tolist(), trials.tolist(), strict=True))
    customers = [(yes, number - yes) for yes, number in customers]
    prior, with_guest = (fit_beta_binomial(*sampled_counts(*log)) for log in (customers, [*customers, (2_000, 0)]))
    assert with_guest.mean[0] == pytest.approx(prior.mean[0], rel=0.1)
