"""Value tiers: the most valuable customers fill the tiers, the best first."""

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
cuts = st.lists(st.integers(1, 100), min_size=1, max_size=4).filter(lambda percents: sum(percents) <= 100)
shares = cuts.map(lambda percents: [percent / 100 for percent in percents])


def tiers(worth: list[float], tier_shares: list[float], by: Literal["customers", "revenue"] = "customers") -> list[int]:
    codes: list[int] = value_tiers(np.array(worth, float), tier_shares, by).tolist()
    return codes


def test_each_tier_takes_its_own_share_of_the_customers_after_the_one_before() -> None:
    worth = [10.0, 90.0, 30.0, 50.0, 70.0, 20.0, 80.0, 40.0, 60.0, 100.0]
    assert tiers(worth, [0.2, 0.3]) == [2, 0, 2, 2, 1, 2, 1, 2, 1, 0]


def test_the_first_of_equal_customers_has_the_better_tier() -> None:
    assert tiers([5, 5, 5, 5], [0.25, 0.25]) == [0, 1, 2, 2]


def test_the_fewest_customers_bring_a_share_of_the_revenue() -> None:
    assert tiers([60, 20, 10, 10, 0], [0.6], "revenue") == [0, 1, 1, 1, 1]
    assert tiers([60, 20, 10, 10, 0], [0.61], "revenue") == [0, 0, 1, 1, 1]
    assert tiers([60, 20, 10, 10, 0], [0.6, 0.2], "revenue") == [0, 1, 2, 2, 2]


def test_customers_without_value_are_in_the_last_tier() -> None:
    assert tiers([3, 0, 1], [1.0], "revenue") == [0, 1, 0]
    assert tiers([0, 0], [1.0], "revenue") == [1, 1]


def test_ten_tenths_contain_every_customer() -> None:
    assert tiers([float(number) for number in range(10)], [0.1] * 10)[::-1] == list(range(10))


@pytest.mark.parametrize("by", BY)
def test_no_customers_give_no_tiers(by: Literal["customers", "revenue"]) -> None:
    assert tiers([], [0.5], by) == []


@given(worths, shares)
def test_shares_of_customers_are_exact_to_the_nearest_whole_one(worth: list[float], tier_shares: list[float]) -> None:
    codes, cumulative = tiers(worth, tier_shares), Fraction(0)
    for tier, share in enumerate(tier_shares):
        cumulative += exact_fraction(share)
        assert abs(sum(code <= tier for code in codes) - cumulative * len(worth)) <= Fraction(1, 2)


@given(worths, shares)
def test_tiers_hold_the_fewest_customers_with_their_share_of_the_revenue(
    worth: list[float], tier_shares: list[float]
) -> None:
    codes, cumulative = np.array(tiers(worth, tier_shares, "revenue")), Fraction(0)
    for tier, share in enumerate(tier_shares):
        cumulative += exact_fraction(share)
        inside = [value for value, code in zip(worth, codes, strict=True) if code <= tier]
        assert sum(inside) >= cumulative * Fraction(sum(worth)) if inside else not any(worth)
        if inside:
            assert sum(inside) - min(inside) < cumulative * Fraction(sum(worth))


@pytest.mark.parametrize("by", BY)
@given(worths, shares)
def test_a_higher_value_is_in_no_lower_tier(
    by: Literal["customers", "revenue"], worth: list[float], tier_shares: list[float]
) -> None:
    codes = np.array(tiers(worth, tier_shares, by), int)
    assert ((codes >= 0) & (codes <= len(tier_shares))).all()
    order = np.argsort(-np.array(worth, float), kind="stable")
    assert (np.diff(codes[order]) >= 0).all()


@pytest.mark.parametrize("by", BY)
@given(st.permutations(range(20)), shares)
def test_the_order_of_the_customers_does_not_matter(
    by: Literal["customers", "revenue"], order: list[int], tier_shares: list[float]
) -> None:
    worth = [float(number * number) for number in range(20)]
    assert (
        tiers([worth[number] for number in order], tier_shares, by)
        == np.array(tiers(worth, tier_shares, by))[order].tolist()
    )


@pytest.mark.parametrize("by", BY)
@given(worths, st.integers(1, 50), st.integers(0, 50))
def test_a_larger_share_keeps_its_customers(
    by: Literal["customers", "revenue"], worth: list[float], share: int, more: int
) -> None:
    small, large = (np.array(tiers(worth, [percent / 100], by)) for percent in (share, share + more))
    assert (large <= small).all()


def test_the_top_share_is_rounded_up() -> None:
    worth, among = np.array([9.0, 1.0, 5.0, 5.0]), np.array([False, True, True, True])
    assert top_share(worth, among, 0.2).tolist() == [False, False, True, False]
    assert top_share(worth, among, 1.0).tolist() == [False, True, True, True]
    assert top_share(worth, among, 0.0).tolist() == [False] * 4
    assert top_share(worth, np.zeros(4, bool), 0.5).tolist() == [False] * 4
