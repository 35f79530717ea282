"""Written orders: an order of amount 0 is an order, and an order number that is used months later is another order."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from features.history import History
from features.orders import placed_orders
from tests.features.ingestion.rows.shops import HEADER, ingest_shop, note, notes, rows, summary


def order_amounts(folder: Path) -> list[tuple[object, ...]]:
    """Customer and amount of every placed order, sorted."""
    orders = placed_orders(History.open(folder / "history")).to_pyarrow().to_pylist()
    return sorted((row["customer_id"], float(row["amount"])) for row in orders)


ZEROS = (
    f"{HEADER}\n1,ann,2026-01-01,0\n2,ann,2026-01-02,20\n2,ann,2026-01-02,0\n3,bob,2026-01-03,5\n3,bob,2026-01-04,-5\n"
    "4,eve,2026-01-05,0.00\n4,eve,2026-01-05,0\n"
)


def test_an_order_of_0_is_an_order_and_one_that_was_sent_back_is_none(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": ZEROS})
    assert order_amounts(tmp_path) == [("ann", 0.0), ("ann", 20.0), ("eve", 0.0)]
    assert note(manifest, "zero_amount_orders").found == "[orders] 2 orders of amount 0 count as orders of 0"


def test_orders_of_0_are_left_out_where_the_shop_says_so(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": ZEROS}, zero_amount='"ignore"')
    assert order_amounts(tmp_path) == [("ann", 20.0)]
    assert len(rows(tmp_path, "amount")) == 4
    assert note(manifest, "zero_amount_orders").count == 2
    assert summary(manifest).excluded == 3


def test_without_an_order_number_a_day_of_0_is_an_order(tmp_path: Path) -> None:
    log = {"orders.csv": "customer,at,amount\nann,2026-01-01,0\nann,2026-01-02,4\nann,2026-01-02,0\n"}
    ingest_shop(tmp_path, log, order_id="")
    assert order_amounts(tmp_path) == [("ann", 0.0), ("ann", 4.0)]
    ingest_shop(tmp_path, log, order_id="", zero_amount='"ignore"')
    assert order_amounts(tmp_path) == [("ann", 4.0)]


def test_a_refund_as_large_as_the_total_is_no_order_of_0(tmp_path: Path) -> None:
    log = f"{HEADER},refund\n1,ann,2026-01-01,10,10\n2,ann,2026-01-02,20,5\n3,bob,2026-01-03,0,0\n"
    manifest = ingest_shop(tmp_path, {"orders.csv": log}, amount='"amount - refund"')
    assert order_amounts(tmp_path) == [("ann", 15.0), ("bob", 0.0)]
    assert note(manifest, "orders_returned_in_full").count == 1


def till(visits: int, numbers: int, customers: int = 5) -> str:
    """A till that begins its numbers anew: each customer comes every 5 days and gets the next number."""
    lines = [
        f"{(visit * 3 + customer) % numbers},c{customer},{date(2026, 1, 1) + timedelta(visit * 5)} 1{customer}:00,9"
        for customer in range(customers)
        for visit in range(visits)
    ]
    return "\n".join([HEADER, *lines]) + "\n"


@pytest.mark.parametrize(("visits", "numbers"), [(20, 7), (30, 20), (12, 1)])
def test_a_number_that_begins_anew_names_another_order(tmp_path: Path, visits: int, numbers: int) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": till(visits, numbers)})
    assert len(order_amounts(tmp_path)) == 5 * visits
    found = note(manifest, "order_number_reused")
    assert found.severity == "warning"
    assert "every order number and time is one order" in found.found


def test_where_numbers_begin_anew_the_lines_of_one_day_stay_one_order(tmp_path: Path) -> None:
    lines = till(20, 7).splitlines()
    two_times = [line.replace(":00,9", ":30,1") for line in lines[1:]]
    ingest_shop(tmp_path, {"orders.csv": "\n".join([*lines, *two_times])})
    assert {amount for _, amount in order_amounts(tmp_path)} == {10.0}


def test_one_number_used_again_by_mistake_leaves_the_other_orders(tmp_path: Path) -> None:
    lines = [f"{number},c{number % 9},2026-01-{1 + number % 28:02d} 10:00,9" for number in range(400)]
    lines += [f"{number},c{number % 9},2026-01-{2 + number % 28:02d} 11:00,9" for number in range(20)]
    log = "\n".join([HEADER, *lines, "5,c5,2026-06-01,9", "5,c5,2026-06-20,-9"])
    manifest = ingest_shop(tmp_path, {"orders.csv": log})
    assert note(manifest, "order_number_reused").count == 1
    assert "each of their days is one order" in note(manifest, "order_number_reused").found
    ids = {row[0] for row in rows(tmp_path, "order_id")}
    assert {"4", "5 2026-01-06", "5 2026-01-07", "5 2026-06-01"} <= ids
    assert "5" not in ids
    assert len(ids) == 402


def test_a_return_months_later_belongs_to_its_order(tmp_path: Path) -> None:
    log = f"{HEADER}\n1,ann,2026-01-01,10\n1,ann,2026-05-01,-10\n2,bob,2026-01-01,10\n2,bob,2026-01-03,5\n"
    manifest = ingest_shop(tmp_path, {"orders.csv": log})
    assert not notes(manifest, "order_number_reused")
    assert order_amounts(tmp_path) == [("bob", 15.0)]


def test_numbers_of_several_customers_are_named(tmp_path: Path) -> None:
    lines = [
        f"{number},{customer},2026-01-0{day},9" for number in range(20) for day, customer in ((1, "ann"), (2, "bob"))
    ]
    manifest = ingest_shop(tmp_path, {"orders.csv": "\n".join([HEADER, *lines])})
    assert note(manifest, "order_number_shared").count == 20
    assert len(order_amounts(tmp_path)) == 40
