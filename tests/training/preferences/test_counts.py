"""Sparse counts: cells per customer and value, independent of the order of the input."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training.preferences.counts import SparseCounts

CELLS = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 2), st.integers(0, 400)), max_size=12)


def count_values(*cells: tuple[int, int, int], customers: int = 5, values: int = 3) -> SparseCounts:
    row, value, times = np.array(cells, np.int32).reshape(-1, 3).T
    return SparseCounts.from_cells(row, value, times, customers, values)


def test_a_pair_that_comes_twice_is_added_up() -> None:
    assert count_values((1, 2, 3), (0, 0, 1), (1, 2, 300)).to_dense().tolist()[:2] == [[1, 0, 0], [0, 0, 303]]


def test_missing_values_and_zero_counts_are_left_out() -> None:
    assert len(count_values((0, -1, 5), (1, -1, 5), (1, 1, 0)).row) == 0


@given(CELLS, st.randoms())
def test_the_order_of_the_cells_does_not_matter(cells: list[tuple[int, int, int]], random: object) -> None:
    shuffled = sorted(cells, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert_array_equal(count_values(*cells).to_dense(), count_values(*shuffled).to_dense())


@given(CELLS, st.integers(0, 5), st.integers(0, 5))
def test_a_slice_has_the_rows_of_its_customers(cells: list[tuple[int, int, int]], first: int, second: int) -> None:
    start, stop = sorted((first, second))
    counts = count_values(*cells)
    assert_array_equal(counts.slice_customers(start, stop).to_dense(), counts.to_dense()[start:stop])
    parts = [counts.slice_customers(0, start), counts.slice_customers(start, stop), counts.slice_customers(stop, 5)]
    assert_array_equal(SparseCounts.concatenate(parts).to_dense(), counts.to_dense())


def test_counts_of_one_value_are_the_times_of_every_customer() -> None:
    counts = SparseCounts.from_totals(np.array([0, 7, 300], np.int32))
    assert (counts.to_dense()[:, 0].tolist(), counts.totals().tolist(), counts.values) == ([0, 7, 300], [0, 7, 300], 1)
