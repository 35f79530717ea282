"""Dirichlet prior: shares and weight recovered from simulated customers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammaln

from training.preferences.counts import SparseCounts
from training.preferences.dirichlet_prior import DEFAULT_WEIGHT, MAX_WEIGHT, MIN_WEIGHT, concentrations


def counts_of(table: np.ndarray) -> SparseCounts:
    row, value = np.nonzero(table)
    return SparseCounts.from_cells(
        row.astype(np.int32), value.astype(np.int32), table[row, value].astype(np.int32), *table.shape
    )


def likelihood(table: np.ndarray, prior: np.ndarray) -> float:
    """Log likelihood of a Dirichlet-multinomial over all customers, up to a constant."""
    total, whole = table.sum(axis=1), prior.sum()
    each = gammaln(whole) - gammaln(total + whole) + (gammaln(table + prior) - gammaln(prior)).sum(axis=1)
    return float(each.sum())


def draw_counts(prior: list[float], customers: int = 4_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.multinomial(rng.poisson(6, customers), rng.dirichlet(prior, customers))


def test_the_prior_is_recovered_from_a_sample() -> None:
    prior = concentrations(counts_of(draw_counts([0.5, 2.0, 1.0, 4.0])))
    assert prior == pytest.approx([0.5, 2.0, 1.0, 4.0], rel=0.1)


def test_the_prior_maximizes_the_likelihood() -> None:
    table = draw_counts([0.5, 2.0, 1.0], 300)
    prior = concentrations(counts_of(table))
    best = likelihood(table, prior)
    for index in range(3):
        for factor in (0.95, 1.05):
            neighbour = prior.copy()
            neighbour[index] *= factor
            assert likelihood(table, neighbour) < best


def test_customers_of_one_count_each_give_the_default_weight() -> None:
    assert concentrations(counts_of(np.array([[1, 0], [0, 1], [0, 1], [0, 1]]))) == pytest.approx(
        [DEFAULT_WEIGHT / 4, 3 * DEFAULT_WEIGHT / 4]
    )


def test_identical_customers_give_the_largest_weight() -> None:
    assert MAX_WEIGHT / 2 < concentrations(counts_of(np.full((500, 2), 30))).sum() <= MAX_WEIGHT


def test_customers_without_a_common_value_give_the_smallest_weight() -> None:
    assert concentrations(counts_of(np.diag([50] * 6))).sum() == pytest.approx(MIN_WEIGHT)


def test_no_counts_give_no_concentrations() -> None:
    assert concentrations(counts_of(np.zeros((3, 4), int))).tolist() == [0.0] * 4
