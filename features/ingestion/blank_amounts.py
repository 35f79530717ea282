"""Blank amounts: 0 on a further line of an order that has an amount, and otherwise as ``blank_amount`` says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from features.config.sources import OrdersSource
from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.line_checks import LineInspection
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.value_parsing import blank_sql, has_customer_sql, sample_sql, value_sql
from features.plausibility_note import PlausibilityNote


@dataclass(frozen=True)
class BlankAmounts:
    """What becomes of the blank amounts of a table."""

    table: Table
    skipped: str = ""  # SQL of the lines that do not count; empty where all do
    unexplained: str = ""  # SQL of the lines with a fault; empty where there is none
    sentence: str = ""  # on the fault
    notes: tuple[PlausibilityNote, ...] = ()


def resolve_blank_amounts(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes, inspection: LineInspection
) -> BlankAmounts:
    """Decide what the blank amounts of a table mean."""
    blank_amounts = {each.field.name: each.blank_amounts for each in inspection.fields if each.blank_amounts}
    if not blank_amounts:
        return BlankAmounts(table)
    (name, count), *_ = blank_amounts.items()
    field = next(each for each in table.fields if each.name == name)
    policy = table.section.blank_amount if isinstance(table.section, OrdersSource) else None
    blank = f"({has_customer_sql(table, column_types)} AND {blank_sql(field, column_types)})"
    if policy == "skip":
        return BlankAmounts(table, skipped=blank, notes=(_note(count, inspection, "left out", "skip"),))
    as_zero = _with_zeros(table, field)
    if policy == "zero":
        return BlankAmounts(as_zero, notes=(_note(count, inspection, "counted as 0", "zero"),))
    unexplained = f"({blank} AND NOT {_has_priced_order_sql(table, field, column_types)})"
    example = f"max({_line_sql(table, column_types)}) FILTER (WHERE {unexplained})"
    counts = f"SELECT count(*) FILTER (WHERE {unexplained}), {example} FROM {table.raw_view}"
    lines, sample = connection.execute(counts).fetchall()[0]
    explained = (_note(count - lines, inspection, "counted as 0", ""),) if count > lines else ()
    if not lines:
        return BlankAmounts(as_zero, notes=explained)
    sentence = _sentence(table, field, lines, inspection.known, sample)
    return BlankAmounts(as_zero, "", unexplained, sentence, explained)


def _with_zeros(table: Table, field: Field) -> Table:
    zeros = (replace(each, blank_is_zero=True) if each.name == field.name else each for each in table.fields)
    return replace(table, fields=tuple(zeros))


def _has_priced_order_sql(table: Table, amount: Field, column_types: ColumnTypes) -> str:
    """SQL of whether another line of the order has an amount."""
    order_id = next((field for field in table.present_fields if field.name == "order_id"), None)
    if order_id is None:
        return "false"
    order = value_sql(table, order_id, column_types)
    priced = f"{has_customer_sql(table, column_types)} AND {value_sql(table, amount, column_types)} IS NOT NULL"
    priced_orders = f"SELECT {order} FROM {table.raw_view} WHERE {priced} AND ({order}) IS NOT NULL"
    return f"coalesce(({order}) IN ({priced_orders}), false)"


def _line_sql(table: Table, column_types: ColumnTypes) -> str:
    """SQL of what identifies a line for a reader: its order, or its time and customer."""
    shown = [field for field in table.present_fields if field.name == "order_id"] or [
        field for field in table.present_fields if field.parse_as is ParseAs.INSTANT or field.name == "customer_id"
    ]
    return f"concat_ws(', ', {', '.join(sample_sql(field, column_types) for field in shown)})"


def _sentence(table: Table, field: Field, lines: int, known: int, example: str) -> str:
    expected = "an amount in every line: correct these lines"
    if lines == known:
        # A workbook of formulas that no program has computed has no value in any line.
        expected = "amounts: name the column that has them; a workbook of formulas, open and save it with their values"
    elif isinstance(table.section, OrdersSource):
        expected = (
            'an amount in every line, or in one line of every order: set blank_amount = "zero" where blank means 0, '
            'or "skip" to leave these lines out'
        )
    found = f"{lines:,} of {known:,} lines are blank, for example in the line of {example!r}"
    return f"{field.name} = {field.source!r}: {found}. Expected {expected}."


def _note(count: int, inspection: LineInspection, treatment: str, policy: str) -> PlausibilityNote:
    where = "" if policy else " on further lines of orders that have an amount"
    remedy = (
        f'Correct blank_amount = "{policy}" if they mean something else'
        if policy
        else ('Set blank_amount = "zero" to settle it, or "skip" to leave these lines out')
    )
    return PlausibilityNote(
        "blank_amounts",
        "info",
        f"{count:,} of {inspection.known:,} amounts are blank{where} and {treatment}",
        "an amount in every line",
        remedy,
        count,
    )
