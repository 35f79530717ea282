"""Number formats: an amount means what the shop wrote, in Python and in DuckDB alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.ingestion.values.currency_signs import are_several_currencies
from features.ingestion.values.number_formats import (
    PLAIN,
    NumberFormat,
    currency_sign,
    number_format_sql,
    read_number,
)
from features.ingestion.values.number_guesses import CANDIDATES, rank_number_formats
from tests.logs import FEW_EXAMPLES

POINT, COMMA = NumberFormat(".", ","), NumberFormat(",", ".")
TEXTS = st.text(alphabet="0123456789.,'- +()$€%kr\u00a0\u2212５", max_size=12)


def guess_number_formats(texts: Iterable[str]) -> list[NumberFormat]:
    """The formats in which every text is a number."""
    return [guess.number_format for guess in rank_number_formats(Counter(texts)) if not guess.unreadable]


def read_in_duckdb(texts: list[str], number_format: NumberFormat) -> list[float | None]:
    lines = duckdb.connect().sql("SELECT unnest(?::VARCHAR[]) AS text", params=[texts])
    return [row[0] for row in lines.project(number_format_sql("text", number_format)).fetchall()]


@pytest.mark.parametrize(
    ("text", "number_format", "value"),
    [
        ("12,50", COMMA, "12.50"),
        ("1.234,56", COMMA, "1234.56"),
        ("1.234.567", COMMA, "1234567"),
        ("1,234.56", POINT, "1234.56"),
        ("12,34,567.5", POINT, "1234567.5"),  # lakh and crore
        ("1 234,56", NumberFormat(",", " "), "1234.56"),
        ("1\u202f234,56", NumberFormat(",", " "), "1234.56"),
        ("1\u00a0234,56", NumberFormat(",", " "), "1234.56"),
        ("1'234.50", NumberFormat(".", "'"), "1234.50"),
        ("1’234.50", NumberFormat(".", "'"), "1234.50"),
        ("$12.50", POINT, "12.50"),
        ("12,50 €", COMMA, "12.50"),
        ("EUR 12,50", COMMA, "12.50"),
        ("12.50 usd", POINT, "12.50"),
        ("R$ 1.234,50", COMMA, "1234.50"),
        ("kr. 5", COMMA, "5"),
        ("Rs. 500", POINT, "500"),
        ("-Rs.1,500.50", POINT, "-1500.50"),
        ("500.50 kr.", POINT, "500.50"),
        ("￥1,280", POINT, "1280"),
        ("88元", POINT, "88"),
        ("(12.50)", POINT, "-12.50"),
        ("$(12.50)", POINT, "-12.50"),
        ("($12.50)", POINT, "-12.50"),
        ("12.50-", POINT, "-12.50"),
        ("12,50- €", COMMA, "-12.50"),
        ("\u221212.50", POINT, "-12.50"),
        ("-$12.50", POINT, "-12.50"),
        ("１２．５０", POINT, "12.50"),
        ("12 %", NumberFormat(".", "", percent=True), "0.12"),
        ("12,5%", NumberFormat(",", "", percent=True), "0.125"),
        ("0", NumberFormat(".", "", percent=True), "0"),
        ("1e3", PLAIN, "1000"),
    ],
)
def test_a_number_is_read_as_it_is_written(text: str, number_format: NumberFormat, value: str) -> None:
    assert read_number(text, number_format) == Decimal(value)
    assert read_in_duckdb([text], number_format) == [pytest.approx(float(value))]


@pytest.mark.parametrize(
    ("text", "number_format"),
    [
        ("12,50", POINT), ("1.23", COMMA), ("0.123", COMMA), ("1,2345.6", POINT), ("12.34.567", COMMA), ("(5", POINT),
        ("5)", POINT), ("--5", POINT), ("(-5)", POINT), ("-5-", POINT), ("5 pieces", POINT), ("$", POINT), ("", POINT),
        ("12 %", POINT), ("12", NumberFormat(".", "", percent=True)), ("$5", PLAIN), ("many", PLAIN),
    ],
)  # fmt: skip
def test_what_is_no_number_in_a_format_is_none(text: str, number_format: NumberFormat) -> None:
    assert read_number(text, number_format) is None
    assert read_in_duckdb([text], number_format) == [None]


def test_a_text_in_a_csv_file_is_no_number_rather_than_an_error_of_the_reader(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("amount\n5\nmany\n")
    lines = duckdb.connect().read_csv(tmp_path / "orders.csv", dtype={"amount": "VARCHAR"}, header=True)
    assert lines.project(number_format_sql("amount", PLAIN)).fetchall() == [(5.0,), (None,)]


@FEW_EXAMPLES
@given(texts=st.lists(TEXTS, min_size=1, max_size=20), number_format=st.sampled_from(CANDIDATES[1:]))
def test_python_and_duckdb_read_the_same_number(texts: list[str], number_format: NumberFormat) -> None:
    expected = [read_number(text, number_format) for text in texts]
    assert read_in_duckdb(texts, number_format) == [
        None if value is None else pytest.approx(float(value)) for value in expected
    ]


@pytest.mark.parametrize(
    ("texts", "formats"),
    [
        (["12.50", "3"], [PLAIN]),
        (["12,50", "3"], [NumberFormat(",")]),
        (["1.234,50", "99,00"], [COMMA]),
        (["$1,031.83", "$12.00"], [POINT]),
        (["$1031.83", "($12.00)"], [NumberFormat(".")]),
        (["1.234", "985", "4.000"], [PLAIN, COMMA]),
        (["-1,234", "0"], [NumberFormat(","), POINT]),
        (["0.350", "1.250"], [PLAIN]),  # no thousands begin with 0
        (["1.234", "1.50", "2.500"], [PLAIN]),
        (["12%", "5 %"], [NumberFormat(percent=True)]),
        (["12%", "12"], []),
        (["12.50", "many"], []),
        (["1.234,50", "1,234.50"], []),
    ],
)
def test_a_column_has_the_formats_in_which_all_of_it_can_be_read(texts: list[str], formats: list[NumberFormat]) -> None:
    assert guess_number_formats(texts) == formats


@pytest.mark.parametrize(
    ("text", "sign"),
    [("$5", "$"), ("5 kr", "kr"), ("EUR 5", "eur"), ("(R$ 5)", "r$"), ("5", ""), ("5元", "元"), ("5 pieces", "")],
)
def test_the_sign_of_the_currency_is_the_one_beside_the_number(text: str, sign: str) -> None:
    assert currency_sign(text) == sign


@pytest.mark.parametrize(
    ("signs", "several"),
    [
        (["€", "eur"], False),
        (["¥", "cny", "元"], False),
        (["$", "cad"], False),
        (["€", "$"], True),
        (["¥", "eur"], True),
        ([], False),
    ],
)
def test_signs_that_no_currency_shares_are_several_currencies(signs: list[str], several: bool) -> None:
    assert are_several_currencies(signs) is several
