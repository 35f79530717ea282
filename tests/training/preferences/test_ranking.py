"""Preference ranking: the top values of each customer by share, rate or frequency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training.preferences import ranking as module
from training.preferences.beta_binomial import BetaBinomialPrior
from training.preferences.counts import SparseCounts
from training.preferences.ranking import (
    RankedPreferences,
    frequency_candidates,
    rank_preferences,
    rate_candidates,
    share_candidates,
)


def counts_of(table: np.ndarray) -> SparseCounts:
    row, value = np.nonzero(table)
    return SparseCounts.from_cells(
        row.astype(np.int32), value.astype(np.int32), table[row, value].astype(np.int32), *table.shape
    )


def ranked_values(ranking: RankedPreferences, customer: int) -> list[tuple[int, object]]:
    part = slice(ranking.offsets[customer], ranking.offsets[customer + 1])
    return list(zip(ranking.value[part].tolist(), ranking.share.mean[part].tolist(), strict=True))


def test_shares_of_a_customer_add_up_to_one() -> None:
    ranking = rank_preferences(
        2, 3, share_candidates(counts_of(np.array([[0, 8, 2], [0, 0, 0]])), np.array([2.0, 1.0, 1.0]))
    )
    assert ranked_values(ranking, 0) == [
        (1, pytest.approx(9 / 14)),
        (2, pytest.approx(3 / 14)),
        (0, pytest.approx(2 / 14)),
    ]
    assert ranked_values(ranking, 1) == [(0, 0.5), (1, 0.25), (2, 0.25)]
    assert ranking.has_own_evidence.tolist() == [True, False]


def test_a_channel_of_a_high_rate_comes_before_one_of_many_trials() -> None:
    yes, trials, prior = (
        counts_of(np.array([[2, 3]])),
        counts_of(np.array([[20, 4]])),
        BetaBinomialPrior(np.array([0.2, 0.1]), np.array([5.0, 3])),
    )
    ranking = rank_preferences(1, 2, rate_candidates(yes, trials, prior))
    assert ranked_values(ranking, 0) == [(1, pytest.approx((3 + 0.3) / 7)), (0, pytest.approx((2 + 1) / 25))]
    assert ranking.has_own_evidence.tolist() == [True]


def test_a_customer_without_touches_has_the_populations_rates() -> None:
    none = counts_of(np.zeros((1, 2), int))
    ranking = rank_preferences(
        1, 2, rate_candidates(none, none, BetaBinomialPrior(np.array([0.1, 0.2]), np.array([5.0, 5.0])))
    )
    assert (ranked_values(ranking, 0), ranking.has_own_evidence.tolist()) == (
        [(1, pytest.approx(0.2)), (0, pytest.approx(0.1))],
        [False],
    )


tables = st.lists(st.lists(st.integers(0, 6), min_size=7, max_size=7), min_size=1, max_size=5)


@given(tables, st.integers(1, 4))
def test_the_top_candidates_are_the_top_of_all_values(table: list[list[int]], max_values: int) -> None:
    yes = np.array(table)
    trials = yes.max(axis=1) + np.arange(len(yes))
    prior = BetaBinomialPrior(
        np.array([0.3, 0.05, 0.6, 0.2, 0.45, 0.1, 0.02]), np.array([3.0, 50.0, 8.0, 1.0, 20.0, 2.0, 5.0])
    )
    ranking = rank_preferences(
        len(yes),
        max_values,
        frequency_candidates(counts_of(yes), SparseCounts.from_totals(trials.astype(np.int32)), prior, max_values),
    )
    for row in range(len(yes)):
        mean = (prior.mean * prior.weight + yes[row]) / (prior.weight + trials[row])
        assert [share for _, share in ranked_values(ranking, row)] == pytest.approx(
            sorted(mean, reverse=True)[:max_values]
        )
        assert [share for _, share in ranked_values(ranking, row)] == pytest.approx(
            [mean[value] for value, _ in ranked_values(ranking, row)]
        )


def test_a_slice_at_a_time_is_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).integers(0, 4, (7, 6))
    yes, trials = counts_of(table), SparseCounts.from_totals(table.max(axis=1).astype(np.int32) + 1)
    prior = BetaBinomialPrior(np.linspace(0.1, 0.6, 6), np.full(6, 4.0))
    whole = rank_preferences(7, 3, frequency_candidates(yes, trials, prior, 3))
    monkeypatch.setattr(module, "CHUNK_SIZE", 2)
    sliced = rank_preferences(7, 3, frequency_candidates(yes, trials, prior, 3))
    assert_array_equal(whole.offsets, sliced.offsets)
    assert_array_equal(whole.value, sliced.value)
    assert_array_equal(whole.share.p90, sliced.share.p90)
