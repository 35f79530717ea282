"""Amounts: values of another currency, decimal mark or sign are noticed, and ordinary prices are not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pytest

from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines, severities


def lines_with(amounts: Iterable[object]) -> list[Line]:
    return [
        (f"c{number % 40:02d}", f"{FIRST + timedelta(days=number % 120)} 10:30", amount)
        for number, amount in enumerate(amounts)
    ]


def prices(count: int = 120, decimals: int = 2) -> list[str]:
    return [f"{price:.{decimals}f}" for price in np.random.default_rng(2).lognormal(3, 0.6, count)]


def test_a_giant_amount_is_named_with_the_usual_ones() -> None:
    notes = notes_of([*ordinary_lines(), *lines_with([987_654_321, 15_000])])
    assert severities(notes) == {"amount_outweighs": "warning"}
    assert notes["amount_outweighs"].found == (
        "1 order line is above 1,000 times the 99.9th percentile of amounts, 15,000.00; the largest is 987,654,321.00"
    )


def test_a_giant_return_is_a_giant_amount_too() -> None:
    assert (
        "the largest is 500,000.00" in notes_of([*ordinary_lines(), *lines_with([-500_000])])["amount_outweighs"].found
    )


def test_an_amount_above_the_sum_of_all_others_is_named() -> None:
    note = notes_of([*ordinary_lines(), *lines_with([2_000])])["amount_outweighs"]
    assert note.found == "One order line of 2,000.00 is more than all others together"


def test_large_orders_of_business_customers_are_plausible() -> None:
    heavy = np.random.default_rng(7).pareto(1.5, 2000) * 100 + 20
    assert notes_of(lines_with(f"{value:.2f}" for value in heavy)) == {}


def test_amounts_whose_point_stands_between_thousands_are_noticed() -> None:
    notes = notes_of(lines_with(prices(decimals=3)))
    assert severities(notes) == {"amounts_three_decimals": "warning"}
    assert 'decimal = ","' in notes["amounts_three_decimals"].remedy


def test_three_decimals_are_plausible_in_a_currency_that_has_them() -> None:
    assert notes_of(lines_with(prices(decimals=3)), currency="KWD") == {}


@pytest.mark.parametrize("decimals", [0, 1, 2, 4])
def test_other_decimals_are_plausible(decimals: int) -> None:
    assert notes_of(lines_with(prices(decimals=decimals))) == {}


def test_more_returns_than_sales_are_noticed() -> None:
    notes = notes_of(lines_with(f"-{price}" for price in prices()))
    assert severities(notes) == {"amounts_mostly_negative": "warning"}
    assert notes["amounts_mostly_negative"].count == 120


def test_some_returns_are_plausible() -> None:
    assert (
        notes_of(lines_with(f"-{price}" if number % 4 == 0 else price for number, price in enumerate(prices()))) == {}
    )


def test_equal_amounts_are_information() -> None:
    assert severities(notes_of(lines_with(["9.99"] * 120))) == {"amounts_equal": "info"}


def test_a_log_without_amounts_or_with_zeros_alone_is_read_all_the_same() -> None:
    lines = [line[:2] for line in ordinary_lines()]
    assert notes_of(lines, columns=("customer_id", "ordered_at")) == {}
    assert severities(notes_of(lines_with([0] * 120))) == {"amounts_equal": "info"}
