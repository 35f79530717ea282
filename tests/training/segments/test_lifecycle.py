"""Lifecycle: every customer has exactly one stage."""

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


def stages(customers: Sequence[Customer], config: Sequence[Stage] = LIFECYCLE) -> list[tuple[str, str] | None]:
    columns = np.array(customers, float).reshape(-1, len(MEASURES)).T
    indices = lifecycle_stages(config, dict(zip(MEASURES, columns, strict=True)), len(customers)).tolist()
    return [None if index == NO_STAGE else (config[index].stage, config[index].phase) for index in indices]


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
def test_the_default_stage_of_a_customer(customer: Customer, stage: tuple[str, str]) -> None:
    assert stages([customer]) == [stage]


def test_the_first_matching_stage_is_taken() -> None:
    regulars = Stage(stage="loyalty", phase="repurchase", when=Conditions(orders=WindowedBounds(at_least=2)))
    buyers = Stage(stage="conversion", phase="activate", when=Conditions(orders=WindowedBounds(at_least=1)))
    customers: list[Customer] = [(3, 0, 1, 0), (1, 0, 1, 0), (0, 0, np.nan, 0)]
    assert stages(customers, [regulars, buyers]) == [("loyalty", "repurchase"), ("conversion", "activate"), None]
    assert stages(customers, [buyers, regulars])[0] == ("conversion", "activate")


@st.composite
def any_customer(draw: st.DrawFn) -> Customer:
    """A consistent customer: recent orders are orders, and a customer with orders has a last order day."""
    days = draw(st.integers(0, 400))
    recent = draw(st.integers(1, 9)) if days < 182 else 0
    orders = recent + draw(st.integers(0 if recent else 1, 9))
    bought: Customer = (orders, recent, float(days), draw(st.integers(0, 3)))
    prospect: Customer = (0, 0, np.nan, draw(st.integers(0, 3)))
    return draw(st.sampled_from([bought, prospect]))


@given(st.lists(any_customer(), min_size=1))
def test_every_customer_has_one_default_stage(customers: list[Customer]) -> None:
    assigned = stages(customers)
    assert None not in assigned
    for (orders, *_), stage in zip(customers, assigned, strict=True):
        assert (stage is not None and stage[1] == "acquire") == (orders == 0)


@given(st.lists(any_customer(), min_size=1), st.randoms())
def test_a_stage_does_not_depend_on_other_customers(customers: list[Customer], chance: Random) -> None:
    shuffled = list(customers)
    chance.shuffle(shuffled)
    expected = dict(zip(map(repr, customers), stages(customers), strict=True))
    assert stages(shuffled) == [expected[repr(customer)] for customer in shuffled]


def test_a_lapsed_buyer_is_defined_by_days_alone() -> None:
    lapsed = [stage for stage in LIFECYCLE if stage.phase == "lapse"]
    assert [stage.when for stage in lapsed] == [Conditions(days_since_order=Bounds(at_least=182))]
