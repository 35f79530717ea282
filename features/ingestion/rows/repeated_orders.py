"""Repeated orders: orders that stand in several files in lines that differ, so that each copy counts."""

from __future__ import annotations

import duckdb

from features.config.sources import OrdersSource
from features.ingestion.file_union import FILE_COLUMN
from features.ingestion.rows.row_view import RowView
from features.ingestion.value_parsing import source_columns
from features.plausibility_note import PlausibilityNote

_IDENTITY = ("order_id", "customer_id", "ordered_at", "amount")


def repeated_order_notes(connection: duckdb.DuckDBPyConnection, view: RowView) -> list[PlausibilityNote]:
    """A note on lines of several files with one order number, customer, time and amount, and another state or format.

    ``view`` has no line any more that stands in several files as it is.
    """
    section, order = view.table.section, view.order_key_sql()
    if not isinstance(section, OrdersSource) or section.updated_at or section.join or order is None:
        return []
    fields = [field for field in view.table.present_fields if field.name in _IDENTITY]
    texts = [view.text_sql(column) for field in fields for column in source_columns(field, view.column_types)]
    keys = [
        f"coalesce(TRY_CAST({text} AS DOUBLE)::VARCHAR, TRY_CAST({text} AS TIMESTAMP)::VARCHAR, {text})"
        for text in texts
    ]
    repeated = (
        f"SELECT min({order}) AS number, string_agg(DISTINCT {FILE_COLUMN}, ' and ' ORDER BY {FILE_COLUMN}) AS files "
        f"FROM {view.name} WHERE {order} IS NOT NULL GROUP BY {', '.join(keys)} "
        f"HAVING count(DISTINCT {FILE_COLUMN}) > 1"
    )
    count, number, files = connection.execute(
        f"SELECT count(*), min(number), arg_min(files, number) FROM ({repeated})"
    ).fetchall()[0]
    if not count:
        return []
    return [
        PlausibilityNote(
            code="overlapping_files",
            severity="warning",
            found=f"[orders] {count:,} orders stand in several files with the same customer, time and amount, in lines "
            "that differ elsewhere; each copy counts",
            expected="an order that counts once",
            remedy="Name the column with the time of the state or of the export as updated_at, so that the newest "
            "counts; or leave out the older file",
            count=count,
            example=f"order {number} in {files}",
        )
    ]
