"""Log summary: how much log there is before a cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from features.calendar import day_from_number
from features.history import History
from features.plausibility.silence import Silence
from features.wording import count_of


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
            f"{count_of(self.lines, 'order line')} of {count_of(self.customers, 'customer')} in "
            f"{count_of(self.orders, 'order')}{amount}, "
            f"from {self.first_day} to {self.last_day}."
        )


def summarize_log(known: History, silence: Silence) -> LogSummary:
    """Count the log before a cutoff.

    Args:
        known: the history before the cutoff, without outlying dates.
        silence: the silence at its end.
    """
    lines = known.lines
    found = lines.aggregate(
        lines=lines.count(),
        customers=lines.customer_id.nunique(),
        # The same order number may belong to orders of several customers. Hashes take half the time of the texts.
        orders=(lines.customer_id + "\n" + lines.order_id).hash().nunique(),
        first_day=lines.day_number.min(),
        **({"amount": lines.amount.sum()} if known.has_amounts else {}),
    )
    counts = found.to_pyarrow().to_pylist()[0]
    return LogSummary(
        lines=counts["lines"],
        customers=counts["customers"],
        orders=counts["orders"],
        amount=None if counts.get("amount") is None else float(counts["amount"]),
        first_day=day_from_number(counts["first_day"]),
        last_day=silence.last_day,
        log_until=silence.log_until,
    )
