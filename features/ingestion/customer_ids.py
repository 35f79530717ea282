"""Customer ids of a raw table: their distinct spellings, those that are nobody, and notes on those that are merged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import duckdb

from features.canonical_form import canonical_id_sql, canonical_word_sql, is_canonical_sql, is_whole_number_sql
from features.config.sources import Source
from features.ingestion.canonical_schema import IdForm, Table
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.value_parsing import canonical_customer_sql, id_spelling_sql
from features.storage.sql_quoting import quote_literal


def resolve_ids(connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes) -> Table:
    """The table with the form of its customer ids, if it has any, found from their spellings in one pass over the rows.

    The spellings stay in the temporary table ``spellings_table(table)`` with the columns spelling, lines and is_nobody.
    """
    if not isinstance(table.section, Source):
        return table
    spelling = id_spelling_sql(table, column_types)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {spellings_table(table)} AS "
        f"SELECT *, coalesce({canonical_word_sql('spelling')} IN ({_literals(table.nobody_words)}), true) AS is_nobody "
        f"FROM (SELECT {spelling} AS spelling, count(*) AS lines FROM {table.raw_view} GROUP BY 1) "
        "WHERE spelling IS NOT NULL"
    )
    nobody = connection.execute(f"SELECT spelling FROM {spellings_table(table)} WHERE is_nobody ORDER BY 1").fetchall()
    has_unusual, whole_floats = _form_flags(connection, table)
    form = IdForm(table.id_form.id_case, has_unusual, whole_floats, tuple(row[0] for row in nobody))
    return replace(table, id_form=form)


def spellings_table(table: Table) -> str:
    """The temporary table with the spellings of a raw table's customer ids."""
    return f"spellings_{table.name}"


def select_erased_ids(
    connection: duckdb.DuckDBPyConnection, table: Table, select: Callable[[Iterable[str]], Sequence[str]]
) -> list[str]:
    """The canonical ids of erased customers in a raw table; ``select`` returns the erased ids among many spellings."""
    query = f"FROM {spellings_table(table)} WHERE NOT is_nobody"
    spellings = [row[0] for row in connection.execute(f"SELECT spelling {query}").fetchall()]
    # A customer may have been erased as the log spells the id, or when case still made another customer.
    canonical, unfolded = canonical_customer_sql("spelling", table.id_form), canonical_id_sql("spelling")
    changes = connection.execute(
        f"SELECT * FROM (SELECT spelling, {unfolded} AS unfolded, {canonical} AS customer_id {query}) "
        "WHERE spelling <> customer_id"
    ).fetchall()
    canonical_ids = {form: customer_id for *forms, customer_id in changes for form in (*forms, customer_id)}
    return sorted({canonical_ids.get(form, form) for form in select([*{*spellings, *canonical_ids}])})


def _form_flags(connection: duckdb.DuckDBPyConnection, table: Table) -> tuple[bool, bool]:
    """Whether an id may be spelled in another than its canonical form, and whether all are whole numbers as floats."""
    is_whole = is_whole_number_sql(canonical_id_sql("spelling"))
    has_unusual, all_whole, some_float = connection.execute(
        f"SELECT coalesce(NOT bool_and({is_canonical_sql('spelling')}), false), coalesce(bool_and({is_whole}), false), "
        f"coalesce(bool_or(contains(spelling, '.')), false) FROM {spellings_table(table)} WHERE NOT is_nobody"
    ).fetchall()[0]
    return has_unusual, all_whole and some_float


def _literals(words: frozenset[str]) -> str:
    return ", ".join(map(quote_literal, sorted(words))) or "NULL"
