from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.init.drafting import draft, draft_file, ingested_totals
from tests.pipelines.init.plain_exports import all_orders, write_plain

COLUMNS = {"order_id": "order", "customer_id": "customer", "ordered_at": "time"}


@pytest.mark.parametrize(("quantity", "price", "expression"), [
    ("Quantity", "UnitPrice", "Quantity * UnitPrice"),
    ("Qty", "Unit Price", 'Qty * "Unit Price"'),
    ("数量", "单价", "数量 * 单价"),
    ("Menge", "Einzelpreis", "Menge * Einzelpreis"),
])  # fmt: skip
def test_quantity_times_price_is_the_amount_where_no_column_has_it(
    quantity: str, price: str, expression: str, tmp_path: Path
) -> None:
    file = write_plain(tmp_path / "orders.csv", {**COLUMNS, quantity: "quantity", price: "price"})
    config = draft_file([file], tmp_path)
    assert config.orders.amount == (expression,)
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_an_amount_of_the_line_is_taken_instead_of_quantity_times_price(tmp_path: Path) -> None:
    columns = {**COLUMNS, "quantity": "quantity", "unit_price": "price", "line_total": "amount"}
    assert draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path).orders.amount == ("line_total",)


@pytest.mark.parametrize("total", ["order_total", "Total", "实付金额"])
def test_a_total_that_stands_on_every_line_of_an_order_is_not_added_up(total: str, tmp_path: Path) -> None:
    columns = {**COLUMNS, total: "total", "quantity": "quantity", "unit_price": "price"}
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_a_total_on_every_line_without_another_amount_is_a_question(tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {**COLUMNS, "order_total": "total"})
    assert any("same on all lines of an order" in question for question in draft([file], tmp_path).questions)


def test_tax_shipping_and_quantity_are_no_amounts(tmp_path: Path) -> None:
    columns = {
        **COLUMNS, "Tax amount": lambda *_: "1.90", "Shipping amount": lambda *_: "4.90", "quantity": "quantity",
        "Paid": "amount",
    }  # fmt: skip
    assert draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path).orders.amount == ("Paid",)


def test_a_discount_that_is_a_share_is_no_discount(tmp_path: Path) -> None:
    columns = {**COLUMNS, "amount": "amount", "discount": lambda order, _: ["0", "0.15", "0.2"][order.number % 3]}
    assert draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path).orders.discount is None


def test_what_was_paid_back_is_taken_off(tmp_path: Path) -> None:
    columns = {
        **COLUMNS,
        "amount": "amount",
        "Refund amount": lambda order, _: "1.00" if order.number % 9 == 0 else "0",
    }
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert config.orders.amount == ('amount - "Refund amount"',)


@pytest.mark.parametrize("name", ["Bruttobetrag", "Nettobetrag", "Umsatz brutto", "Auftragswert", "Bestellsumme"])
def test_german_compounds_of_amounts_are_recognized(name: str, tmp_path: Path) -> None:
    file = write_plain(tmp_path / "orders.csv", {**COLUMNS, name: "amount"})
    assert draft_file([file], tmp_path).orders.amount == (name,)


def test_an_amount_under_an_unknown_name_is_a_question(tmp_path: Path) -> None:
    columns = {**COLUMNS, "Tax amount": lambda *_: "1.90", "Foo": "amount"}
    drafted = draft([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert drafted.questions[-1] == (
        'no amount was recognized: is it "Foo"? Name it as amount; without one no spending is predicted.'
    )


def test_a_log_without_decimal_numbers_is_not_asked_about_its_amount(tmp_path: Path) -> None:
    drafted = draft([write_plain(tmp_path / "orders.csv", {**COLUMNS, "quantity": "quantity"})], tmp_path)
    assert not any("no amount was recognized" in question for question in drafted.questions)
