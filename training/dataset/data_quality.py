"""Data quality: order lines that look like mistakes, each kind named in one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.calendar import day_from_number
from features.history import Cutoff, History
from features.outlying_dates import OutlyingDates

AMOUNT_LEVEL, AMOUNT_MULTIPLE = 0.999, 1000
MIN_ID_SHARE, MIN_ID_MULTIPLE = 0.05, 5  # of all lines, and of the 90 % quantile of lines per customer
MIN_CUSTOMERS = 30


def data_quality_notes(log: History, now: Cutoff, outlying: OutlyingDates | None) -> tuple[str, ...]:
    """Notes on lines with implausible dates or amounts and on ids that hardly name a person; empty without such.

    Args:
        log: the whole canonical log, with the lines from ``now`` on.
        now: the instant at which the known log ends.
        outlying: the outlying dates of the log before ``now``.
    """
    known = log.before(now)
    return (
        *_outlying_date_notes(outlying),
        *_later_line_notes(log, now),
        *_amount_notes(known),
        *_customer_notes(known),
    )


def _outlying_date_notes(outlying: OutlyingDates | None) -> Iterator[str]:
    if outlying is not None:
        until = "" if outlying.latest == outlying.earliest else f" to {outlying.latest}"
        yield (
            f"Dates: {_count_lines(outlying.lines)} dated {outlying.earliest}{until}, {outlying.gap_days:,} days "
            "before the next. Expected dates of the shop's life: correct them. Until then they count as of "
            f"{outlying.first_day}."
        )


def _later_line_notes(log: History, now: Cutoff) -> Iterator[str]:
    later = log.lines.filter(log.lines.day_number >= now.day_number)
    found = later.aggregate(lines=later.count(), farthest=later.day_number.max()).to_pyarrow().to_pylist()[0]
    if found["lines"]:
        yield (
            f"Dates: {_count_lines(found['lines'])} dated {now.day} or later, the farthest "
            f"{day_from_number(found['farthest'])}. Nothing is learned from them. Expected for an --as-of in the past; "
            "otherwise correct their dates."
        )


def _amount_notes(log: History) -> Iterator[str]:
    if not log.has_amounts:
        return
    amount = log.lines.amount.cast("float64").to_pyarrow().to_numpy(zero_copy_only=False)
    sizes = np.sort(np.abs(amount[np.isfinite(amount) & (amount != 0)]))
    if not len(sizes):
        return
    typical = float(sizes[int(AMOUNT_LEVEL * (len(sizes) - 1))])
    giant = int((sizes > AMOUNT_MULTIPLE * typical).sum())
    if giant:
        yield (
            f"Amounts: {_count_lines(giant)} above {AMOUNT_MULTIPLE:,} times the 99.9th percentile, {typical:,.2f}; "
            f"the largest is {sizes[-1]:,.2f}. Expected amounts of one currency and one decimal mark: correct them. "
            "Until then no prediction rests on more than a plausible amount."
        )


def _customer_notes(log: History) -> Iterator[str]:
    lines = log.lines
    per_customer = lines.group_by("customer_id").aggregate(
        lines=lines.count(), repeated=lines.order_id.max() > lines.order_id.min()
    )
    summary = per_customer.aggregate(
        customers=per_customer.count(),
        lines=per_customer.lines.sum(),
        usual=per_customer.lines.quantile(0.9),
        repeated=per_customer.repeated.any(),
    )
    total = summary.to_pyarrow().to_pylist()[0]
    if total["customers"] < MIN_CUSTOMERS:
        return
    if not total["repeated"]:
        yield (
            f"Customers: none of {total['customers']:,} has a second order. customer_id probably names an order, a "
            "session or an address: name the column of the person."
        )
    least = max(MIN_ID_SHARE * total["lines"], MIN_ID_MULTIPLE * total["usual"])
    large = per_customer.filter(per_customer.lines > least).order_by("customer_id").to_pyarrow().to_pylist()
    for row in large:
        yield (
            f"Customers: {row['customer_id']!r} has {row['lines'] / total['lines']:.0%} of all order lines. If it "
            "stands for unknown customers, leave customer_id empty in these lines."
        )


def _count_lines(count: int) -> str:
    return "1 order line is" if count == 1 else f"{count:,} order lines are"
