"""Column values: the range of a column, or its most frequent values with their counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

MAX_LISTED = 12  # a column with more different values lists only the most frequent ones
LISTED_OF_MANY = 5
ID_COLUMNS = ("customer_id", "prediction_id")  # values that name one customer are counted and not listed


@dataclass(frozen=True)
class ColumnValues:
    """The values of one column; a list column counts the members of its lists."""

    nulls: int
    distinct: int | None = None  # of texts and flags
    minimum: object = None  # of numbers, days and instants
    maximum: object = None
    counts: Mapping[str, int] | None = None  # the most frequent values first


def column_values(name: str, column: pa.ChunkedArray) -> ColumnValues:
    """Summarize one column of the scores table."""
    nulls, kind = column.null_count, column.type
    if pa.types.is_list(kind):
        members = pc.list_flatten(column)
        return _summarize(members, nulls, are_listed=pa.types.is_string(kind.value_type))
    return _summarize(column, nulls, are_listed=name not in ID_COLUMNS)


def _summarize(values: pa.ChunkedArray, nulls: int, *, are_listed: bool) -> ColumnValues:
    if pa.types.is_string(values.type) or pa.types.is_boolean(values.type):
        return _count_values(values.drop_null(), nulls, are_listed=are_listed)
    ends = pc.min_max(values).as_py()
    return ColumnValues(nulls, minimum=ends["min"], maximum=ends["max"])


def _count_values(values: pa.ChunkedArray, nulls: int, *, are_listed: bool) -> ColumnValues:
    if not are_listed:
        return ColumnValues(nulls, distinct=pc.count_distinct(values).as_py())
    counts = sorted(((row["values"], row["counts"]) for row in values.value_counts().to_pylist()), key=_rank)
    listed = counts if len(counts) <= MAX_LISTED else counts[:LISTED_OF_MANY]
    return ColumnValues(nulls, distinct=len(counts), counts={_text(value): count for value, count in listed})


def _rank(counted: tuple[object, int]) -> tuple[int, str]:
    return -counted[1], str(counted[0])


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
