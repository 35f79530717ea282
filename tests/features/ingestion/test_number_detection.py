"""Number detection: amounts in any format are read with a note, and a format that is in doubt is asked for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from features.errors import InvalidLog
from features.plausibility_note import PlausibilityNote
from tests.logs import Key, canonical_rows, ingest_keys, ingest_log

ORDERS = 40


def log_of(*amounts: str, column: str = "amount") -> str:
    """A log of one order line per amount."""
    lines = (f"c{line};2026-01-{line % 28 + 1:02};{amount}\n" for line, amount in enumerate(amounts))
    return f"customer;at;{column}\n" + "".join(lines)


def total(folder: Path, *amounts: str, **orders: Key) -> Decimal:
    """The sum of the canonical amounts of a log."""
    ingest_keys(folder, log_of(*amounts), orders)
    return sum((Decimal(str(row[0])) for row in canonical_rows(folder, "amount")), Decimal())


def notes_of(folder: Path, *amounts: str, **orders: Key) -> dict[str, PlausibilityNote]:
    return {note.code: note for note in ingest_keys(folder, log_of(*amounts), orders).notes}


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [
        (["31,83", "9,85", "4"], "45.68"),
        (["1.031,83", "9,85", "4"], "1045.68"),
        (["1 031,83", "9,85"], "1041.68"),
        (["1'031.83", "9.85"], "1041.68"),
        (["$1,031.83", "$9.85", "($4.00)"], "1037.68"),
        (["31,83 €", "9,85- €"], "21.98"),
        (["EUR 31.83", "EUR 9.85"], "41.68"),
        (["￥1,280", "￥35.50"], "1315.50"),
        (["\uff13\uff11\uff0e\uff18\uff13", "9.85"], "41.68"),
        (["31.83", "\u22129.85"], "21.98"),
    ],
)
def test_amounts_that_can_be_read_in_one_way_only_are_read_with_a_note(
    tmp_path: Path, amounts: list[str], expected: str
) -> None:
    assert total(tmp_path, *amounts) == Decimal(expected)
    note = notes_of(tmp_path, *amounts)["numbers_guessed"]
    assert (note.severity, note.found.split(" are read with ")[0]) == ("info", "amount: numbers of 'amount'")
    assert note.remedy.startswith("Set decimal = ")


def test_plain_amounts_need_no_note(tmp_path: Path) -> None:
    assert notes_of(tmp_path, "31.83", "9.8", "4", "-1.125") == {}


@pytest.mark.parametrize(
    "amounts", [["1.234", "985", "4.000"], ["1,234", "985"], ["$1,234", "$12"], ["-1.234", "2.500"]]
)
def test_amounts_with_three_digits_after_one_mark_are_asked_for(tmp_path: Path, amounts: list[str]) -> None:
    with pytest.raises(InvalidLog) as error:
        ingest_log(tmp_path, log_of(*amounts))
    example = max(amount for amount in amounts if amount.strip("$-").count("234"))
    assert f"'{example}' in 'amount' may be" in str(error.value)
    assert 'decimal = "."' in str(error.value)
    assert 'decimal = ","' in str(error.value)


def test_one_other_amount_does_not_settle_what_forty_mean(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r"may be 1\.234 or 1234"):
        ingest_log(tmp_path, log_of(*["1.234"] * ORDERS, "12.50"))


@pytest.mark.parametrize(("decimal", "expected"), [(".", "6.219"), (",", "6219")])
def test_the_key_decimal_settles_it(tmp_path: Path, decimal: str, expected: str) -> None:
    assert total(tmp_path, "1.234", "0" if decimal == "," else "0.000", "4.985", decimal=decimal) == Decimal(expected)
    assert "numbers_guessed" not in notes_of(tmp_path, "1.234", "4.985", decimal=decimal)


def test_weights_in_kilograms_are_no_thousands(tmp_path: Path) -> None:
    ingest_log(tmp_path, "customer,at,amount,kg\nann,2026-01-31,1,0.350\nbob,2026-01-31,1,1.250\n", quantity="kg")
    assert canonical_rows(tmp_path, "quantity") == [(Decimal("0.3500"),), (Decimal("1.2500"),)]


def test_an_amount_in_another_format_than_the_keys_say_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidLog, match=r"1 of 2 lines cannot be read, for example '9.85'\. Expected a number with decimal = \",\""
    ):
        ingest_log(tmp_path, log_of("31,83", "9.85"), decimal=",")


def test_one_unreadable_amount_is_named_and_the_others_tell_the_format(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidLog, match=r"1 of 41 lines cannot be read, for example 'free'\. Expected a number with decimal = \",\""
    ):
        ingest_log(tmp_path, log_of(*["31,83"] * ORDERS, "free"))


def test_amounts_in_several_currencies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match=r"'amount' has the currencies \$, €"):
        ingest_log(tmp_path, log_of("$5.00", "€5.00"))


def test_the_sign_of_another_currency_than_the_shops_is_noted(tmp_path: Path) -> None:
    note = notes_of(tmp_path, "$5.00", "$7.50")["currency_sign_differs"]
    assert (note.severity, note.count, note.expected) == ("warning", 2, 'amounts in GBP, as currency = "GBP" says')
    assert "currency_sign_differs" not in notes_of(tmp_path, "£5.00", "£7.50")


def test_every_column_of_an_expression_has_a_format_of_its_own(tmp_path: Path) -> None:
    log = "customer;at;Line Total;Refunded Amount;Off\nann;2026-01-31;1.031,50;$1.50;10 %\nbob;2026-01-31;20,00;;0 %\n"
    ingest_log(tmp_path, log, amount="Line Total - Refunded Amount", discount="Off")
    assert canonical_rows(tmp_path, "amount", "discount") == [
        (Decimal("20.0000"), Decimal("0.0000")),
        (Decimal("1030.0000"), Decimal("0.1000")),
    ]


def test_a_share_is_no_amount_of_money(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog, match="2 of 2 lines cannot be read"):
        ingest_log(tmp_path, log_of("12 %", "5 %"))


@pytest.mark.parametrize("word", ["NULL", "NA", "N/A", "nan", "None", "\\N", "-", "#N/A", "undefined", "", "  "])
def test_a_word_for_nothing_is_nothing_in_an_optional_number_and_text(tmp_path: Path, word: str) -> None:
    ann, bob = f"ann,2026-01-31,1,{word},{word},{word}", "bob,2026-01-31,1,0.5,hat,2026-02-01"
    log = f"customer,at,amount,off,kind,seen\n{ann}\n{bob}\n"
    ingest_log(tmp_path, log, discount="off", category="kind", recorded_at="seen")
    assert canonical_rows(tmp_path, "customer_id", "discount", "category")[0] == ("ann", None, None)
