"""How a raw value becomes a canonical one, in DuckDB's SQL; ``kinds`` are the raw columns with their DuckDB types."""

from __future__ import annotations

from collections.abc import Mapping

from features.ingestion.canonical_schema import Field, Read, Table
from features.ingestion.expressions import columns_of, number_sql

Kinds = Mapping[str, str]


def name(column: str) -> str:
    """A column's name, quoted."""
    return '"' + column.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, quoted."""
    return "'" + text.replace("'", "''") + "'"


def digits(column: str, kind: str) -> str:
    """The text of a column as the shop knows it: a whole-number id with gaps reaches parquet as floating point."""
    raw = name(column)
    text = f"CAST({raw} AS VARCHAR)"
    if kind not in {"DOUBLE", "FLOAT"}:
        return text
    whole = f"CASE WHEN {raw} = trunc({raw}) THEN CAST(TRY_CAST({raw} AS HUGEINT) AS VARCHAR) END"
    return f"CASE WHEN isfinite({raw}) THEN coalesce({whole}, {text}) END"


def read_columns(field: Field, kinds: Kinds) -> list[str]:
    """The raw columns that a field comes from; raises BadDescription where it is no column and no expression."""
    source = str(field.source)
    return columns_of(source, list(kinds)) if field.read in (Read.AMOUNT, Read.NUMBER) else [source]


def value(table: Table, field: Field, kinds: Kinds) -> str:
    """The canonical value, null where it is missing or cannot be read."""
    source = str(field.source)
    match field.read:
        case Read.TEXT:
            return _text(source, kinds[source])
        case Read.INSTANT:
            return _instant(source, kinds[source], table.section.date_format)
        case Read.FLAG:
            return f"TRY_CAST({_text(source, kinds[source])} AS BOOLEAN)"
    number = number_sql(source, list(kinds))
    # Decimals add up to the same total in any order; floating point does not.
    return f"TRY_CAST(round(CASE WHEN isfinite({number}) THEN {number} END, 4) AS DECIMAL(18, 4))"


def unreadable(table: Table, field: Field, kinds: Kinds) -> str:
    """Whether a line's value is not what it has to be."""
    missing = f"({value(table, field, kinds)}) IS NULL"
    if field.required:
        return missing
    if field.read is Read.TEXT:
        return "false"
    filled = [f"({_text(column, kinds[column])}) IS NOT NULL" for column in read_columns(field, kinds)]
    return " AND ".join([missing, *filled])


def shown(field: Field, kinds: Kinds) -> str:
    """What a line has there, to be shown in an error."""
    parts = [f"coalesce(nullif(CAST({name(part)} AS VARCHAR), ''), '(empty)')" for part in read_columns(field, kinds)]
    return f"concat_ws(' | ', {', '.join(parts)})" if parts else literal(str(field.source))


def somebody(table: Table, kinds: Kinds) -> str:
    """Whether a line belongs to a customer."""
    if table.name == "costs":
        return "true"
    who = str(table.fields[0].source)
    known = f"({_text(who, kinds[who])})"
    nobody = ", ".join(literal(one) for one in table.anonymous)
    return f"{known} IS NOT NULL" + (f" AND {known} NOT IN ({nobody})" if nobody else "")


def _text(column: str, kind: str) -> str:
    text = digits(column, kind)
    return f"CASE WHEN trim({text}) = '' THEN NULL ELSE {text} END"


def _instant(column: str, kind: str, date_format: str | None) -> str:
    text = f"trim({digits(column, kind)})"
    if kind.startswith(("TIMESTAMP", "DATE")):
        at = f"TRY_CAST({name(column)} AS TIMESTAMPTZ)"
    elif date_format is None:
        at = f"TRY_CAST({text} AS TIMESTAMPTZ)"
    else:
        at = f"CAST(try_strptime({text}, {literal(date_format)}) AS TIMESTAMPTZ)"
    return f"CASE WHEN isfinite({at}) THEN {at} END"
