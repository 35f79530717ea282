"""Value kinds: the ways in which the values of a column can be read as dates or as numbers, by ingestion's guessers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from features.ingestion.values.date_formats import DateFormats, instant_sql
from features.ingestion.values.date_guesses import candidate_date_formats, rank_date_formats
from features.ingestion.values.date_templates import date_templates
from features.ingestion.values.number_formats import NumberFormat, read_number
from features.ingestion.values.number_guesses import CANDIDATES, rank_number_formats
from features.storage.duckdb_connection import open_duckdb

MAX_UNREADABLE = 0.01  # of the different values: a few faulty lines do not make a column something else
_FIRST_LOOK = 20  # values that show whether a closer look is worth it


def date_readings(values: Sequence[str]) -> list[DateFormats]:
    """The readings, each a list of formats, in which nearly all values are dates; none for other values."""
    first = values[:_FIRST_LOOK]
    if sum(bool(date_templates(value)) for value in first) < 0.8 * len(first):
        return []
    with open_duckdb() as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute("CREATE TABLE texts AS SELECT unnest(?::VARCHAR[]) AS text", [list(values)])
        guesses = rank_date_formats(connection, "texts", candidate_date_formats(values))
    return [guess.date_formats for guess in guesses if guess.unreadable <= _most_unreadable(len(values))]


def number_readings(counts: Mapping[str, int]) -> list[NumberFormat]:
    """The formats in which nearly all values are numbers, the simplest first; none for other values."""
    first = list(counts)[:_FIRST_LOOK]
    readable = sum(any(read_number(value, candidate) is not None for candidate in CANDIDATES) for value in first)
    if readable < 0.8 * len(first):
        return []
    total = sum(counts.values())
    guesses = rank_number_formats(Counter(counts))
    return [guess.number_format for guess in guesses if guess.unreadable <= _most_unreadable(total)]


def unreadable_dates(values: Sequence[str], date_formats: DateFormats) -> list[str]:
    """The values that these formats do not read."""
    with open_duckdb() as connection:
        connection.execute("SET TimeZone='UTC'")
        connection.execute("CREATE TABLE texts AS SELECT unnest(?::VARCHAR[]) AS text", [list(values)])
        sql = f"SELECT text FROM texts WHERE ({instant_sql('text', date_formats)}) IS NULL"
        return [row[0] for row in connection.execute(sql).fetchall()]


def _most_unreadable(values: int) -> float:
    return max(MAX_UNREADABLE * values, min(1.0, values / 20))
