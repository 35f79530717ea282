"""Value parsing: DuckDB SQL that turns raw values into canonical ones; ``column_types`` are the raw DuckDB types."""

from __future__ import annotations

from collections.abc import Mapping

from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.expressions import columns_of, number_sql
from features.storage.sql_quoting import quote_identifier, quote_literal

ColumnTypes = Mapping[str, str]


def column_text_sql(column: str, column_type: str) -> str:
    """SQL of a column as text; whole floats have no fraction, because integer ids with missing values become floats."""
    raw = quote_identifier(column)
    text = f"CAST({raw} AS VARCHAR)"
    if column_type not in {"DOUBLE", "FLOAT"}:
        return text
    whole = f"CASE WHEN {raw} = trunc({raw}) THEN CAST(TRY_CAST({raw} AS HUGEINT) AS VARCHAR) END"
    return f"CASE WHEN isfinite({raw}) THEN coalesce({whole}, {text}) END"


def source_columns(field: Field, column_types: ColumnTypes) -> list[str]:
    """The raw columns that a field is parsed from.

    Raises:
        InvalidConfig: the source of the field is neither a column nor an expression.
    """
    source = str(field.source)
    return columns_of(source, list(column_types)) if field.parse_as in (ParseAs.AMOUNT, ParseAs.NUMBER) else [source]


def value_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of the canonical value; it is null where the raw value is missing or unreadable."""
    source = str(field.source)
    match field.parse_as:
        case ParseAs.TEXT:
            return _text_sql(source, column_types[source])
        case ParseAs.INSTANT:
            return _timestamp_sql(source, column_types[source], (table.section.date_format or (None,))[0])
        case ParseAs.FLAG:
            return f"TRY_CAST({_text_sql(source, column_types[source])} AS BOOLEAN)"
    number = number_sql(source, list(column_types))
    # Decimals add up to the same total in any order; floating point does not.
    return f"TRY_CAST(round(CASE WHEN isfinite({number}) THEN {number} END, 4) AS DECIMAL(18, 4))"


def unreadable_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of whether the raw value of a line is unreadable, or missing where it is required."""
    missing = f"({value_sql(table, field, column_types)}) IS NULL"
    if field.required:
        return missing
    if field.parse_as is ParseAs.TEXT:
        return "false"
    filled = [
        f"({_text_sql(column, column_types[column])}) IS NOT NULL" for column in source_columns(field, column_types)
    ]
    return " AND ".join([missing, *filled])


def sample_sql(field: Field, column_types: ColumnTypes) -> str:
    """SQL of the raw value as text, for error messages."""
    parts = [
        f"coalesce(nullif(CAST({quote_identifier(part)} AS VARCHAR), ''), '(empty)')"
        for part in source_columns(field, column_types)
    ]
    return f"concat_ws(' | ', {', '.join(parts)})" if parts else quote_literal(str(field.source))


def has_customer_sql(table: Table, column_types: ColumnTypes) -> str:
    """SQL of whether a line belongs to a customer."""
    if table.name == "costs":
        return "true"
    column = str(table.fields[0].source)
    customer_id = f"({_text_sql(column, column_types[column])})"
    anonymous = ", ".join(quote_literal(anonymous_id) for anonymous_id in table.anonymous_ids)
    return f"{customer_id} IS NOT NULL" + (f" AND {customer_id} NOT IN ({anonymous})" if anonymous else "")


def _text_sql(column: str, column_type: str) -> str:
    text = column_text_sql(column, column_type)
    return f"CASE WHEN trim({text}) = '' THEN NULL ELSE {text} END"


def _timestamp_sql(column: str, column_type: str, date_format: str | None) -> str:
    text = f"trim({column_text_sql(column, column_type)})"
    if column_type.startswith(("TIMESTAMP", "DATE")):
        timestamp = f"TRY_CAST({quote_identifier(column)} AS TIMESTAMPTZ)"
    elif date_format is None:
        timestamp = f"TRY_CAST({text} AS TIMESTAMPTZ)"
    else:
        timestamp = f"CAST(try_strptime({text}, {quote_literal(date_format)}) AS TIMESTAMPTZ)"
    return f"CASE WHEN isfinite({timestamp}) THEN {timestamp} END"
