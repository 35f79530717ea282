"""Log summary: how much log there is before a cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from features.history import History
from features.plausibility.silence import Silence


@dataclass(frozen=True)
class LogSummary:
    """The size and the span of the known log."""

    lines: int
    customers: int
    orders: int
    amount: float | None  # of all lines; None where the shop has no amounts
    first_day: date  # local days with an order line
    last_day: date
    log_until: datetime  # the instant of the last order line, UTC

    def sentence(self, currency: str) -> str:
        """The summary as one line of text."""
        amount = "" if self.amount is None else f", {self.amount:,.2f} {currency} in all"
        return (
            f"{self.lines:,} order lines of {self.customers:,} customers in {self.orders:,} orders{amount}, "
            f"from {self.first_day} to {self.last_day}."
        )


def summarize_log(known: History, silence: Silence) -> LogSummary:
    """Count the log before a cutoff.

    Args:
        known: the history before the cutoff, without outlying dates.
        silence: the silence at its end.
    """
    lines = known.lines
    # The same order number may belong to orders of several customers.
    orders = lines.group_by("customer_id").aggregate(
        lines=lines.count(),
        orders=lines.order_id.nunique(),
        **({"amount": lines.amount.sum()} if known.has_amounts else {}),
    )
    totals = orders.aggregate(
        lines=orders.lines.sum(),
        customers=orders.count(),
        orders=orders.orders.sum(),
        **({"amount": orders.amount.sum()} if known.has_amounts else {}),
    )
    found = totals.to_pyarrow().to_pylist()[0]
    first, _ = known.day_range()
    return LogSummary(
        lines=int(found["lines"]),
        customers=int(found["customers"]),
        orders=int(found["orders"]),
        amount=None if found.get("amount") is None else float(found["amount"]),
        first_day=first,
        last_day=silence.last_day,
        log_until=silence.log_until,
    )
