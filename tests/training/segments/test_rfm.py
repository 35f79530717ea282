"""RFM: scores of recency, frequency and monetary value, and the layers of the scores."""

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


def rfm_scores(config: Rfm, *customers: tuple[float, float, float]) -> RfmScores:
    """RFM scores of customers given as days since the last order, orders, spend."""
    columns = np.array(customers, float).reshape(-1, 3).T
    return score_rfm(config, dict(zip(required_measures(config), columns, strict=True)))


def segment_names(scores: RfmScores) -> list[str | None]:
    return [None if code < 0 else list(RFM_SEGMENTS)[code] for code in scores.layer]


def test_a_customer_on_a_cut_point_has_the_better_score() -> None:
    scores = rfm_scores(OWN, (30, 2, 100), (31, 1, 99.99), (90, 5, 500), (91, 4, 499))
    assert scores.recency.tolist() == [3, 2, 2, 1]
    assert scores.frequency.tolist() == [2, 1, 3, 2]
    assert scores.monetary.tolist() == [2, 1, 3, 2]


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


def test_a_customer_without_orders_has_no_score_and_changes_no_other() -> None:
    buyers = [(float(day), float(day), float(day)) for day in range(10)]
    scores = rfm_scores(Rfm(), *buyers, *[(NEVER, 0, 0)] * 30)
    assert scores.recency.tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1] + [0] * 30
    assert scores.frequency.tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5] + [0] * 30
    assert segment_names(scores)[10:] == [None] * 30
    assert segment_names(rfm_scores(Rfm(), (NEVER, 0, 0))) == [None]


def test_without_amounts_there_is_no_layer() -> None:
    scores = rfm_scores(OWN, (10, 9, NEVER))
    assert (scores.recency.tolist(), scores.frequency.tolist(), scores.monetary.tolist()) == ([3], [3], [0])
    assert segment_names(scores) == [None]


def test_equal_order_counts_have_the_lowest_score_together() -> None:
    scores = rfm_scores(Rfm(), *[(5, 1, 10)] * 8, (5, 2, 10), (5, 7, 10))
    assert scores.frequency.tolist() == [1] * 8 + [5, 5]


def test_the_windows_are_configured() -> None:
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
    scores = quantile_scores(values, points)
    valid = ~np.isnan(values)
    assert ((scores == 0) == ~valid).all()
    order = np.argsort(values[valid], kind="stable")
    assert (np.diff(scores[valid][order]) >= 0).all()
    assert len({(value, score) for value, score in zip(values[valid], scores[valid], strict=True)}) == len(
        set(values[valid].tolist())
    )
    assert scores.max(initial=0) <= (len(points) + 1 if points else 5)


@given(amounts.map(lambda values: [value for value in values if not np.isnan(value)]), cuts, st.integers(-10, 10))
def test_a_further_cut_point_raises_the_scores_above_it_by_one(
    worth: list[float], points: list[int], more: int
) -> None:
    assume(points and more not in points)
    values = np.array(worth, float)
    before, after = quantile_scores(values, points), quantile_scores(values, sorted([*points, more]))
    assert (after - before == (values >= more)).all()


@given(st.permutations(range(12)))
def test_the_order_of_the_customers_does_not_matter(order: list[int]) -> None:
    worth = np.array([1, 1, 1, 2, 3, 5, 8, 8, 13, NEVER, 21, 0], float)
    assert quantile_scores(worth[order], ()).tolist() == quantile_scores(worth, ())[order].tolist()
