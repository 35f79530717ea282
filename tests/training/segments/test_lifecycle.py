"""Everybody stands somewhere in the life of a customer, and in one place."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.config.conditions import Bounds, Conditions, Measure, WindowedBounds
from features.config.segmentation import LIFECYCLE, Stage
from training.segments.lifecycle import NO_STAGE, lifecycle_stages

MEASURES = (Measure("orders"), Measure("orders", 182), Measure("days_since_order"), Measure("contacts", 30))
Customer = tuple[int, int, float, int]  # orders, those of half a year, days since the last, contacts of 30 days


def stages(customers: Sequence[Customer], said: Sequence[Stage] = LIFECYCLE) -> list[tuple[str, str] | None]:
    columns = np.array(customers, float).reshape(-1, len(MEASURES)).T
    places = lifecycle_stages(said, dict(zip(MEASURES, columns, strict=True)), len(customers)).tolist()
    return [None if place == NO_STAGE else (said[place].stage, said[place].phase) for place in places]


@pytest.mark.parametrize(
    ("customer", "stage"),
    [
        ((0, 0, np.nan, 0), ("potential", "acquire")),
        ((0, 0, np.nan, 1), ("contact", "acquire")),
        ((1, 1, 181, 0), ("conversion", "activate")),
        ((1, 0, 182, 0), ("retention", "lapse")),
        ((2, 1, 10, 1), ("retention", "repurchase")),
        ((4, 4, 10, 1), ("retention", "repurchase")),
        ((5, 5, 10, 1), ("loyalty", "repurchase")),
        ((9, 0, 500, 3), ("retention", "lapse")),
    ],
)
def test_where_a_customer_stands_unless_the_business_says_otherwise(customer: Customer, stage: tuple[str, str]) -> None:
    assert stages([customer]) == [stage]


def test_the_first_stage_that_holds_is_taken() -> None:
    regulars = Stage(stage="loyalty", phase="repurchase", when=Conditions(orders=WindowedBounds(at_least=2)))
    buyers = Stage(stage="conversion", phase="activate", when=Conditions(orders=WindowedBounds(at_least=1)))
    customers: list[Customer] = [(3, 0, 1, 0), (1, 0, 1, 0), (0, 0, np.nan, 0)]
    assert stages(customers, [regulars, buyers]) == [("loyalty", "repurchase"), ("conversion", "activate"), None]
    assert stages(customers, [buyers, regulars])[0] == ("conversion", "activate")


@st.composite
def any_customer(draw: st.DrawFn) -> Customer:
    """A customer as a log can tell of: no more recent orders than orders, none without a last day."""
    days = draw(st.integers(0, 400))
    recent = draw(st.integers(1, 9)) if days < 182 else 0
    orders = recent + draw(st.integers(0 if recent else 1, 9))
    bought: Customer = (orders, recent, float(days), draw(st.integers(0, 3)))
    prospect: Customer = (0, 0, np.nan, draw(st.integers(0, 3)))
    return draw(st.sampled_from([bought, prospect]))


@given(st.lists(any_customer(), min_size=1))
def test_everybody_has_one_stage_of_the_default_list(customers: list[Customer]) -> None:
    found = stages(customers)
    assert None not in found
    for (orders, *_), stage in zip(customers, found, strict=True):
        assert (stage is not None and stage[1] == "acquire") == (orders == 0)


@given(st.lists(any_customer(), min_size=1), st.randoms())
def test_a_stage_is_ones_own_and_not_the_neighbours(customers: list[Customer], chance: Random) -> None:
    shuffled = list(customers)
    chance.shuffle(shuffled)
    told = dict(zip(map(repr, customers), stages(customers), strict=True))
    assert stages(shuffled) == [told[repr(one)] for one in shuffled]


def test_a_lapsed_buyer_is_told_apart_by_days_alone() -> None:
    lapsed = [stage for stage in LIFECYCLE if stage.phase == "lapse"]
    assert [stage.when for stage in lapsed] == [Conditions(days_since_order=Bounds(at_least=182))]
