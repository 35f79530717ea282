"""Date guesses: the formats in which a column of texts can be read as dates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from features.ingestion.values.date_formats import EPOCH_MS, EPOCH_S, EXCEL, ISO, DateFormats, instant_sql
from features.ingestion.values.date_templates import date_templates, is_year_first

MAX_COUNTEREVIDENCE = 0.01  # of the texts that two readings read differently
MAX_YEARS_AS_DAYS, MIN_DAYS_OF_MONTH = 12, 28
_MAX_SHAPES = 8  # formats of one order, such as with and without a time
_ORDERS = ("dmy", "mdy", "ymd", EPOCH_S, EPOCH_MS, EXCEL)


@dataclass(frozen=True)
class DateGuess:
    """Formats, tried in turn, in which most texts of a column can be read as dates."""

    date_formats: DateFormats
    unreadable: int  # texts
    example: str  # a text that another guess reads differently; empty where there is no other
    reading: str  # the day that the example means in these formats


def candidate_date_formats(texts: Sequence[str]) -> list[DateFormats]:
    """The readings that the shapes of the texts allow: the ISO format first, then one for each order of the parts."""
    formats: dict[str, Counter[str]] = {order: Counter() for order in _ORDERS}
    for text in texts:
        for order, date_format in date_templates(text).items():
            formats[order][date_format] += 1
    candidates: list[DateFormats] = [(ISO,)]
    for counter in formats.values():
        common = tuple(date_format for date_format, _ in counter.most_common(_MAX_SHAPES))
        if common:
            candidates.append(common)
        if common and is_year_first(common[0]):
            candidates.append((ISO, *common))
    return candidates


def rank_date_formats(
    connection: duckdb.DuckDBPyConnection, relation: str, candidates: Sequence[DateFormats]
) -> list[DateGuess]:
    """The reading that reads most texts, and after it those that read nearly as many of them and read them differently.

    ``relation`` is SQL of a table whose column ``text`` has no blank texts.
    """
    instants = {candidate: instant_sql("text", candidate) for candidate in candidates}
    counts = ", ".join(f"count(*) - count({sql})" for sql in instants.values())
    total, *unreadable = connection.execute(f"SELECT count(*), {counts} FROM {relation}").fetchall()[0]
    ranked = sorted(zip(unreadable, range(len(candidates)), candidates, strict=True))
    best_unreadable, _, best = ranked[0]
    if best_unreadable == total:
        return []
    guesses = [DateGuess(best, best_unreadable, "", "")]
    for count, _, candidate in ranked[1:]:
        if count - best_unreadable > MAX_COUNTEREVIDENCE * total:
            break
        comparison = _compare(connection, relation, instants[best], instants[candidate])
        if not comparison.texts or count - best_unreadable > MAX_COUNTEREVIDENCE * comparison.texts:
            continue
        example, (reading, other_reading), days = comparison.example, comparison.readings, comparison.days_of_month
        if _is_implausible(days[1], days[0]):
            continue
        if _is_implausible(days[0], days[1]):
            return rank_date_formats(connection, relation, [each for each in candidates if each != best])
        guesses[0] = DateGuess(best, best_unreadable, example, reading)
        guesses.append(DateGuess(candidate, count, example, other_reading))
    return guesses


@dataclass(frozen=True)
class _Comparison:
    """Two readings of the same texts."""

    texts: int  # with different readings
    example: str
    readings: tuple[str, str]  # of the example
    days_of_month: tuple[int, int]  # different ones, from 1 to 31


def _compare(connection: duckdb.DuckDBPyConnection, relation: str, best: str, other: str) -> _Comparison:
    differ = "FILTER (WHERE best <> other)"
    aggregates = [f"count(*) {differ}", f"min(text) {differ}"]
    aggregates += [f"strftime(arg_min({name}, text) {differ}, '%-d %B %Y')" for name in ("best", "other")]
    aggregates += [f"count(DISTINCT day({name}))" for name in ("best", "other")]
    pairs = f"SELECT text, {best} AS best, {other} AS other FROM {relation}"
    row = connection.execute(f"SELECT {', '.join(aggregates)} FROM ({pairs})").fetchall()[0]
    return _Comparison(row[0], row[1] or "", (row[2] or "", row[3] or ""), (row[4], row[5]))


def _is_implausible(days_of_month: int, other_days_of_month: int) -> bool:
    """Whether a reading has so few days of the month that it reads a year of two digits as the day."""
    return days_of_month <= MAX_YEARS_AS_DAYS and other_days_of_month >= MIN_DAYS_OF_MONTH
