"""Absent values: sentences on values of a filter, and on a channel, that nobody has, with those that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from heapq import nlargest, nsmallest

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.comparisons import Comparison
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn, IdColumn, ListColumn

MAX_NAMED = 10  # values that a sentence names
CHANNEL_RANKING = "channel_ranking"
_MAX_COMPARED = 2_000  # texts that are compared with the absent one; more would take seconds
_MAX_SHOWN_CHARACTERS = 60


def absent_value_note(comparison: Comparison, columns: Columns) -> str:
    """Return a sentence on the values of a comparison that no customer has; empty where all are there."""
    column = columns[comparison.column]
    members = column.members if isinstance(column, ListColumn) else column
    if not comparison.values or not isinstance(members, DictionaryColumn | IdColumn | NumericColumn):
        return ""
    absent, present = (
        _absent_numbers(comparison, members)
        if isinstance(members, NumericColumn)
        else _absent_texts([str(value) for value in comparison.values], members)
    )
    if not absent:
        return ""
    if isinstance(members, IdColumn):
        return f"Nobody has {_list_values(absent)} in {comparison.column}."
    others = f"there are {_list_values(present)}" if present else "nobody has any value there"
    return f"Nobody has {_list_values(absent)} in {comparison.column}; {others}."


def unknown_channel_note(channel: str, consent_channels: Collection[str], columns: Columns) -> str:
    """Return a sentence on a channel that neither a consent nor a contact names; empty where one does."""
    channels = {*consent_channels, *_contact_channels(columns)}
    if channel in channels:
        return ""
    others = f"there are {_list_values(closest_texts(channel, channels))}" if channels else "no channel is on record"
    return (
        f"Nobody has a consent or a contact on the channel {_show(channel)}; {others}. Where a customer has no consent "
        "of that channel, the consent for all channels decides."
    )


def closest_texts(text: str, others: Collection[str]) -> list[str]:
    """Return at most ten of some texts, the most similar first; of more than 2,000 texts, some are not compared."""

    def similarity(other: str) -> float:
        return SequenceMatcher(None, text.casefold(), other.casefold()).ratio()

    return nlargest(MAX_NAMED, sorted(others)[:_MAX_COMPARED], key=similarity)


def _absent_texts(
    texts: Sequence[str], column: DictionaryColumn | IdColumn
) -> tuple[Sequence[object], Sequence[object]]:
    """Return the texts that nobody has, and those closest to the first of them; never the ids of other customers."""
    present = column.values if isinstance(column, IdColumn) else column.dictionary
    is_present = pc.is_in(pa.array(texts, pa.string()), value_set=present).to_pylist()
    absent = [text for text, has_text in zip(texts, is_present, strict=True) if not has_text]
    return absent, closest_texts(absent[0], present.to_pylist()) if absent and not isinstance(column, IdColumn) else []


def _absent_numbers(comparison: Comparison, column: NumericColumn) -> tuple[Sequence[object], Sequence[object]]:
    """Return the numbers, days or instants that nobody has, and the ones closest to the first of them."""
    present = np.unique(column.values if column.nulls is None else column.values[~column.nulls])
    numbers = [value for value in comparison.values if not np.isin(value, present)]
    if not numbers:
        return [], []
    closest = nsmallest(MAX_NAMED, present.tolist(), key=lambda number: abs(number - numbers[0]))
    return _to_values(numbers, column.type), _to_values(closest, column.type)


def _to_values(numbers: Sequence[object], arrow_type: pa.DataType) -> list[object]:
    """Return numbers as a caller writes them: days and instants as ISO dates and date-times."""
    if not pa.types.is_temporal(arrow_type):
        return list(numbers)
    stored = pa.array(numbers, pa.int32() if pa.types.is_date(arrow_type) else pa.int64())
    return [value.isoformat() for value in stored.cast(arrow_type).to_pylist()]


def _contact_channels(columns: Columns) -> list[str]:
    ranking = columns[CHANNEL_RANKING] if CHANNEL_RANKING in columns.column_types else None
    members = ranking.members if isinstance(ranking, ListColumn) else None
    return members.dictionary.to_pylist() if isinstance(members, DictionaryColumn) else []


def _list_values(values: Sequence[object]) -> str:
    more = f" and {len(values) - MAX_NAMED:,} more" if len(values) > MAX_NAMED else ""
    return ", ".join(map(_show, values[:MAX_NAMED])) + more


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[: _MAX_SHOWN_CHARACTERS - 3]}..."
