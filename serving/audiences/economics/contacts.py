"""Contacts: the members who are not held out, and what each is expected to do without a campaign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers, RowIndices
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.horizon_columns import (
    nearest_purchase_column,
    numbers,
    orders_column,
    purchase_probabilities,
    spend_columns,
)
from serving.audiences.query.scores_table import Columns
from serving.schemas.economics import EconomicsRequest

MAX_POINTS = 50  # of the curve


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """The n people contacted, in the order of the audience; they cost something, and those held out do not."""

    rows: RowIndices  # (n,) of the table
    members: Integers  # (n,) members up to each of them, those held out included
    orders: Floats | None  # (n,) within the horizon
    revenue: Floats | None  # (n,) within the horizon; None for a log without amounts
    ordering: Floats | None  # (n,) probability of an order; None where no offer is paid on order

    def __len__(self) -> int:
        return len(self.rows)


def contacts_of(
    request: EconomicsRequest,
    columns: Columns,
    rows: RowIndices,
    holdout: Booleans | None,
    horizon_days: int,
    *,
    has_amounts: bool,
) -> Contacts:
    """Read what the people contacted are expected to do.

    Raises:
        InvalidAudienceRequest: the offer is paid on order, and the table has no probability of an order.
    """
    contacted = np.arange(len(rows)) if holdout is None else np.flatnonzero(~holdout)
    chosen, purchase = rows[contacted], nearest_purchase_column(columns, horizon_days)
    orders, spend = orders_column(columns, horizon_days), spend_columns(columns).get(horizon_days)
    pays_on_order = request.offer_cost > 0 and request.offer_paid == "on_order"
    if pays_on_order and purchase is None:
        raise InvalidAudienceRequest.for_field(
            "economics.offer_paid",
            "Found on_order; expected on_contact, since the scores table has no probability of an order.",
        )
    ordering = None
    if purchase is not None and (pays_on_order or orders is None):
        ordering = purchase_probabilities(columns, purchase[1], chosen)
    return Contacts(
        rows=chosen,
        members=contacted + 1,
        orders=ordering if orders is None else numbers(columns, orders, chosen),
        revenue=numbers(columns, spend, chosen) if spend is not None and has_amounts else None,
        ordering=ordering if pays_on_order else None,
    )


def curve_ends(count: int, smallest: int) -> Integers:
    """Return the cut-offs of n people, ascending, the last one all: at most 50, and ``smallest`` apart."""
    points = min(MAX_POINTS, count // max(smallest, 1))
    return -(-np.arange(1, points + 1) * count // max(points, 1))


def cumulate(values: float | Floats, ends: Integers) -> Floats:
    """Return the sums of the first people up to each end, (ends,), of values (n,) or of one value for each."""
    if isinstance(values, float | int):
        return values * ends.astype(np.float64)
    if not len(ends) or not ends[-1]:
        return np.zeros(len(ends))
    starts = np.concatenate([[0], ends[:-1]])
    sums: Floats = np.add.reduceat(values[: ends[-1]], starts)
    return np.cumsum(sums)
