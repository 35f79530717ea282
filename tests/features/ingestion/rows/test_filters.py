"""Filters: lines that are no purchase are left out by column and value, and missed where they are forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.ingestion.rows.shops import ingest_shop, note, notes, refusal, rows, summary

STATES = (
    "order,customer,at,amount,Order Status\n"
    "1,ann,2026-01-01,10,Completed\n2,ann,2026-01-02,20, cancelled \n3,bob,2026-01-03,30,FAILED\n4,bob,2026-01-04,5,\n"
)


@pytest.mark.parametrize(
    ("keys", "orders"),
    [
        ({"exclude": '{ "Order Status" = ["Cancelled", "failed"] }'}, ["1", "4"]),
        ({"include": '{ "Order Status" = ["COMPLETED "] }'}, ["1"]),
        ({"include": '{ "Order Status" = ["completed", ""] }'}, ["1", "4"]),
        ({"include": '{ customer = ["ann"] }', "exclude": '{ "Order Status" = ["cancelled"] }'}, ["1"]),
        ({"include": '{ "Order Status" = ["completed", "cancelled"], customer = ["bob", "ann"] }'}, ["1", "2"]),
    ],
)
def test_lines_count_by_the_values_of_a_column(tmp_path: Path, keys: dict[str, str], orders: list[str]) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": STATES}, **keys)
    assert rows(tmp_path, "order_id") == [(order,) for order in orders]
    assert (summary(manifest).lines, summary(manifest).excluded) == (4, 4 - len(orders))


@pytest.mark.parametrize(
    "written",
    [
        "\u2003cancelled",
        "cancelled\u2028",
        "\ufeffcancelled",
        "can\u200bcelled",
        "cancelled\u200e",
        "can\u00adcelled",
        " CANCELLED\u3000",
    ],
    ids=["wide blank", "line separator", "byte-order mark", "no width", "direction", "soft hyphen", "case"],
)
def test_a_value_is_found_among_invisible_characters_and_any_blanks(tmp_path: Path, written: str) -> None:
    log = f"order,customer,at,amount,status\n1,ann,2026-01-01,10,paid\n2,bob,2026-01-02,5,{written}\n"
    found = note(ingest_shop(tmp_path, {"orders.csv": log}), "status_not_filtered")
    assert "'cancelled' (1)" in found.found
    for value in ("cancelled", written):
        excluded = ingest_shop(tmp_path, {"orders.csv": log}, exclude=f'{{ status = ["{value}"] }}')
        assert (notes(excluded, "filter_value_absent"), rows(tmp_path, "order_id")) == ([], [("1",)])


@pytest.mark.parametrize("blank", ["\u2003", "\u200b", "\u3000 ", "\ufeff"])
def test_a_value_of_no_visible_character_is_missing(tmp_path: Path, blank: str) -> None:
    log = f"order,customer,at,amount,status\n1,ann,2026-01-01,10,paid\n2,bob,2026-01-02,5,{blank}\n"
    ingest_shop(tmp_path, {"orders.csv": log}, include='{ status = [""] }')
    assert rows(tmp_path, "order_id") == [("2",)]


@pytest.mark.parametrize(("written", "value"), [("GROSS", "groß"), ("Groß", "GROSS"), ("E\u0301CHEC", "échec")])
def test_a_value_is_compared_without_case_in_every_script(tmp_path: Path, written: str, value: str) -> None:
    log = f"order,customer,at,amount,class\n1,ann,2026-01-01,10,x\n2,bob,2026-01-02,5,{written}\n"
    ingest_shop(tmp_path, {"orders.csv": log}, exclude=f'{{ class = ["{value}"] }}')
    assert rows(tmp_path, "order_id") == [("1",)]


def test_events_are_filtered_too(tmp_path: Path) -> None:
    events = (
        '[events]\npath = "events.csv"\ncustomer_id = "who"\nhappened_at = "at"\nkind = "kind"\n'
        'exclude = { bot = ["true"] }\n'
    )
    files = {
        "orders.csv": "order,customer,at,amount\n1,ann,2026-01-01,10\n",
        "events.csv": "who,at,kind,bot\nann,2026-01-01,visit,true\nann,2026-01-02,visit,false\n",
    }
    manifest = ingest_shop(tmp_path, files, sections=events)
    assert summary(manifest, "events").excluded == 1
    assert len(rows(tmp_path, "kind", table="events")) == 1


def test_a_value_that_no_line_has_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    found = note(
        ingest_shop(tmp_path, {"orders.csv": STATES}, exclude='{ "Order Status" = ["canceled", "failed"] }'),
        "filter_value_absent",
    )
    assert "'canceled'" in found.found
    assert "'failed'" not in found.found
    assert "'cancelled' (1)" in found.expected


def test_a_filter_on_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    fault = refusal(tmp_path, {"orders.csv": STATES}, exclude='{ "order status" = ["failed"] }')
    assert "exclude: no column 'order status'. Columns found: order, customer, at, amount, Order Status." in fault
    assert "The nearest to 'order status' is 'Order Status'" in fault


def test_filters_that_leave_nothing_are_refused(tmp_path: Path) -> None:
    assert "leave no line: 'Order Status' has " in refusal(
        tmp_path, {"orders.csv": STATES}, include='{ "Order Status" = ["done"] }'
    )


@pytest.mark.parametrize(
    ("column", "bad", "good"),
    [
        ("status", "cancelled", "completed"),
        ("Financial Status", "voided", "paid"),
        ("Payment_Status", "Failed", "Paid"),
        ("Bestellstatus", "Storniert", "Abgeschlossen"),
        ("Zahlstatus", "Abgebrochen", "Bezahlt"),
        ("statut", "Annulée", "Terminée"),
        ("Estado", "Cancelado", "Completado"),
        ("订单状态", "交易关闭", "交易成功"),
        ("status", "wc-refunded", "wc-completed"),
    ],
)
def test_a_state_that_no_filter_mentions_is_named_with_the_filter_to_paste(
    tmp_path: Path, column: str, bad: str, good: str
) -> None:
    log = f"order,customer,at,amount,{column}\n1,ann,2026-01-01,10,{good}\n2,bob,2026-01-02,5,{bad}\n"
    found = note(ingest_shop(tmp_path, {"orders.csv": log}), "status_not_filtered")
    assert found.count == 1
    assert f"'{bad.lower()}' (1)" in found.found
    key = column if column.isascii() and " " not in column else f'"{column}"'
    assert f'exclude = {{ {key} = ["{bad.lower()}"] }}' in found.remedy
    pasted = ingest_shop(tmp_path, {"orders.csv": log}, exclude=f'{{ {key} = ["{bad.lower()}"] }}')
    assert not notes(pasted, "status_not_filtered")
    assert rows(tmp_path, "order_id") == [("1",)]


@pytest.mark.parametrize(
    "state", ["processing", "partially_refunded", "unfulfilled", "not cancelled", "shipped", "交易成功", "Bezahlt"]
)
def test_a_state_of_a_purchase_is_not_named(tmp_path: Path, state: str) -> None:
    log = f"order,customer,at,amount,status\n1,ann,2026-01-01,10,paid\n2,bob,2026-01-02,5,{state}\n"
    assert not notes(ingest_shop(tmp_path, {"orders.csv": log}), "status_not_filtered")


def test_a_refund_that_is_a_line_of_its_own_counts(tmp_path: Path) -> None:
    log = "order,customer,at,amount,status\n1,ann,2026-01-01,10,paid\n1,ann,2026-01-02,-10,refunded\n"
    assert not notes(ingest_shop(tmp_path, {"orders.csv": log}), "status_not_filtered")


def test_orders_with_a_date_of_cancellation_are_named(tmp_path: Path) -> None:
    log = "order,customer,at,amount,Cancelled at\n1,ann,2026-01-01,10,\n2,bob,2026-01-02,5,2026-01-03 10:00\n"
    found = note(ingest_shop(tmp_path, {"orders.csv": log}), "status_not_filtered")
    assert 'include = { "Cancelled at" = [""] }' in found.remedy
    ingest_shop(tmp_path, {"orders.csv": log}, include='{ "Cancelled at" = [""] }')
    assert rows(tmp_path, "order_id") == [("1",)]


def test_test_orders_and_gift_cards_are_named(tmp_path: Path) -> None:
    log = (
        "order,customer,at,amount,Test,Product Type\n1,ann,2026-01-01,10,false,Shoes\n"
        "2,bob,2026-01-02,5,true,Shoes\n3,bob,2026-01-02,50,false,Gift Card\n"
    )
    manifest = ingest_shop(tmp_path, {"orders.csv": log})
    assert 'exclude = { Test = ["true"] }' in note(manifest, "test_orders_not_filtered").remedy
    assert '"Product Type" = ["gift card"]' in note(manifest, "gift_cards_not_filtered").remedy


def test_refunds_in_a_column_of_their_own_are_named_until_the_amount_takes_them_off(tmp_path: Path) -> None:
    log = "order,customer,at,Total,Refunded Amount\n1,ann,2026-01-01,10,0\n2,bob,2026-01-02,20,5.5\n"
    found = note(ingest_shop(tmp_path, {"orders.csv": log}, amount='"Total"'), "refunds_not_subtracted")
    assert "1 line has a refund in 'Refunded Amount', 5.50 in all" in found.found
    net = ingest_shop(tmp_path, {"orders.csv": log}, amount="'Total - \"Refunded Amount\"'")
    assert not notes(net, "refunds_not_subtracted")
    assert rows(tmp_path, "amount") == [(10.0,), (14.5,)]


@pytest.mark.parametrize("refund", ["5,50 €", "1.234,50", "-5,5", "€ 5"])
def test_a_refund_is_named_however_its_column_writes_numbers(tmp_path: Path, refund: str) -> None:
    log = f"order;customer;at;Total;Erstattung\n1;ann;2026-01-01;10,00;0,00\n2;bob;2026-01-02;20,00;{refund}\n"
    found = note(ingest_shop(tmp_path, {"orders.csv": log}, amount='"Total"'), "refunds_not_subtracted")
    assert (found.count, "in all" in found.found) == (1, False)


def test_a_refund_column_of_dates_is_no_amount(tmp_path: Path) -> None:
    log = "order,customer,at,Total,Refunded\n1,ann,2026-01-01,10,\n2,bob,2026-01-02,20,05.01.2026\n"
    assert not notes(ingest_shop(tmp_path, {"orders.csv": log}, amount='"Total"'), "refunds_not_subtracted")


def test_the_state_on_the_first_line_of_an_order_counts_for_its_further_lines(tmp_path: Path) -> None:
    log = (
        "Name,customer,at,Financial Status,item,price\n"
        "#1,ann,2026-01-01,paid,tea,3\n#1,ann,2026-01-01,,cup,4\n"
        "#2,bob,2026-01-02,voided,tea,3\n#2,bob,2026-01-02,,cup,4\n#3,eve,2026-01-02,paid,tea,3\n"
    )
    for keys in ({"exclude": '{ "Financial Status" = ["voided"] }'}, {"include": '{ "Financial Status" = ["paid"] }'}):
        manifest = ingest_shop(tmp_path, {"orders.csv": log}, order_id='"Name"', amount='"price"', **keys)
        assert rows(tmp_path, "customer_id", "amount") == [("ann", 3.0), ("ann", 4.0), ("eve", 3.0)]
        assert summary(manifest).excluded == 2


def test_an_item_that_was_sent_back_leaves_the_other_items_of_its_order(tmp_path: Path) -> None:
    log = (
        "order,customer,at,amount,returned\n1,ann,2026-01-01,3,yes\n1,ann,2026-01-01,4,\n2,ann,2026-01-02,3,\n"
        "2,ann,2026-01-02,5,\n"
    )
    ingest_shop(tmp_path, {"orders.csv": log}, exclude='{ returned = ["yes"] }')
    assert rows(tmp_path, "amount") == [(3.0,), (4.0,), (5.0,)]


@pytest.mark.parametrize("column", ["customer", "Mail"])
def test_values_that_may_name_customers_are_an_example_that_erasure_reaches(tmp_path: Path, column: str) -> None:
    log = "order,customer,at,amount,Mail\n" + "".join(
        f"{line},c{line},2026-01-02,5,m{line}@x.com\n" for line in range(60)
    )
    shop = ingest_shop(tmp_path, {"orders.csv": log}, exclude=f'{{ {column} = ["test"] }}')
    found = note(shop, "filter_value_absent")
    assert found.expected == "values of that column"
    assert found.example.endswith("(1) and 52 more")
