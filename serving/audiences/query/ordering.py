"""Ordering: selects the first members in a deterministic order; nulls come last, ties are ordered by customer_id."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from features.arrays import Booleans, RowIndices
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.query.column_store import SortableColumn
from serving.audiences.query.column_types import COMPARABLE_KINDS
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import OrderBy


def select_rows(mask: Booleans, columns: Columns, order_by: OrderBy | None, limit: int | None) -> RowIndices:
    """Return the rows of members in order, at most ``limit``.

    Nulls come last in both directions, and equal values are ordered by customer_id.

    Args:
        mask: the possible members, (customers,).
        columns: the table.
        order_by: None orders by customer_id.
        limit: the maximum number of members.
    """
    rows = np.flatnonzero(mask)
    maximum = len(rows) if limit is None else limit
    if order_by is None:
        return rows[:maximum]
    column = cast("SortableColumn", columns[order_by.column])
    is_null = column.is_null()[rows]
    known = rows[~is_null]
    keys = column.sort_keys(known)
    first = known[_first_positions(_descending_keys(keys) if order_by.descending else keys, maximum)]
    return np.concatenate([first, rows[is_null][: maximum - len(first)]])


def check_order(order_by: OrderBy | None, columns: Columns) -> None:
    """Reject a column that is missing or cannot be ordered.

    Raises:
        InvalidAudienceRequest: the column cannot order members.
    """
    if order_by is None:
        return
    name, kinds = order_by.column, columns.column_types
    if name not in kinds:
        reason = f"Found {name}, which is not a column of the scores table. {suggestions(name, kinds)}"
        raise InvalidAudienceRequest.for_field("order_by.column", reason)
    if kinds[name].kind not in COMPARABLE_KINDS:
        raise InvalidAudienceRequest.for_field(
            "order_by.column",
            f"Found {name}, {kinds[name]}; expected one of numbers, text, booleans, dates or instants.",
        )


def _first_positions(keys: NDArray[np.generic], limit: int) -> RowIndices:
    """Return the positions of the smallest keys in ascending order; equal keys keep their order."""
    if limit >= len(keys):
        return np.argsort(keys, kind="stable")
    edge = np.partition(keys, limit - 1)[limit - 1]
    below = np.flatnonzero(keys < edge)
    selected = np.concatenate([below, np.flatnonzero(keys == edge)[: limit - len(below)]])
    return selected[np.argsort(keys[selected], kind="stable")]


def _descending_keys(keys: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return keys whose ascending order is the descending order of these; equal keys stay equal."""
    if keys.dtype.kind == "f":
        return np.asarray(np.negative(keys))
    return np.asarray(np.invert(keys))
