"""Table writer: one checked raw table becomes one parquet file of the history."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from features.config.sources import OrdersSource
from features.errors import InvalidLog
from features.ingestion.canonical_rows import CheckedTable, canonical_rows_sql, returned_sql
from features.ingestion.labelled_rows import TABLE as TEXT_TABLE
from features.ingestion.labelled_rows import TextClassifier, write_labelled_rows
from features.ingestion.lines_by_customer import LINE_COLUMNS, LINES_BY_CUSTOMER_FILE, ORDERS_FILE, ROW_GROUP_SIZE
from features.ingestion.manifest import TableSummary
from features.ingestion.rows.written_orders import RETURNED_COLUMN, adjust_orders
from features.plausibility_note import PlausibilityNote
from features.storage.atomic_files import atomic_write
from features.storage.sql_quoting import quote_literal


def write_table(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedTable,
    folder: Path,
    *,
    has_aliases: bool,
    classifier: TextClassifier | None = None,
) -> tuple[TableSummary, list[PlausibilityNote]]:
    """Write one complete table of the history; the old file stays until the new one is whole.

    Args:
        connection: with the view of the lines that count, and the tables of erased customers and of aliases.
        checked: the table.
        folder: of the history.
        has_aliases: whether there is a table of aliases.
        classifier: of the texts of customers, for their table.

    Raises:
        InvalidLog: the table has texts, and no classifier is given.
    """
    table = checked.table
    target, notes, left_out = folder / f"{table.name}.parquet", list[PlausibilityNote](), 0
    with atomic_write(target) as temporary:
        rows = canonical_rows_sql(checked, has_aliases=has_aliases)
        if table.name == TEXT_TABLE:
            write_labelled_rows(connection, rows, temporary, _required(classifier))
        else:
            connection.execute(f"COPY ({rows}) TO {quote_literal(str(temporary))} (FORMAT parquet)")
        if isinstance(table.section, OrdersSource):
            columns = [field.name for field in table.present_fields]
            written = [*columns, *([RETURNED_COLUMN] if returned_sql(checked) else [])]
            left_out, notes = adjust_orders(connection, table.section, temporary, written)
            (folder / LINES_BY_CUSTOMER_FILE).unlink(missing_ok=True)  # never beside order lines that it does not have
    if isinstance(table.section, OrdersSource):
        _write_lines_by_customer(connection, folder)
    return _summarise(connection, checked, target, left_out), notes


def _write_lines_by_customer(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the order lines sorted by customer."""
    orders = folder / ORDERS_FILE
    columns = ", ".join(name for name in LINE_COLUMNS if name in pq.read_schema(orders).names)
    rows = f"SELECT {columns} FROM read_parquet({quote_literal(str(orders))}) ORDER BY customer_id"
    with atomic_write(folder / LINES_BY_CUSTOMER_FILE) as temporary:
        target = quote_literal(str(temporary))
        connection.execute(f"COPY ({rows}) TO {target} (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP_SIZE})")


def _required(classifier: TextClassifier | None) -> TextClassifier:
    if classifier is None:
        raise InvalidLog(
            "Found [feedback] without a classifier; expected one, because texts are never kept. Ingest with "
            "`flywheel ingest`, or leave [feedback] out."
        )
    return classifier


def _summarise(connection: duckdb.DuckDBPyConnection, checked: CheckedTable, file: Path, left_out: int) -> TableSummary:
    """The counts of a written table, of which ``left_out`` lines were excluded while it was written."""
    table, counts, values = checked.table, checked.rows.counts, checked.values
    customer_count = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    totals = f"SELECT count(*), {customer_count} FROM read_parquet({quote_literal(str(file))})"
    lines, customers = connection.execute(totals).fetchall()[0]
    return TableSummary(
        table=table.name,
        lines=counts.lines + len(checked.opened.rejected),
        without_customer=values.lines - values.known,
        duplicates=counts.duplicates,
        excluded=checked.rows.excluded + left_out,
        rejected=len(values.rejected),
        overlapping=counts.overlapping,
        written=lines,
        customers=customers,
        columns=tuple(field.name for field in table.present_fields),
    )
