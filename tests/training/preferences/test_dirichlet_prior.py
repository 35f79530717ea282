"""How alike customers are in how they divide what they do is found again in customers who were drawn so."""

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
    """Of a Dirichlet-multinomial, up to a constant, customer by customer."""
    total, whole = table.sum(axis=1), prior.sum()
    each = gammaln(whole) - gammaln(total + whole) + (gammaln(table + prior) - gammaln(prior)).sum(axis=1)
    return float(each.sum())


def draw_counts(prior: list[float], customers: int = 4_000) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.multinomial(rng.poisson(6, customers), rng.dirichlet(prior, customers))


def test_the_prior_is_that_which_the_customers_were_drawn_from() -> None:
    found = concentrations(counts_of(draw_counts([0.5, 2.0, 1.0, 4.0])))
    assert found == pytest.approx([0.5, 2.0, 1.0, 4.0], rel=0.1)


def test_no_prior_beside_it_makes_what_was_seen_likelier() -> None:
    table = draw_counts([0.5, 2.0, 1.0], 300)
    found = concentrations(counts_of(table))
    best = likelihood(table, found)
    for place in range(3):
        for factor in (0.95, 1.05):
            beside = found.copy()
            beside[place] *= factor
            assert likelihood(table, beside) < best


def test_customers_who_did_one_thing_each_do_not_tell_how_alike_they_are() -> None:
    assert concentrations(counts_of(np.array([[1, 0], [0, 1], [0, 1], [0, 1]]))) == pytest.approx(
        [DEFAULT_WEIGHT / 4, 3 * DEFAULT_WEIGHT / 4]
    )


def test_customers_who_are_all_alike_outweigh_the_own_times_of_any() -> None:
    assert MAX_WEIGHT / 2 < concentrations(counts_of(np.full((500, 2), 30))).sum() <= MAX_WEIGHT


def test_customers_who_have_nothing_in_common_weigh_one_time() -> None:
    assert concentrations(counts_of(np.diag([50] * 6))).sum() == pytest.approx(MIN_WEIGHT)


def test_nobody_did_anything() -> None:
    assert concentrations(counts_of(np.zeros((3, 4), int))).tolist() == [0.0] * 4
