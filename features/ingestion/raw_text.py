"""Raw text: raw columns of any DuckDB type as text."""

from __future__ import annotations

from collections.abc import Mapping

from features.storage.sql_quoting import quote_identifier

ColumnTypes = Mapping[str, str]
"""The DuckDB types by raw column."""


def is_text(column_type: str) -> bool:
    """Whether a column is text, so that its numbers and dates may be written in any way."""
    return column_type.startswith(("VARCHAR", "ENUM"))


def is_timestamp(column_type: str) -> bool:
    """Whether a column has dates or times already."""
    return column_type.startswith(("TIMESTAMP", "DATE"))


def column_text_sql(column: str, column_type: str) -> str:
    """SQL of a column as text; whole floats have no fraction, because integer ids with missing values become floats."""
    raw = quote_identifier(column)
    text = f"CAST({raw} AS VARCHAR)"
    if column_type not in {"DOUBLE", "FLOAT"}:
        return text
    whole = f"CASE WHEN {raw} = trunc({raw}) THEN CAST(TRY_CAST({raw} AS HUGEINT) AS VARCHAR) END"
    return f"CASE WHEN isfinite({raw}) THEN coalesce({whole}, {text}) END"


def filled_text_sql(column: str, column_type: str) -> str:
    """SQL of a column as text, and null where it is blank."""
    text = column_text_sql(column, column_type)
    return f"CASE WHEN trim({text}) = '' THEN NULL ELSE {text} END"
