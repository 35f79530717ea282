"""Which members, in which order? The same ones in the same order whenever the same is asked of the same table."""

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
    """The rows of members, in order, the first of them where there is a limit.

    Customers without a value come last, whichever way the others are ordered; equal ones by customer_id.

    Args:
        mask: who may be a member, (customers,).
        columns: the table.
        order_by: None orders by customer_id.
        limit: the most members.
    """
    rows = np.flatnonzero(mask)
    most = len(rows) if limit is None else limit
    if order_by is None:
        return rows[:most]
    held = cast("SortableColumn", columns[order_by.column])
    unknown = held.is_null()[rows]
    known = rows[~unknown]
    keys = held.sort_keys(known)
    first = known[_first_positions(_descending_keys(keys) if order_by.descending else keys, most)]
    return np.concatenate([first, rows[unknown][: most - len(first)]])


def check_order(order_by: OrderBy | None, columns: Columns) -> None:
    """Refuses a column that is not there, or has no order; raises Refused."""
    if order_by is None:
        return
    name, kinds = order_by.column, columns.column_types
    if name not in kinds:
        reason = f"Found {name}, which is no column of the scores table. {suggestions(name, kinds)}"
        raise InvalidAudienceRequest.for_field("order_by.column", reason)
    if kinds[name].kind not in COMPARABLE_KINDS:
        raise InvalidAudienceRequest.for_field(
            "order_by.column",
            f"Found {name}, {kinds[name]}; expected one of numbers, text, booleans, dates or instants.",
        )


def _first_positions(keys: NDArray[np.generic], limit: int) -> RowIndices:
    """The places of the smallest keys in ascending order, equal keys in the order they come."""
    if limit >= len(keys):
        return np.argsort(keys, kind="stable")
    edge = np.partition(keys, limit - 1)[limit - 1]
    below = np.flatnonzero(keys < edge)
    chosen = np.concatenate([below, np.flatnonzero(keys == edge)[: limit - len(below)]])
    return chosen[np.argsort(keys[chosen], kind="stable")]


def _descending_keys(keys: NDArray[np.generic]) -> NDArray[np.generic]:
    """Keys whose ascending order is the descending one of these, with equal ones equal still."""
    if keys.dtype.kind == "f":
        return np.asarray(np.negative(keys))
    return np.asarray(np.invert(keys))
