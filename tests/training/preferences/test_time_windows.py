"""Preferred time windows: a customer's best window, weighed with the population's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training.preferences import time_windows as module
from training.preferences.counts import SparseCounts
from training.preferences.time_windows import preferred_windows

FLAT = np.full(24, 0.5)  # weighs as much as twelve visits
TABLES = st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=6)


def counts_of(table: np.ndarray) -> SparseCounts:
    row, value = np.nonzero(table)
    return SparseCounts.from_cells(
        row.astype(np.int32), value.astype(np.int32), table[row, value].astype(np.int32), *table.shape
    )


def visit_counts(*hours: int) -> np.ndarray:
    return np.bincount(hours, minlength=24)[None, :]


def test_two_hours_in_a_row_win_over_a_fuller_single_one() -> None:
    preferred = preferred_windows(counts_of(visit_counts(20, 20, 20, 21, 21, 21, 9, 9, 9, 9)), FLAT, 2)
    assert preferred.first[0] == 20
    assert preferred.share.mean[0] == pytest.approx((6 + 1) / (10 + 12))


def test_a_window_may_reach_over_midnight() -> None:
    preferred = preferred_windows(counts_of(visit_counts(23, 23, 0, 0, 12)), FLAT, 2)
    assert (preferred.first[0], preferred.share.mean[0]) == (23, pytest.approx((4 + 1) / (5 + 12)))


def test_a_customer_without_visits_has_the_populations_window() -> None:
    prior = np.arange(24.0)
    preferred = preferred_windows(counts_of(np.zeros((1, 24), int)), prior, 2)
    assert (preferred.first[0], preferred.share.mean[0], preferred.has_own_evidence[0]) == (
        22,
        pytest.approx(45 / prior.sum()),
        False,
    )


def test_own_evidence_begins_where_own_visits_outweigh_the_population() -> None:
    preferred = preferred_windows(
        counts_of(np.concatenate([visit_counts(*[3] * times) for times in (12, 13)])), FLAT, 2
    )
    assert preferred.has_own_evidence.tolist() == [False, True]


@given(TABLES, st.integers(1, 3))
def test_the_share_lies_between_the_customers_own_and_the_populations(table: list[list[int]], width: int) -> None:
    counts, prior = np.array(table), np.array([0.5, 1.0, 2.0, 0.25])
    preferred = preferred_windows(counts_of(counts), prior, width)
    for row, times in enumerate(counts):
        window = [(preferred.first[row] + step) % 4 for step in range(width)]
        population = prior[window].sum() / prior.sum()
        own_share = times[window].sum() / times.sum() if times.any() else population
        assert min(own_share, population) - 1e-9 <= preferred.share.mean[row] <= max(own_share, population) + 1e-9


@given(TABLES, st.randoms())
def test_a_customers_window_does_not_depend_on_other_customers(table: list[list[int]], random: object) -> None:
    order = sorted(range(len(table)), key=lambda _: random.random())  # type: ignore[attr-defined]
    prior = np.array([0.5, 1.0, 2.0, 0.25])
    whole, shuffled = (
        preferred_windows(counts_of(np.array(table)), prior),
        preferred_windows(counts_of(np.array(table)[order]), prior),
    )
    assert_array_equal(whole.first[order], shuffled.first)
    assert_array_equal(whole.share.p90[order], shuffled.share.p90)


def test_a_slice_at_a_time_is_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(0).integers(0, 4, (7, 24))
    whole = preferred_windows(counts_of(table), FLAT, 2)
    monkeypatch.setattr(module, "CHUNK_SIZE", 3)
    sliced = preferred_windows(counts_of(table), FLAT, 2)
    assert_array_equal(whole.first, sliced.first)
    assert_array_equal(whole.share.p10, sliced.share.p10)
