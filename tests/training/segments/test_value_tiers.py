"""The most valuable customers fill the tiers, the best first."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.config.segmentation import exact_fraction
from training.segments.value_tiers import top_share, value_tiers

BY: list[Literal["customers", "revenue"]] = ["customers", "revenue"]
worths = st.lists(st.integers(0, 50).map(float), max_size=60)
cuts = st.lists(st.integers(1, 100), min_size=1, max_size=4).filter(lambda some: sum(some) <= 100)
shares = cuts.map(lambda some: [one / 100 for one in some])


def tiers(worth: list[float], said: list[float], by: Literal["customers", "revenue"] = "customers") -> list[int]:
    found: list[int] = value_tiers(np.array(worth, float), said, by).tolist()
    return found


def test_each_tier_takes_its_own_share_of_the_customers_after_the_one_before() -> None:
    worth = [10.0, 90.0, 30.0, 50.0, 70.0, 20.0, 80.0, 40.0, 60.0, 100.0]
    assert tiers(worth, [0.2, 0.3]) == [2, 0, 2, 2, 1, 2, 1, 2, 1, 0]


def test_of_equals_the_one_who_comes_first_has_the_better_tier() -> None:
    assert tiers([5, 5, 5, 5], [0.25, 0.25]) == [0, 1, 2, 2]


def test_the_fewest_customers_bring_a_share_of_the_revenue() -> None:
    assert tiers([60, 20, 10, 10, 0], [0.6], "revenue") == [0, 1, 1, 1, 1]
    assert tiers([60, 20, 10, 10, 0], [0.61], "revenue") == [0, 0, 1, 1, 1]
    assert tiers([60, 20, 10, 10, 0], [0.6, 0.2], "revenue") == [0, 1, 2, 2, 2]


def test_who_brings_nothing_is_needed_for_no_share() -> None:
    assert tiers([3, 0, 1], [1.0], "revenue") == [0, 1, 0]
    assert tiers([0, 0], [1.0], "revenue") == [1, 1]


def test_ten_tenths_are_everybody() -> None:
    assert tiers([float(one) for one in range(10)], [0.1] * 10)[::-1] == list(range(10))


@pytest.mark.parametrize("by", BY)
def test_without_customers_there_is_nobody(by: Literal["customers", "revenue"]) -> None:
    assert tiers([], [0.5], by) == []


@given(worths, shares)
def test_shares_of_customers_are_exact_to_the_nearest_whole_one(worth: list[float], said: list[float]) -> None:
    found, through = tiers(worth, said), Fraction(0)
    for place, share in enumerate(said):
        through += exact_fraction(share)
        assert abs(sum(one <= place for one in found) - through * len(worth)) <= Fraction(1, 2)


@given(worths, shares)
def test_tiers_bring_their_share_of_the_revenue_and_would_not_with_one_customer_less(
    worth: list[float], said: list[float]
) -> None:
    found, through = np.array(tiers(worth, said, "revenue")), Fraction(0)
    for place, share in enumerate(said):
        through += exact_fraction(share)
        inside = [value for value, tier in zip(worth, found, strict=True) if tier <= place]
        assert sum(inside) >= through * Fraction(sum(worth)) if inside else not any(worth)
        if inside:
            assert sum(inside) - min(inside) < through * Fraction(sum(worth))


@pytest.mark.parametrize("by", BY)
@given(worths, shares)
def test_who_is_worth_more_is_in_no_lower_tier(
    by: Literal["customers", "revenue"], worth: list[float], said: list[float]
) -> None:
    found = np.array(tiers(worth, said, by), int)
    assert ((found >= 0) & (found <= len(said))).all()
    order = np.argsort(-np.array(worth, float), kind="stable")
    assert (np.diff(found[order]) >= 0).all()


@pytest.mark.parametrize("by", BY)
@given(st.permutations(range(20)), shares)
def test_it_does_not_matter_in_which_order_customers_come(
    by: Literal["customers", "revenue"], order: list[int], said: list[float]
) -> None:
    worth = [float(one * one) for one in range(20)]
    assert tiers([worth[one] for one in order], said, by) == np.array(tiers(worth, said, by))[order].tolist()


@pytest.mark.parametrize("by", BY)
@given(worths, st.integers(1, 50), st.integers(0, 50))
def test_a_larger_share_keeps_whom_it_had(
    by: Literal["customers", "revenue"], worth: list[float], share: int, more: int
) -> None:
    small, large = (np.array(tiers(worth, [one / 100], by)) for one in (share, share + more))
    assert (large <= small).all()


def test_the_best_of_some_are_rounded_up_and_nobody_else() -> None:
    worth, among = np.array([9.0, 1.0, 5.0, 5.0]), np.array([False, True, True, True])
    assert top_share(worth, among, 0.2).tolist() == [False, False, True, False]
    assert top_share(worth, among, 1.0).tolist() == [False, True, True, True]
    assert top_share(worth, among, 0.0).tolist() == [False] * 4
    assert top_share(worth, np.zeros(4, bool), 0.5).tolist() == [False] * 4
