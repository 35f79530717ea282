"""Number detection: the format of each column of numbers, read off all of its texts; doubt is a fault, not a guess."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import duckdb

from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.missing_values import missing_sql
from features.ingestion.raw_text import ColumnTypes, is_text
from features.ingestion.value_parsing import has_customer_sql, source_columns
from features.ingestion.values.currency_signs import are_several_currencies, possible_currencies
from features.ingestion.values.number_formats import (
    PLAIN,
    NumberFormat,
    currency_sign,
    read_number,
)
from features.ingestion.values.number_guesses import CANDIDATES, NumberGuess, rank_number_formats
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier

_MAX_SHAPES = 5000  # rarer shapes than these are found to be unreadable, or readable, when all lines are read


@dataclass(frozen=True)
class Detection:
    """A table with the formats that its columns are written in, what was noticed, and what remains in doubt."""

    table: Table
    notes: tuple[PlausibilityNote, ...] = ()
    faults: Mapping[str, str] = dataclasses.field(default_factory=dict)  # a sentence by field


def number_columns(table: Table, column_types: ColumnTypes) -> dict[str, Field]:
    """The text columns that numbers are read from, each with the first field that reads it."""
    columns: dict[str, Field] = {}
    for field in table.present_fields:
        if field.is_number:
            for column in source_columns(field, column_types):
                if is_text(column_types[column]):
                    columns.setdefault(column, field)
    return columns


def detect_number_formats(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    column_types: ColumnTypes,
    columns: Iterable[str],
    currency: str,
) -> Detection:
    """Find the formats of text columns of numbers, within those that ``decimal`` and ``thousands`` allow."""
    formats: dict[str, NumberFormat] = {}
    notes: list[PlausibilityNote] = []
    faults: dict[str, str] = {}
    fields = number_columns(table, column_types)
    for column in columns:
        field = fields[column]
        counts = _count_shapes(connection, table, column_types, column)
        allowed = _allowed_formats(table, column)
        guesses = rank_number_formats(counts, allowed)
        signs = {sign for text in counts if (sign := currency_sign(text))}
        if are_several_currencies(signs):
            faults[field.name] = _currencies_fault(field, column, signs)
        elif len(guesses) > 1:
            faults[field.name] = _ambiguous_fault(field, column, guesses)
        elif table.section.decimal is not None and not guesses:
            formats[column] = allowed[0]
        elif guesses and (table.section.decimal is not None or guesses[0].unreadable < sum(counts.values()) / 2):
            formats[column] = guesses[0].number_format
            notes += _notes(table, field, column, guesses[0].number_format, counts)
            notes += _currency_notes(field, column, counts, currency)
    return Detection(_with_formats(table, formats), tuple(notes), faults)


def _with_formats(table: Table, formats: Mapping[str, NumberFormat]) -> Table:
    fields = (replace(each, number_formats={**each.number_formats, **formats}) for each in table.fields)
    return replace(table, fields=tuple(fields))


def _count_shapes(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes, column: str
) -> dict[str, int]:
    """The number of lines by text, with one text for all that differ in digits other than 0 only."""
    text = quote_identifier(column)
    lines = f"{table.raw_view} WHERE {has_customer_sql(table, column_types)} AND NOT {missing_sql(text)}"
    shape = f"regexp_replace(trim({text}), '[1-9\uff11-\uff19]', '9', 'g')"  # of any width
    counts = f"SELECT min({text}), count(*) AS lines FROM {lines} GROUP BY {shape} ORDER BY lines DESC, 1"
    return dict(connection.execute(f"{counts} LIMIT {_MAX_SHAPES}").fetchall())


def _allowed_formats(table: Table, column: str) -> list[NumberFormat]:
    decimal, thousands = table.section.decimal, table.section.thousands
    # A share of something is no amount of money.
    is_amount = any(field.parse_as is ParseAs.AMOUNT and column in field.sources for field in table.fields)
    return [
        each
        for each in CANDIDATES
        if decimal in (None, each.decimal)
        and (thousands in (None, each.thousands) and not (thousands == "" and each.thousands))
        and not (each.percent and is_amount)
    ]


def _ambiguous_fault(field: Field, column: str, guesses: list[NumberGuess]) -> str:
    example = guesses[1].example
    readings = [f"{read_number(example, guess.number_format):f}" for guess in guesses]
    keys = [f'decimal = "{guess.number_format.decimal}"' for guess in guesses]
    remedies = " or ".join(f"{key} if it is {reading}" for key, reading in zip(keys, readings, strict=True))
    return (
        f"{field.name} = {field.source!r}: {example!r} in {column!r} may be {' or '.join(readings)}, and so may nearly "
        f"all numbers of the column. Expected numbers with one reading: set {remedies}."
    )


def _currencies_fault(field: Field, column: str, signs: set[str]) -> str:
    return (
        f"{field.name} = {field.source!r}: {column!r} has the currencies {', '.join(sorted(signs))}. Expected amounts "
        "in one currency: write the currency into a column of its own and name it as currency_column, with rates."
    )


def _notes(
    table: Table, field: Field, column: str, number_format: NumberFormat, counts: Mapping[str, int]
) -> list[PlausibilityNote]:
    is_settled = table.section.decimal is not None and not number_format.percent
    guessed = [
        text for text in counts if read_number(text, PLAIN) is None and read_number(text, number_format) is not None
    ]
    if number_format == PLAIN or is_settled or not guessed:
        return []
    example = max(guessed, key=lambda text: counts[text])
    return [
        PlausibilityNote(
            "numbers_guessed",
            "info",
            f"{field.name}: numbers of {column!r} are read with {number_format.keys}",
            "plain numbers such as 1234.5, or the keys decimal and thousands",
            f"Set {number_format.keys} to settle it",
            sum(counts[text] for text in guessed),
            f"{example!r} is {read_number(example, number_format):f}",
        )
    ]


def _currency_notes(field: Field, column: str, counts: Mapping[str, int], currency: str) -> list[PlausibilityNote]:
    signs = {text: sign for text in counts if (sign := currency_sign(text))}
    foreign = {text: sign for text, sign in signs.items() if currency not in possible_currencies(sign)}
    if not foreign:
        return []
    return [
        PlausibilityNote(
            "currency_sign_differs",
            "warning",
            f"{field.name}: amounts of {column!r} are in {', '.join(sorted(set(foreign.values())))}",
            f'amounts in {currency}, as currency = "{currency}" says',
            "Correct currency, which names the unit of all amounts",
            sum(counts[text] for text in foreign),
            next(iter(foreign)),
        )
    ]
