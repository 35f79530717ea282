"""Recency, frequency and money come to scores, and the scores to layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.config.conditions import Measure
from features.config.segmentation import Rfm
from training.segments.rfm import RFM_SEGMENTS, RfmScores, quantile_scores, required_measures, score_rfm

OWN = Rfm(recency=(30, 90), frequency=(2, 5), monetary=(100, 500))
NEVER = np.nan


def rfm_scores(said: Rfm, *customers: tuple[float, float, float]) -> RfmScores:
    """Customers as days since the last order, orders, spend."""
    columns = np.array(customers, float).reshape(-1, 3).T
    return score_rfm(said, dict(zip(required_measures(said), columns, strict=True)))


def segment_names(found: RfmScores) -> list[str | None]:
    return [None if code < 0 else list(RFM_SEGMENTS)[code] for code in found.layer]


def test_a_customer_on_a_cut_point_has_the_better_score() -> None:
    found = rfm_scores(OWN, (30, 2, 100), (31, 1, 99.99), (90, 5, 500), (91, 4, 499))
    assert found.recency.tolist() == [3, 2, 2, 1]
    assert found.frequency.tolist() == [2, 1, 3, 2]
    assert found.monetary.tolist() == [2, 1, 3, 2]


@pytest.mark.parametrize(
    ("customer", "layer", "chinese"),
    [
        ((10, 9, 900), "important_keep", "重要价值"),
        ((10, 1, 900), "important_develop", "重要发展"),
        ((99, 9, 900), "important_retain", "重要保持"),
        ((99, 1, 900), "important_win_back", "重要挽留"),
        ((10, 9, 200), "ordinary_keep", "一般价值"),
        ((10, 1, 200), "ordinary_develop", "一般发展"),
        ((99, 9, 200), "ordinary_retain", "一般保持"),
        ((99, 1, 200), "ordinary_win_back", "一般挽留"),
    ],
)
def test_high_and_low_make_eight_layers(customer: tuple[float, float, float], layer: str, chinese: str) -> None:
    assert segment_names(rfm_scores(OWN, customer)) == [layer]
    assert RFM_SEGMENTS[layer] == chinese


def test_the_middle_of_a_scale_is_not_high() -> None:
    assert segment_names(rfm_scores(OWN, (60, 3, 200), (60, 3, 500), (30, 5, 500))) == [
        "ordinary_win_back",
        "important_win_back",
        "important_keep",
    ]
    assert segment_names(rfm_scores(Rfm(recency=(30,), frequency=(2,), monetary=(100,)), (30, 2, 100))) == [
        "important_keep"
    ]


def test_who_never_ordered_has_no_score_and_moves_nobody_elses() -> None:
    buyers = [(float(day), float(day), float(day)) for day in range(10)]
    found = rfm_scores(Rfm(), *buyers, *[(NEVER, 0, 0)] * 30)
    assert found.recency.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1] + [0] * 30
    assert found.frequency.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5] + [0] * 30
    assert segment_names(found)[10:] == [None] * 30
    assert segment_names(rfm_scores(Rfm(), (NEVER, 0, 0))) == [None]


def test_without_amounts_there_is_no_layer() -> None:
    found = rfm_scores(OWN, (10, 9, NEVER))
    assert (found.recency.tolist(), found.frequency.tolist(), found.monetary.tolist()) == ([3], [3], [0])
    assert segment_names(found) == [None]


def test_most_customers_with_one_order_are_no_frequent_ones() -> None:
    found = rfm_scores(Rfm(), *[(5, 1, 10)] * 8, (5, 2, 10), (5, 7, 10))
    assert found.frequency.tolist() == [1] * 8 + [5, 5]


def test_the_business_says_how_far_back_is_looked() -> None:
    assert required_measures(Rfm(frequency_days=365, monetary_days=90)) == (
        Measure("days_since_order"),
        Measure("orders", 365),
        Measure("spend", 90),
    )


def test_a_buyer_without_an_order_in_the_window_has_the_lowest_score() -> None:
    assert rfm_scores(OWN, (400, 0, 0)).frequency.tolist() == [1]


amounts = st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(NEVER), st.integers(0, 5).map(float)), max_size=40)
cuts = st.lists(st.integers(-10, 10), max_size=6, unique=True).map(sorted)


@given(amounts, cuts)
def test_more_is_never_worse_and_equals_are_equal(worth: list[float], points: Sequence[float]) -> None:
    values = np.array(worth, float)
    found = quantile_scores(values, points)
    known = ~np.isnan(values)
    assert ((found == 0) == ~known).all()
    order = np.argsort(values[known], kind="stable")
    assert (np.diff(found[known][order]) >= 0).all()
    assert len({(value, score) for value, score in zip(values[known], found[known], strict=True)}) == len(
        set(values[known].tolist())
    )
    assert found.max(initial=0) <= (len(points) + 1 if points else 5)


@given(amounts.map(lambda some: [one for one in some if not np.isnan(one)]), cuts, st.integers(-10, 10))
def test_a_further_cut_point_raises_whoever_reaches_it_by_one(worth: list[float], points: list[int], more: int) -> None:
    assume(points and more not in points)
    values = np.array(worth, float)
    before, after = quantile_scores(values, points), quantile_scores(values, sorted([*points, more]))
    assert (after - before == (values >= more)).all()


@given(st.permutations(range(12)))
def test_it_does_not_matter_in_which_order_customers_come(order: list[int]) -> None:
    worth = np.array([1, 1, 1, 2, 3, 5, 8, 8, 13, NEVER, 21, 0], float)
    assert quantile_scores(worth[order], ()).tolist() == quantile_scores(worth, ())[order].tolist()
