"""Histograms: round edges that stay where they are, and no bin of a few."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.arrays import Booleans
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.histograms import BinCounts, count_bins, merge_small
from serving.audiences.query.value_ranges import nice_step, value_range


def numbers(*values: float) -> NumericColumn:
    return NumericColumn(pa.float64(), np.array(values), None)


def everybody(column: NumericColumn) -> Booleans:
    return np.ones(len(column.values), np.bool_)


def test_bins_have_round_edges_and_count_everybody_once() -> None:
    column = numbers(*np.linspace(0.003, 0.997, 1000))
    binned = count_bins(column, everybody(column), everybody(column), 10, 0)
    assert binned is not None
    np.testing.assert_allclose(binned.edges, np.linspace(0, 1, 11))
    assert binned.counts.sum() == 1000


def test_edges_do_not_move_with_the_selection() -> None:
    column = numbers(*np.linspace(0, 100, 400))
    whole = count_bins(column, everybody(column), everybody(column), 10, 0)
    half = count_bins(column, everybody(column), np.arange(400) < 200, 10, 0)
    assert whole is not None
    assert half is not None
    assert half.edges.tolist() == whole.edges.tolist()
    assert half.counts.sum() == 200


def test_one_large_value_lies_in_the_last_bin_and_flattens_no_other() -> None:
    column = numbers(*np.linspace(0, 10, 999), 1e9)
    binned = count_bins(column, everybody(column), everybody(column), 10, 0)
    assert binned is not None
    assert (binned.edges[-1], binned.counts.sum()) == (10, 1000)


def test_nulls_and_the_unreachable_are_not_counted() -> None:
    column = NumericColumn(pa.float64(), np.arange(40.0), np.arange(40) >= 30)
    reachable = np.arange(40) < 20
    binned = count_bins(column, reachable, reachable, 4, 0)
    assert binned is not None
    assert binned.counts.sum() == 20


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30), st.integers(1, 12))
def test_every_bin_that_is_told_has_enough_customers(counts: list[int], smallest: int) -> None:
    merged = merge_small(BinCounts(np.arange(len(counts) + 1.0), np.array(counts)), smallest)
    assert all(count >= smallest for count in merged.counts)
    assert merged.counts.sum() == (sum(counts) if sum(counts) >= smallest else 0)
    if len(merged.counts):
        assert (merged.edges[0], merged.edges[-1]) == (0, len(counts))
        assert len(merged.edges) == len(merged.counts) + 1


def test_too_few_customers_have_no_histogram() -> None:
    column = numbers(*range(40))
    assert count_bins(column, everybody(column), np.arange(40) < 9, 5, 10) is None


def test_the_ends_of_a_range_are_nobodys_own_value_unless_all_may_be_told() -> None:
    column = numbers(*(np.arange(1000) + 0.123))
    rounded, exact = value_range(column, everybody(column), 10), value_range(column, everybody(column), 0)
    assert exact is not None
    assert rounded is not None
    assert (exact.minimum, exact.maximum) == (0.123, 999.123)
    assert (rounded.minimum, rounded.maximum) == (0.0, 1000.0)


def test_a_range_of_a_few_is_not_told() -> None:
    column = numbers(*range(19))
    assert value_range(column, everybody(column), 10) is None


@pytest.mark.parametrize(
    ("width", "unit", "step"),
    [
        (0.03, 0, 0.05),
        (0.05, 0, 0.05),
        (7, 0, 10),
        (0.4, 1, 1),
        (1.5, 1, 2),
        (0, 0, 1),
        (3 * 86.4e9, 86.4e9, 5 * 86.4e9),
    ],
)
def test_steps_are_round(width: float, unit: float, step: float) -> None:
    assert nice_step(width, unit) == pytest.approx(step)
