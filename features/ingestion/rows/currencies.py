"""Currencies: amounts of one currency only, converted where flywheel.toml has the rates."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel.numbers import list_currencies

from features.canonical_form import canonical_word
from features.config.shop import ShopConfig
from features.config.sources import OrdersSource
from features.errors import InvalidLog
from features.ingestion.canonical_schema import Table
from features.ingestion.rows.filters import ValueCounts, list_values
from features.ingestion.rows.row_view import RowView
from features.ingestion.rows.state_words import plain_name
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal
from features.wording import count_of, form_of

MONEY_FIELDS = ("amount", "discount", "coupon")

_NAME_LIST = """
    currency currencycode ordercurrency ordercurrencycode currencyiso isocurrency isocurrencycode
    currencyname cur curr ccy paymentcurrency transactioncurrency pricecurrency amountcurrency
    storecurrency basecurrencycode waehrung währung bestellwährung währungscode devise monnaie
    codedevise moneda divisa moeda valuta waluta měna parabirimi валюта 币种 货币 货币代码 幣別 貨幣 通貨 통화
"""
_NAMES = frozenset(_NAME_LIST.split())
_ISO_BY_WORD = {"€": "eur", "euro": "eur", "£": "gbp", "rmb": "cny", "人民币": "cny", "us$": "usd", "円": "jpy"}
_MIN_CODES = 0.9  # of the filled lines of a column that looks like currencies


def currency_column(section: OrdersSource, columns: tuple[str, ...]) -> str | None:
    """The column with the currency: the configured one, or one that is called so."""
    if section.currency_column is not None:
        return section.currency_column
    return next((column for column in columns if plain_name(column) in _NAMES), None)


def currency_notes(config: ShopConfig, column: str, values: ValueCounts) -> list[PlausibilityNote]:
    """Notes on the currency of the lines that count.

    Args:
        config: with the shop's currency and the rates.
        column: the column with the currency.
        values: its values, with lines.

    Raises:
        InvalidLog: a currency has no rate, or there are several.
    """
    counts = _by_code(values)
    is_configured = config.orders.currency_column is not None
    if not is_configured and not _are_codes(counts):
        return []
    filled = {code: count for code, count in counts.items() if code}
    without_rate = [code for code in filled if code != config.currency and code not in _rates(config.orders)]
    if without_rate and (is_configured or len(filled) > 1):
        raise InvalidLog(_refusal(config, column, counts, without_rate))
    notes = [_differs_note(config, column, without_rate[0], filled[without_rate[0]])] if without_rate else []
    if is_configured and counts.get(""):
        notes.append(_missing_note(config, column, counts[""]))
    return notes


def rate_sql(section: OrdersSource, view: RowView) -> str | None:
    """SQL of what one unit of a line's currency is worth in the shop's; None where nothing is to convert."""
    column = section.currency_column
    if column is None or not section.rates:
        return None
    code = view.word_sql(column)
    words: dict[str, float] = {word: rate for name, rate in _rates(section).items() for word in _words(name)}
    whens = " ".join(f"WHEN {quote_literal(word)} THEN {rate!r}" for word, rate in words.items())
    return f"(CASE {code} {whens} ELSE 1.0 END)"


def convert_sql(amount: str, rate: str) -> str:
    """SQL of an amount in the shop's currency."""
    return f"CAST(round(CAST(({amount}) AS DOUBLE) * {rate}, 4) AS DECIMAL(18, 4))"


def check_currency(
    config: ShopConfig, table: Table, view: RowView, values: Mapping[str, ValueCounts]
) -> list[PlausibilityNote]:
    """The notes on the currency of the table of orders; none for another table, or without such a column."""
    if not isinstance(table.section, OrdersSource) or table.section.amount is None:
        return []
    column = currency_column(table.section, view.columns)
    return [] if column is None else currency_notes(config, column, values[column])


def _differs_note(config: ShopConfig, column: str, code: str, lines: int) -> PlausibilityNote:
    """The note that all lines are in one currency, which is not the shop's."""
    return PlausibilityNote(
        code="currency_differs",
        severity="warning",
        found=f"[orders] every line with a value in {column!r} ({lines:,}) is in {code}, and "
        f"currency = {config.currency!r}",
        expected="amounts in the shop's currency",
        remedy=f'Write currency = "{code}", or currency_column and rates in [orders]',
        count=lines,
        example=f"{column} = {code}",
    )


def _missing_note(config: ShopConfig, column: str, lines: int) -> PlausibilityNote:
    """The note on lines without a currency."""
    return PlausibilityNote(
        code="currency_missing",
        severity="warning",
        found=f"[orders] {count_of(lines, 'line')} without a currency in {column!r} "
        f"{form_of(lines, 'counts', 'count')} as {config.currency}",
        expected="a currency in every line",
        remedy="Fill it, or leave these lines out with exclude",
        count=lines,
    )


def _by_code(values: ValueCounts) -> dict[str, int]:
    counts: dict[str, int] = {}
    for word, count in values.items():
        code = _ISO_BY_WORD.get(word, word).upper()
        counts[code] = counts.get(code, 0) + count
    return counts


def _are_codes(counts: ValueCounts) -> bool:
    filled = sum(count for code, count in counts.items() if code)
    codes = sum(count for code, count in counts.items() if code in _iso_codes())
    return bool(filled) and codes >= _MIN_CODES * filled


@cache
def _iso_codes() -> frozenset[str]:
    return frozenset(list_currencies())


def _rates(section: OrdersSource) -> dict[str, float]:
    return {canonical_word(code).upper(): rate for code, rate in section.rates.items()}


def _words(code: str) -> list[str]:
    return [code.lower(), *(word for word, iso in _ISO_BY_WORD.items() if iso == code.lower())]


def _refusal(config: ShopConfig, column: str, counts: ValueCounts, without_rate: list[str]) -> str:
    key = column if column.isidentifier() and column.isascii() else f'"{column}"'
    rates = ", ".join(f"{code} = 0.0" for code in without_rate)
    return (
        f"currency: {column!r} has {list_values(counts)}, and {' and '.join(without_rate)} has no rate. Expected "
        "amounts in "
        f'{config.currency} only, or rates. Write include = {{ {key} = ["{config.currency}"] }} to leave the others '
        "out, "
        f'or currency_column = "{column}" and rates = {{ {rates} }} with what one unit is worth in {config.currency} '
        "(1.0 where the amounts are converted already)."
    )
