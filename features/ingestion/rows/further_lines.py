"""Further lines: an export may write what belongs to the whole order on the order's first line only."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from features.ingestion.rows.row_view import RowView
from features.storage.sql_quoting import quote_identifier

SAMPLE_LINES = 20_000  # a layout shows in any part of an export
_MIN_SHARE = 0.95  # of the orders that have the first line's columns filled, exactly once


def fill_further_lines(connection: duckdb.DuckDBPyConnection, view: RowView, columns: Sequence[str]) -> RowView:
    """The lines, with these columns filled on further lines of an order from its first line.

    Shops such as Shopify write status, currency and total on the first line of an order, and leave them empty on its
    further ones. Such an export has a column that is filled once in every order; the other lines are further lines.

    Args:
        connection: with the view.
        view: the lines.
        columns: those that belong to an order as a whole, never an amount or a product.
    """
    order = view.order_key_sql()
    if order is None or not columns:
        return view
    marker = _first_line_column(connection, view, order, columns)
    if marker is None:
        return view
    first = f"{view.table.files_view}_first_lines"
    values = ", ".join(f"{quote_identifier(column)} AS {_name(position)}" for position, column in enumerate(columns))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {first} AS SELECT {order} AS __order_key, {values} FROM {view.name} "
        f"WHERE {view.text_sql(marker)} IS NOT NULL AND {order} IS NOT NULL "
        "QUALIFY row_number() OVER (PARTITION BY __order_key) = 1"
    )
    is_further = f"{view.text_sql(marker)} IS NULL"
    filled = ", ".join(
        f"CASE WHEN {is_further} AND {view.text_sql(column)} IS NULL THEN firsts.{_name(position)} "
        f"ELSE lines.{quote_identifier(column)} END AS {quote_identifier(column)}"
        for position, column in enumerate(columns)
    )
    sql = (
        f"SELECT lines.* REPLACE ({filled}) FROM {view.name} AS lines LEFT JOIN {first} AS firsts "
        f"ON {is_further} AND {order} = firsts.__order_key"
    )
    return view.derive(connection, "filled", sql)


def _first_line_column(
    connection: duckdb.DuckDBPyConnection, view: RowView, order: str, columns: Sequence[str]
) -> str | None:
    """A column that is filled on one line of every order, where orders have several lines and a column has gaps."""
    texts = [view.text_sql(column) for column in view.columns]
    counts = ", ".join(
        f"count({text}), count(DISTINCT CASE WHEN {text} IS NOT NULL THEN {order} END)" for text in texts
    )
    sample = f"(SELECT * FROM {view.name} WHERE {order} IS NOT NULL LIMIT {SAMPLE_LINES})"
    lines, orders, *pairs = connection.execute(
        f"SELECT count(*), count(DISTINCT {order}), {counts} FROM {sample} AS lines"
    ).fetchall()[0]
    filled = dict(zip(view.columns, zip(pairs[::2], pairs[1::2], strict=True), strict=True))
    if lines == orders or all(filled[column][0] == lines for column in columns):
        return None
    candidates = [
        column
        for column, (values, of_orders) in filled.items()
        if values == of_orders and _MIN_SHARE * orders <= of_orders < lines
    ]
    return max(candidates, key=lambda column: filled[column][1], default=None)


def _name(position: int) -> str:
    return f"__first_{position}"
