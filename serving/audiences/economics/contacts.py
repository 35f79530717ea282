"""Contacts: the members who are not held out, and what each is expected to do without a campaign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Floats, Integers, RowIndices
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.expected_totals import ExpectedTotals
from serving.schemas.economics import EconomicsRequest

MAX_POINTS = 50  # of the curve


@dataclass(frozen=True, kw_only=True)
class Contacts:
    """The n people contacted, in the order of the audience; they cost something, and those held out do not."""

    positions: RowIndices | None  # (n,) among the members; None where nobody is held out
    count: int  # n
    orders: Floats | None  # (n,) within the horizon
    revenue: Floats | None  # (n,) within the horizon; None for a log without amounts
    ordering: Floats | None  # (n,) probability of an order; None where no offer is paid on order

    def contacted_rows(self, members: RowIndices) -> RowIndices:
        """Return those of the members who are contacted, (n,)."""
        return members if self.positions is None else members[self.positions]

    def margins_per_order(self, margin: float) -> Floats | None:
        """Return the margin of an order of each person, (n,): expected spend over expected orders.

        The mean of all stands for a person who is expected to order nothing. None where no order with an amount is
        expected at all.
        """
        if self.orders is None or self.revenue is None or not (total := float(self.orders.sum())) > 0:
            return None
        average = np.full(self.count, float(self.revenue.sum()) / total)
        baskets: Floats = np.divide(self.revenue, self.orders, out=average, where=self.orders > 0)
        return margin * baskets

    def members_until(self, count: int) -> int:
        """Return the number of members up to the last of the first people contacted, those held out included."""
        return count if self.positions is None or not count else int(self.positions[count - 1]) + 1


def contacts_of(request: EconomicsRequest, totals: ExpectedTotals, count: int, holdout: Booleans | None) -> Contacts:
    """Choose the people contacted among ``count`` members with these totals.

    Raises:
        InvalidAudienceRequest: the offer is paid on order, and the table has no probability of an order.
    """
    outcomes = totals.by_member
    pays_on_order = request.offer_cost > 0 and request.offer_paid == "on_order"
    if pays_on_order and outcomes.conversions is None:
        raise InvalidAudienceRequest.for_field(
            "economics.offer_paid",
            "Found on_order; expected on_contact, since the scores table has no probability of an order.",
        )
    positions = None if holdout is None else np.flatnonzero(~holdout)

    def of_contacts(values: Floats | None) -> Floats | None:
        return values if values is None or positions is None else values[positions]

    return Contacts(
        positions=positions,
        count=count if positions is None else len(positions),
        orders=of_contacts(outcomes.orders),
        revenue=of_contacts(outcomes.revenue),
        ordering=of_contacts(outcomes.conversions) if pays_on_order else None,
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
