"""Instant parsing: the SQL of dates and times, from one column or from a column of days and one of times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from features.ingestion.canonical_schema import Field
from features.ingestion.missing_values import missing_sql
from features.ingestion.raw_text import ColumnTypes, column_text_sql, is_timestamp
from features.ingestion.values.date_formats import instant_sql, plausible_instant_sql
from features.storage.sql_quoting import quote_identifier

DATE_AND_TIME = " + "
_NO_DATE = r"'^(000[01]-0[01]-0[01]\b.*|0)$'"  # what programs write for no date: 0000-00-00, 0001-01-01 00:00, 0
_MIDNIGHT = r"'[ T]00:00(:00(\.0+)?)?$'"
_EMPTY_DAY = r"'^\d{4}-\d{2}-\d{2}[ T]'"  # the day of a spreadsheet's time, such as 1899-12-30 09:05:00
_FRACTION = r"'^0?[.,]\d+$'"


@dataclass(frozen=True)
class InstantSql:
    """SQL of an instant, which is null where it is missing or unreadable, of its text and of whether it is missing."""

    value: str
    text: str
    blank: str


def instant_columns(source: str, columns: Iterable[str]) -> list[str]:
    """The columns of a source: itself, or a column of days and one of times around a plus sign."""
    if source in columns or "+" not in source:
        return [source]
    separator = DATE_AND_TIME if DATE_AND_TIME in source else "+"
    return [part.strip().strip('"`') for part in source.split(separator)]


def instant_value_sql(field: Field, column_types: ColumnTypes) -> InstantSql:
    """SQL of the first of the field's sources that is not missing."""
    instants = [_source_sql(field, source, column_types) for source in field.sources]
    if len(instants) == 1:
        return instants[0]
    filled = [f"NOT {instant.blank}" for instant in instants]
    value, text = (
        f"CASE {' '.join(f'WHEN {condition} THEN {part}' for condition, part in zip(filled, parts, strict=True))} END"
        for parts in ([instant.value for instant in instants], [instant.text for instant in instants])
    )
    return InstantSql(value, text, f"({' AND '.join(instant.blank for instant in instants)})")


def _source_sql(field: Field, source: str, column_types: ColumnTypes) -> InstantSql:
    columns = instant_columns(source, column_types)
    texts = [f"trim({column_text_sql(column, column_types[column])})" for column in columns]
    blank = f"({missing_sql(texts[0])} OR regexp_matches({texts[0]}, {_NO_DATE}))"
    text = texts[0] if len(texts) == 1 else _date_and_time_sql(*texts)
    if len(columns) == 1 and is_timestamp(column_types[source]):
        timestamp = f"TRY_CAST({quote_identifier(source)} AS TIMESTAMPTZ)"
        return InstantSql(plausible_instant_sql(timestamp), text, blank)
    return InstantSql(instant_sql(text, field.date_formats), text, blank)


def _date_and_time_sql(date: str, time: str) -> str:
    """SQL of a day and a time as one text; a spreadsheet's day and fraction of a day become one number of days."""
    day = f"regexp_replace({date}, {_MIDNIGHT}, '')"
    clock = f"regexp_replace({time}, {_EMPTY_DAY}, '')"
    days = f"TRY_CAST(replace({time}, ',', '.') AS DOUBLE)"
    serial = f"CAST(TRY_CAST({date} AS INTEGER) + {days} AS VARCHAR)"
    clock_of_fraction = f"strftime(TIMESTAMP '2000-01-01' + to_seconds(round({days} * 86400)), '%H:%M:%S')"
    joined = f"concat_ws(' ', {day}, nullif({clock}, ''))"
    fraction = f"coalesce({serial}, concat_ws(' ', {day}, {clock_of_fraction}))"
    return f"CASE WHEN regexp_matches({time}, {_FRACTION}) THEN {fraction} ELSE {joined} END"
