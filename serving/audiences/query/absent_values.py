"""Absent values: sentences on values of a filter, and on a channel, that nobody has, with those that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher
from heapq import nlargest, nsmallest
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.arrays import Booleans
from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.comparisons import Comparison
from serving.audiences.query.scores_table import Columns
from serving.audiences.query.text_columns import DictionaryColumn, IdColumn, ListColumn

MAX_NAMED = 10  # values that a sentence names
CHANNEL_RANKING = "channel_ranking"
_MAX_COMPARED = 2_000  # texts that are compared with the absent one; more would take seconds
_MAX_SHOWN_CHARACTERS = 60


class PresentValues:
    """The values of each column among the customers who may be approached; the values of others count as absent."""

    def __init__(self, columns: Columns, reachable: Booleans, at_least: int = 1) -> None:
        """Count each column at its first use.

        Args:
            columns: the table.
            reachable: the customers who may be approached, (customers,).
            at_least: the number of them below whom a value counts as absent.
        """
        self._columns, self._reachable, self.at_least = columns, reachable, at_least
        self._texts: dict[str, pa.StringArray] = {}
        self._numbers: dict[str, NDArray[np.generic]] = {}

    def column(self, name: str) -> Column:
        """Return the column itself, or the members of a list column."""
        column = self._columns[name]
        return column.members if isinstance(column, ListColumn) else column

    def texts(self, name: str) -> pa.StringArray:
        """Return the different texts of a column or of its lists; of ids, those of the customers."""
        if name not in self._texts:
            self._texts[name] = self._count_texts(name)
        return self._texts[name]

    def numbers(self, name: str) -> NDArray[np.generic]:
        """Return the different numbers, days or instants of a column or of its lists, ascending."""
        if name not in self._numbers:
            column, mask = cast("NumericColumn", self.column(name)), self._mask(name)
            numbers, counts = np.unique(column.values[mask & ~column.is_null()], return_counts=True)
            self._numbers[name] = numbers[counts >= self.at_least]
        return self._numbers[name]

    def _count_texts(self, name: str) -> pa.StringArray:
        column, mask = self.column(name), self._mask(name)
        if isinstance(column, IdColumn):
            return column.values.filter(pa.array(mask))
        dictionary = cast("DictionaryColumn", column).dictionary
        codes = cast("DictionaryColumn", column).codes[mask].astype(np.int64)
        counts = np.bincount(codes + 1, minlength=len(dictionary) + 1)[1:]
        return dictionary.filter(pa.array(counts >= self.at_least))

    def _mask(self, name: str) -> Booleans:
        """Return which values of a column, or which members of its lists, are of reachable customers."""
        column = self._columns[name]
        return self._reachable[column.parent_rows] if isinstance(column, ListColumn) else self._reachable


def absent_value_note(comparison: Comparison, present: PresentValues) -> str:
    """Return a sentence on the values of a comparison that nobody has; empty where all are there."""
    column = present.column(comparison.column)
    if not comparison.values or not isinstance(column, DictionaryColumn | IdColumn | NumericColumn):
        return ""
    is_number = isinstance(column, NumericColumn)
    absent, closest = (_absent_numbers if is_number else _absent_texts)(comparison, present)
    # An id, and a number that hardly anybody shares, is that of a few.
    if not absent or (present.at_least > 1 and (isinstance(column, IdColumn) or (is_number and not closest))):
        return ""
    few = f"Fewer than {present.at_least} customers with consent have"
    sentence = f"{'Nobody with consent has' if present.at_least == 1 else few} {_list_values(absent)} in "
    sentence += comparison.column
    if isinstance(column, IdColumn):
        return f"{sentence}."
    return f"{sentence}; {f'there are {_list_values(closest)}' if closest else 'nobody has any value there'}."


def unknown_channel_note(channel: str, consent_channels: Collection[str], columns: Columns) -> str:
    """Return a sentence on a channel that neither a consent nor a contact names; empty where one does."""
    channels = {*consent_channels, *contact_channels(columns)}
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


def _absent_texts(comparison: Comparison, present: PresentValues) -> tuple[Sequence[object], Sequence[object]]:
    """Return the texts that nobody has, and those closest to the first of them; never the ids of other customers."""
    texts, available = [str(value) for value in comparison.values], present.texts(comparison.column)
    is_present = pc.is_in(pa.array(texts, pa.string()), value_set=available).to_pylist()
    absent = [text for text, has_text in zip(texts, is_present, strict=True) if not has_text]
    if not absent or isinstance(present.column(comparison.column), IdColumn):
        return absent, []
    return absent, closest_texts(absent[0], available.to_pylist())


def _absent_numbers(comparison: Comparison, present: PresentValues) -> tuple[Sequence[object], Sequence[object]]:
    """Return the numbers, days or instants that nobody has, and the ones closest to the first of them."""
    available = present.numbers(comparison.column)
    numbers: list[Any] = [value for value in comparison.values if not np.isin(value, available)]
    if not numbers:
        return [], []
    closest = nsmallest(MAX_NAMED, available.tolist(), key=lambda number: abs(number - numbers[0]))
    arrow_type = cast("NumericColumn", present.column(comparison.column)).type
    return _to_values(numbers, arrow_type), _to_values(closest, arrow_type)


def _to_values(numbers: Sequence[object], arrow_type: pa.DataType) -> list[object]:
    """Return numbers as a caller writes them: days and instants as ISO dates and date-times."""
    if not pa.types.is_temporal(arrow_type):
        return list(numbers)
    stored = pa.array(numbers, pa.int32() if pa.types.is_date(arrow_type) else pa.int64())
    return [value.isoformat() for value in stored.cast(arrow_type).to_pylist()]


def contact_channels(columns: Columns) -> list[str]:
    """Return the channels through which customers come or were contacted."""
    ranking = columns[CHANNEL_RANKING] if CHANNEL_RANKING in columns.column_types else None
    members = ranking.members if isinstance(ranking, ListColumn) else None
    return members.dictionary.to_pylist() if isinstance(members, DictionaryColumn) else []


def _list_values(values: Sequence[object]) -> str:
    more = f" and {len(values) - MAX_NAMED:,} more" if len(values) > MAX_NAMED else ""
    return ", ".join(map(_show, values[:MAX_NAMED])) + more


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS else f"{text[: _MAX_SHOWN_CHARACTERS - 3]}..."
