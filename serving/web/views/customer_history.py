"""Timeline view: the months of a customer's orders as the page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from serving.schemas.customer_history import CustomerHistory

MAX_MONTHS = 36  # on the chart; the newest ones


@dataclass(frozen=True, kw_only=True)
class TimelineView:
    """Timeline view: orders and spend by month; without figures, the status and its reason."""

    status: str
    reason: str | None
    orders: int | None = None
    net_spend: float | None = None
    first_order_on: date | None = None
    order_rows: Sequence[tuple[date, int]] = ()  # orders by month
    spend_rows: Sequence[tuple[date, float | None]] = ()
    categories: Sequence[tuple[str, int]] = ()  # with orders, the most first


def timeline_view(history: CustomerHistory) -> TimelineView:
    """The timeline of a history."""
    months = history.months or []
    shown = [(date.fromisoformat(f"{month.month}-01"), month) for month in months[-MAX_MONTHS:]]
    return TimelineView(
        status=history.status,
        reason=history.reason,
        orders=history.orders,
        net_spend=history.net_spend,
        first_order_on=history.first_order_on,
        order_rows=[(first_day, month.orders) for first_day, month in shown],
        spend_rows=[(first_day, month.net_spend) for first_day, month in shown],
        categories=[(each.category, each.orders) for each in history.categories or ()],
    )
