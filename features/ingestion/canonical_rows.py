"""Canonical rows: the SQL of the lines of one table in canonical columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.canonical_form import canonical_word_sql
from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.expressions import minuend_of
from features.ingestion.opened_source import OpenedSource
from features.ingestion.rows.aliases import ALIAS_TABLE, mapped_sql
from features.ingestion.rows.currencies import MONEY_FIELDS, convert_sql
from features.ingestion.rows.row_selection import SelectedRows
from features.ingestion.rows.written_orders import RETURNED_COLUMN
from features.ingestion.value_checks import CheckedValues
from features.ingestion.value_parsing import has_customer_sql, id_spelling_sql, value_sql


@dataclass(frozen=True)
class CheckedTable:
    """A raw table of which every line that counts can be read."""

    opened: OpenedSource
    rows: SelectedRows
    values: CheckedValues
    source: str

    @property
    def table(self) -> Table:
        """The table with the formats of its values."""
        return self.values.table


def canonical_rows_sql(checked: CheckedTable, *, has_aliases: bool) -> str:
    """SQL of the canonical rows of a table, without customers erased under an old id or a new one."""
    table, types = checked.table, checked.rows.column_types
    values = [f"{_field_sql(checked, field)} AS {field.name}" for field in table.present_fields]
    returned = returned_sql(checked)
    values += [f"{returned} AS {RETURNED_COLUMN}"] if returned else []
    # A denial in one spelling of an id wins over a grant in another, so the consents keep the spelling.
    values += [f"{id_spelling_sql(table, types)} AS spelling"] if table.name == "consents" else []
    instant = next(field.name for field in table.present_fields if field.parse_as is ParseAs.INSTANT)
    rows = f"(SELECT {', '.join(values)} FROM {table.raw_view} WHERE {has_customer_sql(table, types)})"
    rows = _with_canonical_words(table, rows)
    rows += "" if table.name == "costs" else " ANTI JOIN erased USING (customer_id)"
    if has_aliases and table.name != "costs":
        mapped = f"SELECT rows.* REPLACE ({mapped_sql('rows.customer_id')} AS customer_id) FROM (FROM {rows}) AS rows"
        joined = f"{mapped} LEFT JOIN {ALIAS_TABLE} ON rows.customer_id = {ALIAS_TABLE}.old_id"
        rows = f"({joined}) ANTI JOIN erased USING (customer_id)"
    return (
        f"SELECT *, epoch_us({instant}) AS at_us, "
        f"date_diff('day', DATE '1970-01-01', CAST({instant} AS DATE))::INTEGER AS day_number FROM {rows}"
    )


def returned_sql(checked: CheckedTable) -> str:
    """SQL of whether an amount of 0 is a total less as large a refund; empty where no amount is a difference."""
    table, types = checked.table, checked.rows.column_types
    amount = next((field for field in table.present_fields if field.name == "amount"), None)
    if table.name != "orders" or amount is None or len(amount.sources) != 1:
        return ""
    total = minuend_of(amount.sources[0], list(types))
    if total is None:
        return ""
    whole = value_sql(table, replace(amount, sources=(total,)), types)
    return f"coalesce({value_sql(table, amount, types)} = 0 AND {whole} <> 0, false)"


def _with_canonical_words(table: Table, rows: str) -> str:
    """SQL of rows with words in canonical form; within one expression DuckDB would read each text three times."""
    words = [field.name for field in table.present_fields if field.parse_as is ParseAs.WORD]
    forms = ", ".join(f"{canonical_word_sql(name)} AS {name}" for name in words)
    return f"(SELECT * REPLACE ({forms}) FROM {rows})" if words else rows


def _field_sql(checked: CheckedTable, field: Field) -> str:
    as_text = replace(field, parse_as=ParseAs.TEXT) if field.parse_as is ParseAs.WORD else field
    value = value_sql(checked.table, as_text, checked.rows.column_types)
    rate = checked.rows.rate
    return convert_sql(value, rate) if rate is not None and field.name in MONEY_FIELDS else value
