"""Arrow rows: the conversion of an Arrow table of one view into the NumPy arrays that the codec packs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans, Floats, Integers
from features.online.codec import MAX_EXACT_INTEGER, ViewRows
from features.online.feature_rows import FeatureRows, RaggedList
from features.views import CUSTOMER_ID, FEATURES_AT, Kind, View

TIMESTAMP_TYPE = pa.timestamp("us", tz="UTC")
ARROW_TYPES = {
    Kind.FLOAT: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.INTEGERS: pa.list_(pa.int64()),
    Kind.FLOATS: pa.list_(pa.float64()),
}


def arrow_schema(view: View) -> pa.Schema:
    """The Arrow schema of the view's columns, in order."""
    return pa.schema([(column.name, ARROW_TYPES[column.kind]) for column in view.columns])


def view_rows(view: View, table: pa.Table, event_at: str, created_at: str | None = None) -> ViewRows:
    """The table's rows as arrays, (n, columns).

    Raises:
        ValueError: an integer or a null cannot be packed without loss.
    """
    columns = table.select(arrow_schema(view).names).cast(arrow_schema(view))
    names = (*view.scalars, *view.lists)
    return ViewRows(
        event_at=micros(table[event_at]),
        created_at=micros(table[created_at]) if created_at else np.zeros(table.num_rows, np.int64),
        scalars=matrix(columns.select(view.scalars)),
        nulls=_nulls(columns.select(names)),
        lists=tuple(ragged_list(columns[name]) for name in view.lists),
    )


def feature_rows(table: pa.Table, views: tuple[View, ...]) -> FeatureRows:
    """The table from ``CustomerFeatures.as_of`` in the form of the online reader; unknown where features_at is null."""
    columns = tuple(name for view in views for name in view.scalars)
    return FeatureRows(
        customer_ids=table[CUSTOMER_ID].to_pylist(),
        known=table[FEATURES_AT].is_valid().to_numpy(),
        features_at=micros(table[FEATURES_AT]),
        columns=columns,
        matrix=matrix(table.select(columns)),
        lists={name: ragged_list(table[name]) for view in views for name in view.lists},
    )


def matrix(columns: pa.Table) -> Floats:
    """The columns as one matrix, (n, columns), NaN where null; raises ValueError for integers beyond 2**53."""
    values = np.empty((columns.num_rows, columns.num_columns))
    for position, name in enumerate(columns.column_names):
        _refuse_rounding(name, columns[name])
        values[:, position] = columns[name].to_numpy()
    return values


def ragged_list(column: pa.ChunkedArray) -> RaggedList:
    """A list column; null becomes an empty list. Raises ValueError for a null inside a list."""
    whole = column.combine_chunks()
    values = whole.flatten()
    if values.null_count:
        raise ValueError(f"{values.null_count} lists hold a null. Leave the value out, or give it a number.")
    _refuse_rounding("a list", values)
    offsets = np.zeros(len(whole) + 1, np.int64)
    np.cumsum(pc.fill_null(pc.list_value_length(whole), 0).to_numpy(), out=offsets[1:])
    return RaggedList(offsets=offsets, values=values.to_numpy(zero_copy_only=False).astype(np.float64))


def micros(column: pa.ChunkedArray) -> Integers:
    """Timestamps as microseconds since 1970 UTC, (n,), 0 where null; without an offset they are taken as UTC."""
    timestamps = column.cast(TIMESTAMP_TYPE, safe=False).cast(pa.int64())
    return np.asarray(pc.fill_null(timestamps, 0).to_numpy(), np.int64)


def _nulls(columns: pa.Table) -> Booleans:
    nulls = np.zeros((columns.num_rows, columns.num_columns), np.bool_)
    for position, column in enumerate(columns.columns):
        nulls[:, position] = column.is_null().to_numpy()
    return nulls


def _refuse_rounding(name: str, values: pa.ChunkedArray | pa.Array) -> None:
    if not pa.types.is_integer(values.type):
        return
    smallest, largest = pc.min_max(values).as_py().values()
    if largest is not None and max(-smallest, largest) > MAX_EXACT_INTEGER:
        raise ValueError(
            f"{name} holds {max(-smallest, largest)}: integers beyond 2**53 lose digits. Store a smaller unit."
        )
