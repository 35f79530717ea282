"""Identities: one id for many people, many ids for one person, and ids that a spreadsheet rounded are noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines, severities

BLOCKING = "blocking"


@pytest.mark.parametrize("placeholder", ["guest", "0", "walk-in", "散客", "8888888888"])
def test_an_id_with_a_large_share_of_all_lines_blocks(placeholder: str) -> None:
    guest = [(placeholder, f"{FIRST + timedelta(days=number)} 18:00", 10) for number in range(40)]
    notes = notes_of([*ordinary_lines(), *guest])
    assert severities(notes) == {"id_dominant": BLOCKING}
    note = notes["id_dominant"]
    assert (note.found, note.example) == ("One customer id has 25% of all order lines", repr(placeholder))
    assert "anonymous" in note.remedy


def test_a_shop_with_few_customers_may_live_on_one_of_them() -> None:
    large = [("best", f"{FIRST + timedelta(days=number)} 18:00", 10) for number in range(90)]
    assert notes_of([*ordinary_lines(customers=20), *large]) == {}


def test_large_business_customers_are_plausible_where_several_are_large() -> None:
    orders = [10] * 30 + [40] * 9 + [60]
    lines = [
        (f"c{customer:03d}", f"{FIRST + timedelta(days=number)} 10:30", "20.00" if number % 2 else "30.00")
        for customer, count in enumerate(orders)
        for number in range(120 - count, 120)
    ]
    assert notes_of(lines) == {}


def single_orders(customers: int, days: int, repeats: int = 0) -> list[Line]:
    """One order per customer over some days, and a second one of the first customers on the last day."""
    lines = [
        (f"c{number:04d}", f"{FIRST + timedelta(days=number * days // customers)} 10:30", f"{9 + number % 7}.90")
        for number in range(customers)
    ]
    return [
        *lines,
        *((f"c{number:04d}", f"{FIRST + timedelta(days=days - 1)} 20:00", "12.00") for number in range(repeats)),
    ]


@pytest.mark.parametrize("customers", [30, 120, 1500])
def test_ids_without_a_second_order_block(customers: int) -> None:
    notes = notes_of(single_orders(customers, 120))
    assert severities(notes) == {"customer_per_order": BLOCKING}
    assert notes["customer_per_order"].found.startswith(f"None of {customers:,} customers ordered on a second day")
    assert notes["customer_per_order"].remedy.endswith("name the column of the person")


def test_a_few_repeats_among_thousands_of_ids_over_half_a_year_block_too() -> None:
    assert severities(notes_of(single_orders(2000, 200, repeats=3), as_of="2026-07-20")) == {
        "customer_per_order": BLOCKING
    }


@pytest.mark.parametrize(
    ("customers", "days", "repeats"),
    [(29, 120, 0), (300, 120, 1), (2000, 200, 20), (2000, 100, 1)],
    ids=["few customers", "one repeat in a small shop", "one customer in a hundred", "a log of some months"],
)
def test_shops_where_few_people_return_are_plausible(customers: int, days: int, repeats: int) -> None:
    as_of = str(FIRST + timedelta(days=days))
    assert "customer_per_order" not in notes_of(single_orders(customers, days, repeats), as_of=as_of)


def test_the_first_weeks_of_a_shop_are_a_warning() -> None:
    assert severities(notes_of(single_orders(100, 30), as_of="2026-01-31")) == {"customer_per_order": "warning"}


def test_the_lines_of_one_order_on_two_days_are_no_second_order() -> None:
    shipped = [
        (f"c{number:03d}", f"{FIRST + timedelta(days=number + later)} 10:30", "10.50", f"A{number}")
        for number in range(100)
        for later in (0, 2)
    ]
    columns = ("customer_id", "ordered_at", "amount", "order_id")
    assert severities(notes_of(shipped, columns=columns)).get("customer_per_order") == BLOCKING


def test_a_return_on_a_later_day_is_no_second_order() -> None:
    returns = [
        (f"c{number:04d}", f"{FIRST + timedelta(days=number + 3)} 12:00", "-9.90") for number in range(0, 110, 9)
    ]
    notes = notes_of([*single_orders(120, 120), *returns])
    assert severities(notes) == {"customer_per_order": BLOCKING}


@pytest.mark.parametrize("rounded", ["8.61E+12", "8,61E+12", "4.9e+11", "9E+15"])
def test_ids_that_a_spreadsheet_rounded_block(rounded: str) -> None:
    phones = [(rounded, f"{FIRST + timedelta(days=number)} 10:30", "10.50") for number in range(12)]
    notes = notes_of([*ordinary_lines(customers=20), *phones])
    assert severities(notes) == {"ids_scientific": BLOCKING}
    assert notes["ids_scientific"].found == "1 customer id in scientific notation, with 12 order lines"


def test_one_rounded_id_among_many_is_a_warning() -> None:
    notes = notes_of([*ordinary_lines(), ("8.61E+12", f"{FIRST} 11:00", "10.50")])
    assert severities(notes) == {"ids_scientific": "warning"}


@pytest.mark.parametrize("plain", ["3e12", "1E05", "E+12", "12E+3x", "61.5"])
def test_other_ids_with_an_e_are_plausible(plain: str) -> None:
    assert notes_of([*ordinary_lines(), *((plain, f"{FIRST} 11:00", "10.50") for _ in range(5))]) == {}
