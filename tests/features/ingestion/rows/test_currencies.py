"""Currencies: no sum over two currencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.ingestion.rows.shops import ingest_shop, note, notes, refusal, rows

LOG = "order,customer,at,amount,{}\n1,ann,2026-01-01,5,{}\n2,bob,2026-01-02,500,{}\n"


@pytest.mark.parametrize("column", ["currency", "Currency", "order_currency", "Währung", "币种"])
def test_two_currencies_are_refused_with_counts_and_remedies(tmp_path: Path, column: str) -> None:
    fault = refusal(tmp_path, {"orders.csv": LOG.format(column, "EUR", "jpy")})
    assert f"{column!r} has 'EUR' (1), 'JPY' (1), and JPY has no rate" in fault
    key = column if column.isascii() else f'"{column}"'
    assert f'include = {{ {key} = ["EUR"] }}' in fault
    assert f'currency_column = "{column}" and rates = {{ JPY = 0.0 }}' in fault
    ingest_shop(tmp_path, {"orders.csv": LOG.format(column, "EUR", "jpy")}, include=f'{{ {key} = ["EUR"] }}')
    assert rows(tmp_path, "amount") == [(5.0,)]


def test_amounts_are_converted_at_the_rates_of_the_shop(tmp_path: Path) -> None:
    log = (
        "order,customer,at,amount,off,cur\n1,ann,2026-01-01,5,1,EUR\n2,bob,2026-01-02,500,50, jpy \n"
        "3,eve,2026-01-02,2,0,€\n"
    )
    keys = {"currency_column": '"cur"', "rates": "{ JPY = 0.0061 }", "discount": '"off"'}
    ingest_shop(tmp_path, {"orders.csv": log}, **keys)
    assert rows(tmp_path, "amount", "discount") == [(2.0, 0.0), (3.05, 0.305), (5.0, 1.0)]


@pytest.mark.parametrize("written", ["J\u200bPY", "\u2003jpy", "jpy\ufeff", "円\u200e", "\u2028円"])
def test_a_currency_is_read_without_blanks_and_invisible_characters(tmp_path: Path, written: str) -> None:
    log = {"orders.csv": LOG.format("cur", "EUR", written)}
    ingest_shop(tmp_path, log, currency_column='"cur"', rates="{ JPY = 0.01 }")
    assert rows(tmp_path, "amount") == [(5.0,), (5.0,)]


def test_a_currency_without_a_rate_is_refused(tmp_path: Path) -> None:
    keys = {"currency_column": '"cur"', "rates": "{ USD = 0.9 }"}
    assert "JPY has no rate" in refusal(tmp_path, {"orders.csv": LOG.format("cur", "JPY", "JPY")}, **keys)


def test_one_other_currency_throughout_is_a_warning(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": LOG.format("currency", "USD", "USD")})
    assert note(manifest, "currency_differs").count == 2
    assert 'currency = "USD"' in note(manifest, "currency_differs").remedy


def test_a_column_of_other_words_is_no_currency(tmp_path: Path) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": LOG.format("currency", "points", "cash")})
    assert not notes(manifest, "currency_differs")


def test_the_currency_on_the_first_line_of_an_order_counts_for_its_further_lines(tmp_path: Path) -> None:
    log = (
        "order,customer,at,amount,Currency\n1,ann,2026-01-01,100,JPY\n1,ann,2026-01-01,200,\n2,bob,2026-01-01,3,EUR\n"
        "2,bob,2026-01-01,4,\n"
    )
    ingest_shop(tmp_path, {"orders.csv": log}, currency_column='"Currency"', rates="{ JPY = 0.01 }")
    assert rows(tmp_path, "amount") == [(1.0,), (2.0,), (3.0,), (4.0,)]


def test_lines_without_a_currency_are_named(tmp_path: Path) -> None:
    log = {"orders.csv": LOG.format("cur", "EUR", "")}
    assert note(ingest_shop(tmp_path, log, currency_column='"cur"'), "currency_missing").count == 1
