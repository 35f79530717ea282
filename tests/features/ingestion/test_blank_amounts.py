"""Blank amounts: 0 on a further line of an order that has an amount, and otherwise what the shop says."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from features.errors import InvalidLog
from tests.logs import Key, canonical_rows, ingest_keys, ingest_log

SHOPIFY = (
    "number,customer,at,amount,item\n"
    "#1,ann,2026-01-31,39.02,hat\n#1,ann,2026-01-31,,scarf\n#1,ann,2026-01-31,,glove\n#2,bob,2026-01-31,5,hat\n"
)


def amounts(folder: Path, log: str, **orders: Key) -> list[tuple[object, ...]]:
    ingest_keys(folder, log, orders)
    return canonical_rows(folder, "customer_id", "amount")


@pytest.mark.parametrize("blank", ["", "  ", "NULL", "nan", "-"])
def test_a_further_line_of_an_order_without_an_amount_is_a_line_of_0(tmp_path: Path, blank: str) -> None:
    log = SHOPIFY.replace(",,", f",{blank},")
    manifest = ingest_log(tmp_path, log, order_id="number")
    assert canonical_rows(tmp_path, "customer_id", "amount") == [
        ("ann", Decimal("0.0000")), ("ann", Decimal("0.0000")), ("ann", Decimal("39.0200")), ("bob", Decimal("5.0000")),
    ]  # fmt: skip
    (note,) = manifest.notes
    assert (note.code, note.severity, note.count) == ("blank_amounts", "info", 2)
    assert note.found == "2 of 4 amounts are blank on further lines of orders that have an amount and counted as 0"


def test_an_order_without_any_amount_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog) as error:
        ingest_log(tmp_path, SHOPIFY + "#3,cy,2026-01-31,,hat\n", order_id="number")
    assert str(error.value).splitlines()[1] == (
        "  - [orders] amount = 'amount': 1 of 5 lines are blank, for example in the line of '#3'. Expected an amount "
        'in every line, or in one line of every order: set blank_amount = "zero" where blank means 0, or "skip" to '
        "leave these lines out."
    )


def test_without_order_numbers_no_line_is_a_further_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="2 of 4 lines are blank"):
        ingest_log(tmp_path, SHOPIFY)


def test_blank_amounts_are_0_or_left_out_as_the_shop_says(tmp_path: Path) -> None:
    log = "customer,at,amount\nann,2026-01-31,5\nbob,2026-01-31,\n"
    assert amounts(tmp_path, log, blank_amount="zero") == [("ann", Decimal(5)), ("bob", Decimal(0))]
    assert amounts(tmp_path, log, blank_amount="skip") == [("ann", Decimal(5))]
    (note,) = ingest_log(tmp_path, log, blank_amount="skip").notes
    assert (note.count, note.found) == (1, "1 of 2 amounts are blank and left out")


def test_an_unreadable_amount_is_not_blank(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="1 of 2 lines cannot be read, for example 'free'"):
        ingest_log(tmp_path, "customer,at,amount\nann,2026-01-31,5\nbob,2026-01-31,free\n", blank_amount="zero")


def test_a_blank_amount_of_nobody_is_no_fault(tmp_path: Path) -> None:
    assert amounts(tmp_path, "customer,at,amount\nann,2026-01-31,5\n,2026-01-31,\n") == [("ann", Decimal(5))]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("Total - Refunded Amount", {"ann": "30", "bob": "8", "cy": "-2"}),
        ('Total - "Refunded Amount"', {"ann": "30", "bob": "8", "cy": "-2"}),
        ("Total * (1 - Off)", {"ann": "20", "bob": "8", "cy": "0"}),
    ],
)
def test_a_blank_term_counts_as_0_and_a_blank_factor_makes_the_amount_blank(
    tmp_path: Path, amount: str, expected: dict[str, str]
) -> None:
    log = (
        "customer,at,Total,Refunded Amount,Off,Amount\n"
        "ann,2026-01-31,40,10,0.5,1\nbob,2026-01-31,8,,,1\ncy,2026-01-31,,2,,1\n"
    )
    rows = amounts(tmp_path, log, amount=amount, blank_amount="zero")
    assert rows == [(customer, Decimal(value)) for customer, value in expected.items()]


def test_an_expression_over_blanks_only_is_a_further_line(tmp_path: Path) -> None:
    log = SHOPIFY.replace("amount,item", "amount,Refunded Amount,item").replace(",,", ",,,")
    log = log.replace("39.02,hat", "39.02,9.02,hat").replace("5,hat", "5,,hat")
    assert amounts(tmp_path, log, amount="amount - Refunded Amount", order_id="number") == [
        ("ann", Decimal(0)), ("ann", Decimal(0)), ("ann", Decimal(30)), ("bob", Decimal(5)),
    ]  # fmt: skip
