"""Date detection: the format of each column of dates, tried on all of its texts; doubt is a fault, not a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import duckdb

from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.instant_parsing import instant_value_sql
from features.ingestion.number_detection import Detection
from features.ingestion.raw_text import ColumnTypes
from features.ingestion.value_parsing import has_customer_sql
from features.ingestion.values.date_formats import ISO, DateFormats, instant_sql
from features.ingestion.values.date_guesses import DateGuess, candidate_date_formats, rank_date_formats
from features.plausibility_note import PlausibilityNote

_SAMPLE = 1000  # texts that suggest formats, which are then tried on all lines
_MIN_READABLE = 0.5
_MIN_DATES = 10  # of a format, before it is no chance that none of its days is above 12, or that all are
_DAY_AND_MONTH = re.compile(r"%-?[dm]")


def detect_date_formats(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes, fields: Iterable[Field]
) -> Detection:
    """Find the formats of fields whose dates are not all in the ISO format."""
    formats: dict[str, DateFormats] = {}
    notes: list[PlausibilityNote] = []
    faults: dict[str, str] = {}
    for field in fields:
        texts = _texts_sql(table, field, column_types)
        guesses = _rank(connection, texts)
        if len(guesses) > 1:
            faults[field.name] = _ambiguous_fault(field, guesses)
        elif guesses and (swapped := _formats_by_day(connection, texts, guesses[0].date_formats)):
            faults[field.name] = _swapped_fault(field, *swapped)
        elif guesses and guesses[0].date_formats != (ISO,):
            formats[field.name] = guesses[0].date_formats
            notes.append(_note(connection, texts, field, guesses[0]))
    detected = (replace(each, date_formats=formats.get(each.name, each.date_formats)) for each in table.fields)
    return Detection(replace(table, fields=tuple(detected)), tuple(notes), faults)


def ambiguous_order_notes(
    connection: duckdb.DuckDBPyConnection, table: Table, column_types: ColumnTypes
) -> list[PlausibilityNote]:
    """A note for each field whose dates fit ``date_format`` with day and month exchanged as well."""
    notes = []
    for field in table.present_fields:
        exchanged = tuple(map(_exchange_day_and_month, field.date_formats))
        is_instant = field.parse_as is ParseAs.INSTANT
        if not is_instant or table.section.date_format is None or exchanged == field.date_formats:
            continue
        texts, orders = _texts_sql(table, field, column_types), [field.date_formats, exchanged]
        # Nearly always some of the first dates tell the order, and the others need not be read.
        if all(_fits_both(connection, each, orders) for each in (f"(FROM {texts} LIMIT {_SAMPLE})", texts)):
            notes.append(_ambiguous_note(connection, texts, field, rank_date_formats(connection, texts, orders)))
    return notes


def format_value(date_formats: DateFormats) -> str:
    """Formats as the value of ``date_format`` in flywheel.toml."""
    quoted = [f'"{date_format}"' for date_format in date_formats]
    return quoted[0] if len(quoted) == 1 else f"[{', '.join(quoted)}]"


def _texts_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of a table of the dates that are not missing, as texts."""
    instant = instant_value_sql(field, column_types)
    conditions = f"{has_customer_sql(table, column_types)} AND NOT {instant.blank}"
    return f"(SELECT {instant.text} AS text FROM {table.raw_view} WHERE {conditions})"


def _rank(connection: duckdb.DuckDBPyConnection, texts: str) -> list[DateGuess]:
    """The readings of most of the texts; none where no format reads half of them."""
    sample = f"SELECT text FROM (SELECT DISTINCT text FROM {texts}) ORDER BY hash(text), text LIMIT {_SAMPLE}"
    sampled = [row[0] for row in connection.execute(sample).fetchall()]
    candidates = candidate_date_formats(sampled)
    connection.execute("CREATE OR REPLACE TEMP TABLE sampled_dates AS SELECT unnest(?::VARCHAR[]) AS text", [sampled])
    likely = [
        candidate
        for candidate in candidates
        if (guesses := rank_date_formats(connection, "sampled_dates", [candidate]))
        and guesses[0].unreadable <= _MIN_READABLE * len(sampled)
    ]
    return rank_date_formats(connection, texts, likely) if likely else []


def _fits_both(connection: duckdb.DuckDBPyConnection, texts: str, orders: list[DateFormats]) -> bool:
    """Whether two readings of dates differ, and neither reads more of them."""
    guesses = rank_date_formats(connection, texts, orders)
    return len(guesses) > 1 and guesses[1].unreadable == guesses[0].unreadable


def _formats_by_day(
    connection: duckdb.DuckDBPyConnection, texts: str, date_formats: DateFormats
) -> tuple[str, str, str] | None:
    """A format of days above 12 only, one of no such day, and a date of the latter: a spreadsheet swaps what it can."""
    above: list[str] = []
    below: list[tuple[str, str]] = []
    for date_format in (each for each in date_formats if _exchange_day_and_month(each) != each):
        days = f"SELECT text, day({instant_sql('text', (date_format,))}) AS day FROM {texts}"
        least, most, dates, example = connection.execute(
            f"SELECT min(day), max(day), count(DISTINCT text), min(text) FROM ({days}) WHERE day IS NOT NULL"
        ).fetchall()[0]
        if dates >= _MIN_DATES and least > 12:
            above.append(date_format)
        elif dates >= _MIN_DATES and most <= 12:
            below.append((date_format, example))
    return (above[0], *below[0]) if above and below else None


def _exchange_day_and_month(date_format: str) -> str:
    codes = _DAY_AND_MONTH.findall(date_format)
    if {code[-1] for code in codes} != {"d", "m"}:
        return date_format
    return _DAY_AND_MONTH.sub(lambda code: code[0][:-1] + ("m" if code[0].endswith("d") else "d"), date_format)


def _ambiguous_fault(field: Field, guesses: list[DateGuess]) -> str:
    readings = " or ".join(f"{guess.reading} (date_format = {format_value(guess.date_formats)})" for guess in guesses)
    return (
        f"{field.name} = {field.source!r}: {guesses[0].example!r} may be {readings}, and all lines can be read in "
        "these ways. Expected dates with one reading: set date_format to the one that is right."
    )


def _swapped_fault(field: Field, above: str, below: str, example: str) -> str:
    swapped = format_value((above, _exchange_day_and_month(below)))
    return (
        f"{field.name} = {field.source!r}: no date like {example!r} has a day above 12, and all dates of the format "
        f"{above!r} have one: a spreadsheet has probably swapped day and month of the former. Expected dates of one "
        f"format: set date_format = {swapped} if they are swapped, or {format_value((above, below))} if they are not."
    )


def _note(connection: duckdb.DuckDBPyConnection, texts: str, field: Field, guess: DateGuess) -> PlausibilityNote:
    lines, example = connection.execute(f"SELECT count(*), min(text) FROM {texts}").fetchall()[0]
    value = format_value(guess.date_formats)
    return PlausibilityNote(
        "date_format_guessed",
        "info",
        f"{field.name}: dates are read with date_format = {value}",
        "dates such as 2026-01-31 18:30, or the key date_format",
        f"Set date_format = {value} to settle it",
        lines,
        repr(example),
    )


def _ambiguous_note(
    connection: duckdb.DuckDBPyConnection, texts: str, field: Field, guesses: list[DateGuess]
) -> PlausibilityNote:
    lines = connection.execute(f"SELECT count(*) FROM {texts}").fetchall()[0][0]
    given, other = guesses
    return PlausibilityNote(
        "dates_ambiguous",
        "warning",
        f"{field.name}: no day is above 12, so that {given.example!r} may be {given.reading} or {other.reading}",
        f"dates that fit date_format = {format_value(field.date_formats)} only",
        f"Check one order; if day and month are exchanged, set date_format = {format_value(other.date_formats)}",
        lines,
        given.example,
    )
