from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.init.drafting import draft, draft_file
from tests.pipelines.init.plain_exports import write_plain
from tests.pipelines.init.simulated_orders import Item, Order

COLUMNS = {"order_id": "order", "ordered_at": "time", "amount": "amount"}


def per_order(order: Order, _: Item) -> str:
    return f"c{order.number}"


def account_or_guest(order: Order, _: Item) -> str:
    return "0" if order.customer % 3 else str(order.customer)


@pytest.mark.parametrize("person", ["customer_unique_id", "email", "Buyer", "loyalty_id"])
def test_a_customer_id_that_is_new_for_every_order_names_no_person(person: str, tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {"customer_id": per_order, person: "customer", **COLUMNS})
    assert draft_file([file], tmp_path).orders.customer_id == (person,)


def test_an_account_number_that_most_orders_lack_gives_way_to_the_address(tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {"customer_id": account_or_guest, "email": "email", **COLUMNS})
    assert draft_file([file], tmp_path).orders.customer_id == ("email",)


def test_a_person_is_asked_for_where_nobody_orders_again(tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {"customer_id": per_order, **COLUMNS})
    questions = draft([file], tmp_path).questions
    assert any("nobody has a second order" in question for question in questions)


def test_the_reason_says_how_often_a_value_comes_back(tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {"customer_id": "customer", **COLUMNS})
    assert "# 'customer_id': 120 different values, 4.7 orders each" in draft([file], tmp_path).text


def test_another_column_that_fits_as_well_is_a_question(tmp_path: Path) -> None:
    columns = {"customer_id": "customer", "member_id": lambda order, _: order.customer // 2, **COLUMNS}
    file = write_plain(tmp_path / "orders.csv", columns)
    assert any('"member_id" name the person' in question for question in draft([file], tmp_path).questions)


def test_group_city_and_name_of_a_customer_are_no_customers(tmp_path: Path) -> None:
    columns = {
        "Customer Group": lambda order, _: f"g{order.customer % 5}",
        "Customer City": lambda order, _: f"c{order.customer % 30}",
        "Customer": "customer",
        **COLUMNS,
    }
    file = write_plain(tmp_path / "orders.csv", columns)
    assert draft_file([file], tmp_path).orders.customer_id == ("Customer",)
