"""Segment rules: the conditions of the business' own segments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.config.conditions import Bounds, Conditions, Measure, WindowedBounds
from training.segments.rules import column_names, matches

BIG_BASKETS = Conditions(
    orders=WindowedBounds(within_days=182, at_least=5), average_basket=WindowedBounds(within_days=182, above=500)
)


def test_all_conditions_must_hold() -> None:
    measured = {
        Measure("orders", 182): np.array([5.0, 4.0, 5.0, 0.0]),
        Measure("average_basket", 182): np.array([500.01, 900.0, 500.0, np.nan]),
    }
    assert matches(BIG_BASKETS, measured, 4).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("bounds", "inside"),
    [
        (Bounds(at_least=2, at_most=3), [2, 3]),
        (Bounds(above=2), [3, 4]),
        (Bounds(below=2), [1]),
        (Bounds(at_most=2), [1, 2]),
        (Bounds(above=1, below=3), [2]),
    ],
)
def test_a_bound_includes_or_excludes_its_number(bounds: Bounds, inside: list[int]) -> None:
    days = np.array([1.0, 2.0, 3.0, 4.0])
    mask = matches(Conditions(days_known=bounds), {Measure("days_known"): days}, 4)
    assert days[mask].tolist() == inside


@pytest.mark.parametrize("bounds", [Bounds(at_least=-9), Bounds(at_most=1e9), Bounds(above=-9), Bounds(below=1e9)])
def test_a_missing_measure_meets_no_condition(bounds: Bounds) -> None:
    measured = {Measure("days_since_order"): np.array([np.nan, 0.0])}
    assert matches(Conditions(days_since_order=bounds), measured, 2).tolist() == [False, True]


def test_no_condition_matches_every_customer() -> None:
    assert matches(Conditions(), {}, 3).tolist() == [True, True, True]


def test_similar_segment_names_have_distinct_columns() -> None:
    assert column_names(["big baskets", "Big-Baskets!", "big baskets 2", "!", "?", "大客户"]) == {
        "big baskets": "segment_big_baskets",
        "Big-Baskets!": "segment_big_baskets_2",
        "big baskets 2": "segment_big_baskets_2_2",
        "!": "segment_unnamed",
        "?": "segment_unnamed_2",
        "大客户": "segment_大客户",
    }


@given(st.lists(st.text(" !-aA12", min_size=1, max_size=4), unique=True, max_size=30))
def test_no_two_segments_share_a_column(names: list[str]) -> None:
    columns = column_names(names)
    assert list(columns) == names
    assert len(set(columns.values())) == len(names)


@given(st.floats(-5, 5), st.floats(0, 5), st.lists(st.floats(-10, 10)))
def test_a_higher_bound_matches_no_further_customer(bound: float, more: float, numbers: list[float]) -> None:
    values = {Measure("days_known"): np.array(numbers, float)}
    loose, tight = (Conditions(days_known=Bounds(at_least=limit)) for limit in (bound, bound + more))
    assert (matches(tight, values, len(numbers)) <= matches(loose, values, len(numbers))).all()
