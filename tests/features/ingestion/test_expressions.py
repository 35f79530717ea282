"""Expressions: an amount may be a column or arithmetic over columns."""

from __future__ import annotations

import duckdb
import pytest

from features.errors import InvalidConfig
from features.ingestion.expressions import columns_of, number_sql

LINE = {
    "Quantity": "3",
    "Unit Price": "2.50",
    "discount": "0.5",
    "Price-Net": "7",
    "Price": "100",
    "Net": "1",
    "class": "4",
    "金额": "8",
    "µ": "9",
    "column_0": "20",
    "text": "many",
}


def evaluate(expression: str) -> float | None:
    """The value of an expression for one order line."""
    columns = ", ".join(f"""'{value}' AS "{name}\"""" for name, value in LINE.items())
    line = duckdb.connect().sql(f"SELECT {columns}")
    value: float | None = line.project(number_sql(expression, list(LINE)).value).fetchall()[0][0]
    return value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("Quantity", 3.0),
        ('Quantity * "Unit Price"', 7.5),
        ("Quantity * `Unit Price`", 7.5),
        ("Quantity / discount", 6.0),
        ("1 + Quantity * 2", 7.0),
        ("(1 + Quantity) * 2", 8.0),
        ("10 - Quantity - 2", 5.0),
        ("10 - (Quantity - 2)", 9.0),
        ("12 / Quantity / 2", 2.0),
        ("-Quantity * 2 + 1", -5.0),
        ("1e2 * Quantity", 300.0),
        ("5", 5.0),
        ("class * 金额", 32.0),
        ("µ - Quantity", 6.0),
        ("column_0 + Quantity", 23.0),
    ],
)
def test_an_amount_is_worth_what_arithmetic_says(expression: str, value: float) -> None:
    assert evaluate(expression) == value


def test_a_column_that_looks_like_an_expression_is_that_column() -> None:
    assert columns_of("Price-Net", list(LINE)) == ["Price-Net"]
    assert evaluate("Price-Net") == 7.0
    assert evaluate("Price - Net") == 99.0
    assert evaluate('"Price-Net" * 2') == 14.0


def test_an_expression_names_each_of_its_columns_once_in_order() -> None:
    assert columns_of('(b + "a c") * b - 2', []) == ["b", "a c"]
    assert columns_of("5", []) == []


def test_a_text_where_a_number_should_be_is_no_amount() -> None:
    assert evaluate("text * 2") is None


def test_a_column_with_a_quote_in_its_name_is_a_name_all_the_same() -> None:
    assert number_sql('12" plates', ['12" plates']).value == 'TRY_CAST("12"" plates" AS DOUBLE)'


@pytest.mark.parametrize(
    "expression",
    ["", "Unit Price", "a ** b", "a % b", "a // b", "a < b", "sum(a)", "a.b", "a[0]", "+a", "a b", "a; b", "'a'",
     "1j * a", "1e999 * a", "a if b else c", "a # b", '"a', "(" * 300 + "a" + ")" * 300, "9" * 400, "a\0"],
)  # fmt: skip
def test_anything_but_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(InvalidConfig):
        number_sql(expression, [])
    with pytest.raises(InvalidConfig):
        columns_of(expression, [])


def test_the_refusal_shows_how_to_write_it() -> None:
    with pytest.raises(InvalidConfig) as error:
        columns_of("Unit Price", ["Quantity"])
    assert str(error.value) == (
        "'Unit Price' is neither a column nor arithmetic. Expected a column, or columns and numbers joined by + - * / "
        'and brackets, with quotes around names with spaces, as in `Quantity * "Unit Price"`. Correct it.'
    )
