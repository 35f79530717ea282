"""Written orders: a second look at canonical order lines, for numbers used again and amounts of 0."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from features.config.sources import OrdersSource
from features.ingestion.rows.order_numbers import daily_orders_sql, number_notes, number_use
from features.ingestion.rows.zero_orders import ORDER_SQL, find_zero_orders, without_zero_orders_sql, zero_notes
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_literal

RETURNED_COLUMN = "__returned"  # whether an amount of 0 is a total less as large a refund; only until the second look


def adjust_orders(
    connection: duckdb.DuckDBPyConnection, section: OrdersSource, file: Path, columns: Collection[str]
) -> tuple[int, list[PlausibilityNote]]:
    """Give orders with a number used again one order per day, and leave out orders of 0 that do not count.

    The file is written anew only where something changes. Returns the number of lines left out, and notes.

    Args:
        connection: any.
        section: of the orders.
        file: the canonical order lines in parquet.
        columns: of the file.
    """
    rows = original = f"read_parquet({quote_literal(str(file))})"
    notes, left_out = list[PlausibilityNote](), 0
    if "order_id" in columns:
        rows, notes = _daily_orders(connection, rows, columns)
    if "amount" in columns:
        rows, left_out, further = _without_zero_orders(connection, section, rows, columns)
        notes += further
    if RETURNED_COLUMN in columns:
        rows = f"(SELECT * EXCLUDE ({RETURNED_COLUMN}) FROM {rows})"
    if rows != original:
        _write_anew(connection, rows, file)
    return left_out, notes


def _daily_orders(
    connection: duckdb.DuckDBPyConnection, rows: str, columns: Collection[str]
) -> tuple[str, list[PlausibilityNote]]:
    """SQL of the lines with one order per number and day where numbers are used again, and notes on that."""
    purchase = "amount >= 0" if "amount" in columns else "true"
    use = number_use(connection, rows, purchase)
    notes = number_notes(connection, rows, use)
    return daily_orders_sql(rows, purchase, use) if use.reused else rows, notes


def _without_zero_orders(
    connection: duckdb.DuckDBPyConnection, section: OrdersSource, rows: str, columns: Collection[str]
) -> tuple[str, int, list[PlausibilityNote]]:
    """SQL of the lines without orders of 0 that do not count, the number of lines left out, and notes on them."""
    order = ORDER_SQL if "order_id" in columns else "'day ' || day_number"
    zeros = find_zero_orders(connection, rows, order, RETURNED_COLUMN if RETURNED_COLUMN in columns else None)
    ignored = section.zero_amount == "ignore"
    left_out = zeros.returned_lines + (zeros.lines if ignored else 0)
    rows = without_zero_orders_sql(rows, order, returned_only=not ignored) if left_out else rows
    return rows, left_out, zero_notes(zeros, ignored=ignored)


def _write_anew(connection: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    adjusted = file.with_name(f".{file.name}.adjusted.tmp")
    connection.execute(f"COPY (SELECT * FROM {rows}) TO {quote_literal(str(adjusted))} (FORMAT parquet)")
    adjusted.replace(file)
