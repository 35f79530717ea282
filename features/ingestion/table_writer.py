"""Table writer: one checked raw table becomes one parquet file of the history."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.config.sources import OrdersSource
from features.ingestion.canonical_schema import ParseAs, Table
from features.ingestion.manifest import TableSummary
from features.ingestion.opened_source import OpenedSource
from features.ingestion.value_checks import CheckedValues
from features.ingestion.value_parsing import has_customer_sql, value_sql
from features.storage.atomic_files import atomic_write
from features.storage.sql_quoting import quote_literal


@dataclass(frozen=True)
class CheckedTable:
    """A raw table of which every line can be read, and its counts."""

    opened: OpenedSource
    values: CheckedValues
    source: str
    duplicates: int
    excluded: int = 0
    overlapping: int = 0

    @property
    def table(self) -> Table:
        """The table with the formats of its values."""
        return self.values.table


def write_table(connection: duckdb.DuckDBPyConnection, checked: CheckedTable, folder: Path) -> TableSummary:
    """Write one table of the history, sorted and complete; the old file stays until the new one is whole."""
    table, column_types = checked.table, checked.opened.column_types
    drops_duplicates = isinstance(table.section, OrdersSource) and table.section.duplicates == "drop"
    rows = f"(SELECT DISTINCT * FROM {table.raw_view})" if drops_duplicates else table.raw_view
    values = ", ".join(f"{value_sql(table, field, column_types)} AS {field.name}" for field in table.present_fields)
    instant = next(field.name for field in table.present_fields if field.parse_as is ParseAs.INSTANT)
    anti_join = "" if table.name == "costs" else " ANTI JOIN erased USING (customer_id)"
    target = folder / f"{table.name}.parquet"
    with atomic_write(target) as temporary:
        connection.execute(
            f"COPY (SELECT *, epoch_us({instant}) AS at_us, "
            f"date_diff('day', DATE '1970-01-01', CAST({instant} AS DATE))::INTEGER AS day_number "
            f"FROM (SELECT {values} FROM {rows} WHERE {has_customer_sql(table, column_types)}){anti_join}) "
            f"TO {quote_literal(str(temporary))} (FORMAT parquet)"
        )
    customer_count = "count(DISTINCT customer_id)" if table.name != "costs" else "0"
    counts = f"SELECT count(*), {customer_count} FROM read_parquet({quote_literal(str(target))})"
    written, customers = connection.execute(counts).fetchall()[0]
    columns = tuple(field.name for field in table.present_fields)
    return TableSummary(
        table.name,
        checked.values.lines,
        checked.values.lines - checked.values.known,
        checked.duplicates,
        checked.excluded,
        len(checked.values.rejected),
        checked.overlapping,
        written,
        customers,
        columns,
    )
