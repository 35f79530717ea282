"""Further lines: an export may write what belongs to the whole order on the order's first line only."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from features.ingestion.rows.column_alternatives import needed_columns
from features.ingestion.rows.row_view import RowView
from features.storage.sql_quoting import quote_identifier

SAMPLE_LINES = 20_000  # a layout shows in any part of an export
_ORDER, _DAY = "__order_key", "__written_day"
_MIN_SHARE = 0.95  # of the orders that have the first line's columns filled, exactly once


def fill_further_lines(connection: duckdb.DuckDBPyConnection, view: RowView, columns: Sequence[str]) -> RowView:
    """The lines, with these columns filled on further lines of an order from its first line.

    Shops such as Shopify write status, currency and total on the first line of an order, and leave them empty on its
    further ones. Such an export has a column that is filled once in every order; the other lines are further lines.
    Where a till uses a number again, the first lines of the same day count. A value in which they differ is not filled.

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
    keyed = f"(SELECT *, {order} AS {_ORDER}, {_written_day_sql(view)} AS {_DAY} FROM {view.name})"
    firsts = _create_first_lines(connection, view, keyed, marker, columns)
    is_further = f"{view.text_sql(marker)} IS NULL"
    filled = ", ".join(_filled_sql(view, is_further, column, position) for position, column in enumerate(columns))
    sql = (
        f"SELECT lines.* EXCLUDE ({_ORDER}, {_DAY}) REPLACE ({filled}) FROM {keyed} AS lines "
        f"LEFT JOIN {firsts} AS of_number ON {is_further} AND lines.{_ORDER} = of_number.{_ORDER} "
        f"AND of_number.{_DAY} IS NULL "
        f"LEFT JOIN {firsts} AS of_day ON {is_further} AND lines.{_ORDER} = of_day.{_ORDER} "
        f"AND lines.{_DAY} = of_day.{_DAY}"
    )
    return view.derive(connection, "filled", sql)


def _written_day_sql(view: RowView) -> str:
    """SQL of the day of a line as its export writes it, empty where it has none: the time up to a blank or a T."""
    columns = needed_columns(view.table, {"ordered_at"}, list(view.column_types))
    days = [f"coalesce(regexp_extract({view.text_sql(column)}, '^[^ T]*'), '')" for column in columns]
    return f"concat_ws(' ', {', '.join(days)})" if days else "''"


def _create_first_lines(
    connection: duckdb.DuckDBPyConnection, view: RowView, keyed: str, marker: str, columns: Sequence[str]
) -> str:
    """Write the values of the first lines by number, and by number and day, to a temporary table; return its name.

    A value in which the first lines differ is null.
    """
    firsts = f"{view.table.files_view}_first_lines"
    texts = [f"coalesce({view.text_sql(column)}, '')" for column in columns]
    values = ", ".join(
        f"CASE WHEN min({text}) = max({text}) THEN min({quote_identifier(column)}) END AS {_name(position)}"
        for position, (column, text) in enumerate(zip(columns, texts, strict=True))
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {firsts} AS SELECT {_ORDER}, {_DAY}, {values} FROM {keyed} "
        f"WHERE {view.text_sql(marker)} IS NOT NULL AND {_ORDER} IS NOT NULL "
        f"GROUP BY GROUPING SETS (({_ORDER}), ({_ORDER}, {_DAY}))"
    )
    return firsts


def _filled_sql(view: RowView, is_further: str, column: str, position: int) -> str:
    """SQL of a column, with the value of the first line where a further line has none."""
    raw = f"lines.{quote_identifier(column)}"
    return (
        f"CASE WHEN {is_further} AND {view.text_sql(column)} IS NULL "
        f"THEN coalesce(of_day.{_name(position)}, of_number.{_name(position)}) ELSE {raw} END "
        f"AS {quote_identifier(column)}"
    )


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
