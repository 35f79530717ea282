"""Column values: how many lines have each value of the columns that filters, states and currencies are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from features.canonical_form import canonical_word
from features.ingestion.raw_text import column_text_sql
from features.ingestion.rows.filters import ValueCounts
from features.ingestion.rows.row_view import RowView

_MAX_CHARACTERS = 60  # of a value: longer ones are texts, not words of a list
_SAMPLE_LINES = 50_000


@dataclass(frozen=True)
class ColumnValues:
    """Lines by value, before and after the filters of the table."""

    lines: int
    excluded: int
    before: Mapping[str, ValueCounts]  # by column of a filter
    after: Mapping[str, ValueCounts]  # by every column


def count_values(
    connection: duckdb.DuckDBPyConnection,
    view: RowView,
    selected: str | None,
    filtered: Sequence[str],
    others: Sequence[str],
) -> ColumnValues:
    """Count lines by value in one pass.

    Args:
        connection: with the view.
        view: the lines before the filters.
        selected: SQL of whether a line counts; None where all do.
        filtered: the columns of the filters, which are counted before and after.
        others: the columns that are counted after the filters only.
    """
    condition = selected or "true"
    every = (*filtered, *others)
    histograms = [f"histogram({_text_sql(view, column)})" for column in filtered]
    histograms += [f"histogram({_text_sql(view, column)}) FILTER (WHERE {condition})" for column in every]
    counts = ["count(*)", f"count(*) FILTER (WHERE NOT ({condition}))", *histograms]
    lines, excluded, *counted = connection.execute(f"SELECT {', '.join(counts)} FROM {view.name}").fetchall()[0]
    values = [_by_word(texts or {}) for texts in counted]
    return ColumnValues(
        lines,
        excluded,
        dict(zip(filtered, values, strict=False)),
        dict(zip(every, values[len(filtered) :], strict=True)),
    )


def sample_values(connection: duckdb.DuckDBPyConnection, view: RowView, column: str) -> list[str]:
    """The different values of a column among some of the lines."""
    sample = f"SELECT {_text_sql(view, column)} AS text FROM {view.name} LIMIT {_SAMPLE_LINES}"
    return [canonical_word(text) for (text,) in connection.execute(f"SELECT DISTINCT text FROM ({sample})").fetchall()]


def _text_sql(view: RowView, column: str) -> str:
    text = column_text_sql(column, view.column_types[column])
    return f"coalesce(left({text}, {_MAX_CHARACTERS}), '')"


def _by_word(counts: ValueCounts) -> dict[str, int]:
    """The counts by word, which is quicker than to make words of millions of values."""
    words: dict[str, int] = {}
    for text, count in counts.items():
        word = canonical_word(text)
        words[word] = words.get(word, 0) + count
    return words
