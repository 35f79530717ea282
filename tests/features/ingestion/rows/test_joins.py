"""Joins: orders, their items and their customers are three files of one log."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.ingestion.source_digests import source_digest
from tests.features.ingestion.rows.shops import ingest_shop, note, notes, refusal, rows, write_shop

ORDERS = "order_id,person,at\nA1,18,2026-01-01\nA2,15,2026-01-02\n"
ITEMS = "order_id,line,price,category\nA1,1,10,tea\nA1,2,10,tea\nA2,1,5,cups\n"
PEOPLE = "id,mail,at\n15,bob@x.org,2020-01-01\n18,ann@x.org,2020-01-02\n99,eve@x.org,2020-01-03\n"
KEYS = {"customer_id": '"person"', "order_id": '"order_id"', "amount": '"price"'}
ITEMS_JOIN = '[[orders.join]]\npath = "order_items.csv"\nkey = "order_id"\n'
PEOPLE_JOIN = '[[orders.join]]\npath = "people.csv"\nkey = "person = id"\ncolumns = ["mail"]\n'
FILES = {"orders.csv": ORDERS, "order_items.csv": ITEMS, "people.csv": PEOPLE}


def test_an_order_has_the_prices_of_its_items(tmp_path: Path) -> None:
    ingest_shop(tmp_path, FILES, sections=ITEMS_JOIN, **KEYS, category='"category"')
    assert rows(tmp_path, "customer_id", "order_id", "amount", "category") == [
        ("15", "A2", 5.0, "cups"), ("18", "A1", 10.0, "tea"), ("18", "A1", 10.0, "tea"),
    ]  # fmt: skip


def test_two_equal_items_of_an_order_are_two(tmp_path: Path) -> None:
    items = "order_id,price\nA1,10\nA1,10\nA2,5\n"
    ingest_shop(tmp_path, FILES | {"order_items.csv": items}, sections=ITEMS_JOIN, **KEYS)
    assert rows(tmp_path, "order_id", "amount") == [("A1", 10.0), ("A1", 10.0), ("A2", 5.0)]


def test_items_may_be_the_table_and_orders_what_is_joined(tmp_path: Path) -> None:
    ingest_shop(
        tmp_path,
        FILES,
        sections='[[orders.join]]\npath = "orders.csv"\nkey = "order_id"\n',
        **KEYS,
        path='"order_items.csv"',
    )
    assert rows(tmp_path, "customer_id", "amount") == [("15", 5.0), ("18", 10.0), ("18", 10.0)]


def test_items_and_customers_are_joined_one_after_the_other(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, FILES, sections=ITEMS_JOIN + PEOPLE_JOIN, **{**KEYS, "customer_id": '"mail"'})
    assert rows(tmp_path, "customer_id", "amount") == [("ann@x.org", 10.0), ("ann@x.org", 10.0), ("bob@x.org", 5.0)]
    unused = note(manifest, "join_rows_unused")
    assert (unused.severity, unused.count, unused.example) == ("info", 1, "key 99")


@pytest.mark.parametrize(("left", "right"), [("18", "18.0"), (" 18", "18"), ("18.0", "18")])
def test_keys_are_the_same_with_blanks_and_as_whole_floats(tmp_path: Path, left: str, right: str) -> None:
    orders = {
        "orders.csv": f"order,at,amount,person\n1,2026-01-01,10,{left}\n",
        "people.csv": f"id,mail\n{right},ann\n",
    }
    ingest_shop(tmp_path, orders, sections=PEOPLE_JOIN, customer_id='"mail"')
    assert rows(tmp_path, "customer_id") == [("ann",)]


def test_a_key_may_have_several_columns(tmp_path: Path) -> None:
    files = {
        "orders.csv": "order,till,at,amount\n1,a,2026-01-01,10\n1,b,2026-01-02,20\n",
        "cards.csv": "number,till,customer\n1,a,ann\n1,b,bob\n",
    }
    join = '[[orders.join]]\npath = "cards.csv"\nkey = ["order = number", "till"]\n'
    ingest_shop(tmp_path, files, sections=join)
    assert rows(tmp_path, "customer_id", "amount") == [("ann", 10.0), ("bob", 20.0)]


def test_a_file_with_several_rows_per_order_is_refused_where_amounts_would_count_several_times(tmp_path: Path) -> None:
    files = FILES | {"orders.csv": "order_id,person,at,total\nA1,18,2026-01-01,20\nA2,15,2026-01-02,5\n"}
    fault = refusal(tmp_path, files, sections=ITEMS_JOIN, **{**KEYS, "amount": '"total"'})
    assert "2 with the key 'A1', so that amount would count several times" in fault
    assert "Take amount from order_items.csv too, such as the price of an item" in fault


def test_a_second_file_with_several_rows_repeats_the_items_too(tmp_path: Path) -> None:
    payments = '[[orders.join]]\npath = "payments.csv"\nkey = "order_id"\n'
    files = FILES | {"payments.csv": "order_id,paid_by\nA1,card\nA1,voucher\nA2,card\n"}
    assert "amount would count several times" in refusal(tmp_path, files, sections=ITEMS_JOIN + payments, **KEYS)


def test_a_row_that_was_written_twice_is_one_row(tmp_path: Path) -> None:
    files = FILES | {"people.csv": PEOPLE + "15,bob@x.org,2020-01-01\n"}
    ingest_shop(tmp_path, files, sections=ITEMS_JOIN + PEOPLE_JOIN, **{**KEYS, "customer_id": '"mail"'})
    assert len(rows(tmp_path, "amount")) == 3


def test_lines_and_rows_without_a_partner_are_named(tmp_path: Path) -> None:
    files = {
        "orders.csv": "order,person,at,amount\n1,18,2026-01-01,10\n2,77,2026-01-02,20\n",
        "people.csv": PEOPLE,
    }
    join = PEOPLE_JOIN.replace('["mail"]', '["mail", "at"]')
    manifest = ingest_shop(tmp_path, files, sections=join, customer_id='"person"', channel='"mail"')
    assert rows(tmp_path, "customer_id") == [("18",), ("77",)]
    unmatched = note(manifest, "join_unmatched")
    assert (unmatched.count, unmatched.example) == (1, "key 77")
    assert "1 of 2 lines has no row in people.csv" in unmatched.found


def test_items_without_an_order_are_a_warning(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, FILES | {"order_items.csv": ITEMS + "A9,1,7,tea\n"}, sections=ITEMS_JOIN, **KEYS)
    assert (note(manifest, "join_rows_unused").severity, note(manifest, "join_rows_unused").count) == ("warning", 1)


def test_a_file_of_which_no_row_fits_is_refused_with_keys_of_both(tmp_path: Path) -> None:
    files = FILES | {"order_items.csv": ITEMS.replace("A", "#A")}
    fault = refusal(tmp_path, files, sections=ITEMS_JOIN, **KEYS)
    assert "no line has a row there. Found the keys 'A1' in 'orders.csv' and '#A1' in 'order_items.csv'" in fault


def test_a_missing_key_or_column_of_a_join_is_named(tmp_path: Path) -> None:
    joins = ITEMS_JOIN.replace('"order_id"', '"order_id = order"') + PEOPLE_JOIN.replace('["mail"]', '["email"]')
    fault = refusal(tmp_path, FILES, sections=ITEMS_JOIN.replace('"order_id"', '"order_id = orderid"'), **KEYS)
    assert "no column 'orderid' in order_items.csv. Columns found: order_id, line, price, category." in fault
    assert "The nearest is 'order_id'." in fault
    assert "no column 'order'" in refusal(tmp_path, FILES, sections=joins, **KEYS)


def test_a_second_column_of_one_name_is_read_under_the_name_of_its_file(tmp_path: Path) -> None:
    files = FILES | {"orders.csv": "order_id,person,at,price\nA1,18,2026-01-01,99\nA2,15,2026-01-02,99\n"}
    ingest_shop(tmp_path, files, sections=ITEMS_JOIN, **{**KEYS, "amount": "'\"order_items.price\" * 2'"})
    assert rows(tmp_path, "amount") == [(10.0,), (20.0,), (20.0,)]


def test_events_are_joined_too(tmp_path: Path) -> None:
    sections = (
        '[events]\npath = "visits.csv"\ncustomer_id = "mail"\nhappened_at = "at"\nkind = "kind"\n'
        '[[events.join]]\npath = "people.csv"\nkey = "person = id"\ncolumns = ["mail"]\n'
    )
    files = {
        "orders.csv": "order,customer,at,amount\n1,ann,2026-01-01,10\n",
        "visits.csv": "person,at,kind\n18,2026-01-05,visit\n",
        "people.csv": PEOPLE,
    }
    ingest_shop(tmp_path, files, sections=sections)
    assert rows(tmp_path, "customer_id", table="events") == [("ann@x.org",)]
    twice = files | {"people.csv": PEOPLE + "18,ann@y.org,2021-01-01\n"}
    assert notes(ingest_shop(tmp_path, twice, sections=sections), "join_rows_unused")


def test_a_changed_join_is_read_anew(tmp_path: Path) -> None:
    config = write_shop(tmp_path, FILES, sections=ITEMS_JOIN, **KEYS)
    before = source_digest(config)
    (tmp_path / "order_items.csv").write_text(ITEMS + "A2,2,1,tea\n", encoding="utf-8")
    assert source_digest(config) != before


def test_a_column_that_a_file_beside_has_is_answered_with_the_join(tmp_path: Path) -> None:
    fault = refusal(tmp_path, FILES, **KEYS)
    assert "amount = 'price': no column 'price' in 'orders.csv'. Columns found: order_id, person, at." in fault
    assert 'add [[orders.join]] with path = "order_items.csv" and key = "order_id"' in fault


def test_a_file_beside_that_shares_no_column_is_not_proposed(tmp_path: Path) -> None:
    fault = refusal(tmp_path, {"orders.csv": ORDERS, "prices.csv": "sku,price\n1,2\n"}, **KEYS)
    assert "orders.join" not in fault
    assert fault.endswith("Name one of these.")
