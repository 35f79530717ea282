"""Column values: what each column of the scores table means, and its values among those who may be approached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from features.arrays import Booleans
from serving.audiences.distribution_schema import BinEdge, ColumnResponse, ColumnValue
from serving.audiences.distributions import edge_value
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.query.column_descriptions import ColumnDescription, read_descriptions
from serving.audiences.query.column_store import Column, NumericColumn
from serving.audiences.query.column_types import ORDERED_KINDS, ColumnKind, ColumnType
from serving.audiences.query.scores_table import ID_COLUMN, Columns
from serving.audiences.query.text_columns import DictionaryColumn, ListColumn
from serving.audiences.query.value_ranges import value_range

MAX_VALUES = 50  # that are listed of one column


@dataclass(frozen=True)
class _Values:
    """The values of one column, as far as they are told."""

    minimum: BinEdge | None = None
    maximum: BinEdge | None = None
    values: list[ColumnValue] | None = None
    more_values: bool = False


def describe_columns(
    columns: Columns, reachable: Booleans, smallest: int, names: Collection[str] = ()
) -> list[ColumnResponse]:
    """Describe columns of the table in their order, all without ``names``.

    Args:
        columns: the table.
        reachable: the customers who may be approached, (customers,).
        smallest: a value of fewer of them is not told; 0 tells every value.
        names: the columns to describe.

    Raises:
        InvalidAudienceRequest: the table has no such column.
    """
    unknown = next((name for name in names if name not in columns), None)
    if unknown is not None:
        reason = f"Found {unknown}, which is not a column of the scores table. "
        raise InvalidAudienceRequest.for_field("column", reason + suggestions(unknown, columns.column_types))
    described = [column for column in read_descriptions(columns.schema) if not names or column.name in names]
    return [_response(column, columns, reachable, smallest) for column in described]


def _response(description: ColumnDescription, columns: Columns, reachable: Booleans, smallest: int) -> ColumnResponse:
    name, column_type = description.name, columns.column_types[description.name]
    is_told = description.targeting and name != ID_COLUMN
    values = _values(columns.read_once(name), column_type, reachable, smallest) if is_told else _Values()
    return ColumnResponse(
        name=name,
        type=f"list of {column_type.members}" if column_type.members else str(column_type.kind),
        group=cast("Any", description.group),
        meaning=dict(description.meaning),
        targeting=is_told,
        minimum=values.minimum,
        maximum=values.maximum,
        values=values.values,
        more_values=values.more_values,
    )


def _values(column: Column, column_type: ColumnType, reachable: Booleans, smallest: int) -> _Values:
    if isinstance(column, ListColumn) and isinstance(column.members, DictionaryColumn):
        return _text_values(column.members, reachable[column.parent_rows], smallest)
    if isinstance(column, DictionaryColumn):
        return _text_values(column, reachable, smallest)
    if isinstance(column, NumericColumn) and column_type.kind is ColumnKind.BOOLEAN:
        known = column.values[reachable & ~column.is_null()]
        counts = np.bincount(known.astype(np.int64), minlength=2)
        return _most_frequent([(False, int(counts[0])), (True, int(counts[1]))], smallest)
    if isinstance(column, NumericColumn) and column_type.kind in ORDERED_KINDS:
        ends = value_range(column, reachable, smallest)
        if ends is not None:
            return _Values(edge_value(ends.minimum, column_type.kind), edge_value(ends.maximum, column_type.kind))
    return _Values()


def _text_values(column: DictionaryColumn, selected: Booleans, smallest: int) -> _Values:
    """Return the values of text; the members of one list differ, so each counts a customer once."""
    codes = column.codes[selected].astype(np.int64)
    counts = np.bincount(codes + 1, minlength=len(column.dictionary) + 1)[1:]
    largest = np.argsort(-counts, kind="stable")[: MAX_VALUES + 1]
    texts = column.dictionary.take(largest).to_pylist()
    return _most_frequent(list(zip(texts, counts[largest].tolist(), strict=True)), smallest)


def _most_frequent(counted: Sequence[tuple[str | bool, int]], smallest: int) -> _Values:
    """Return the values that enough customers have, the most frequent first."""
    enough = [(value, count) for value, count in counted if count >= max(smallest, 1)]
    ordered = sorted(enough, key=lambda pair: (-pair[1], str(pair[0])))
    values = [ColumnValue(value=value, count=count) for value, count in ordered[:MAX_VALUES]]
    return _Values(values=values, more_values=len(ordered) > MAX_VALUES)
