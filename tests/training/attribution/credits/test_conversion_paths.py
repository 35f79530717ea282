"""Conversion paths: which touches lead to which order, and which lead to none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.training.attribution.attribution_logs import (
    CHANNELS,
    EMAIL,
    JANUARY,
    PUSH,
    SMS,
    Touch,
    order_rows,
    touch_rows,
)
from training.attribution.credits.conversion_paths import conversion_paths


def paths_of(touches: Sequence[Touch], orders: Sequence[tuple[int, float]]) -> list[tuple[str, bool]]:
    """The paths as text, each with whether it converted."""
    paths = conversion_paths(touch_rows(touches), order_rows(orders), JANUARY, CHANNELS)
    limits = zip(paths.offsets[:-1], paths.offsets[1:], strict=True)
    names = [" > ".join(CHANNELS[position] for position in paths.channel[start:end]) for start, end in limits]
    return sorted(zip(names, (paths.conversions > 0).tolist(), strict=True))


def test_the_touches_before_an_order_are_its_path_in_their_order() -> None:
    touches = [Touch(0, 9, PUSH), Touch(0, 3, EMAIL)]
    assert paths_of(touches, [(0, 10)]) == [("email > push", True)]


def test_a_touch_after_the_last_order_converted_nobody() -> None:
    assert paths_of([Touch(0, 3, EMAIL), Touch(0, 11, PUSH)], [(0, 10)]) == [("email", True), ("push", False)]


def test_every_order_has_a_path_of_its_own() -> None:
    touches = [Touch(0, 3, EMAIL), Touch(0, 5, PUSH)]
    assert paths_of(touches, [(0, 4), (0, 6)]) == [("email", True), ("push", True)]


def test_an_order_without_a_touch_has_no_path() -> None:
    assert paths_of([], [(0, 4)]) == []


def test_the_order_of_another_customer_converts_nobody() -> None:
    assert paths_of([Touch(0, 3, EMAIL)], [(1, 4)]) == [("email", False)]


def test_a_touch_that_was_withheld_is_on_no_path() -> None:
    touches = [Touch(0, 3, EMAIL), Touch(0, 5, PUSH, treated=False)]
    assert paths_of(touches, [(0, 6)]) == [("email", True)]


@pytest.mark.parametrize(("day", "converts"), [(1.0, False), (1.001, True)])
def test_a_touch_counts_for_less_than_thirty_days(day: float, converts: bool) -> None:
    assert paths_of([Touch(0, day, EMAIL)], [(0, 31.0)]) == [("email", converts)]


def test_a_touch_and_an_order_at_one_instant_are_touch_then_order() -> None:
    assert paths_of([Touch(0, 5, EMAIL)], [(0, 5)]) == [("email", True)]


def test_a_touch_of_before_the_period_counts_for_an_order_in_it() -> None:
    assert paths_of([Touch(0, -3, SMS)], [(0, 2)]) == [("sms", True)]


def test_a_touch_whose_order_came_before_the_period_is_in_no_path() -> None:
    assert paths_of([Touch(0, -5, SMS)], [(0, -3)]) == []


def test_what_is_ordered_after_the_period_had_not_come_at_its_end() -> None:
    assert paths_of([Touch(0, 30, SMS)], [(0, 33)]) == [("sms", False)]


def test_a_touch_of_before_the_period_without_an_order_in_it_is_in_no_path() -> None:
    assert paths_of([Touch(0, -5, SMS)], []) == []
