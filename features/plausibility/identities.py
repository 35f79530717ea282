"""Identities: customer ids that hardly name a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features.history import History
from features.plausibility_note import PlausibilityNote
from features.wording import count_of

MIN_CUSTOMERS = 30
MIN_SHARE, MIN_MULTIPLE = 0.05, 5  # of all lines, and of the 90 % quantile of lines per customer
MIN_SPAN_DAYS = 60  # in a shorter log, all customers may be waiting for their second order
MAX_REPEAT_SHARE, MANY_CUSTOMERS, LONG_SPAN_DAYS = 0.005, 200, 180
SCIENTIFIC = r"^[0-9]([.,][0-9]+)?[eE]\+[0-9]{2,3}$"  # as spreadsheets and data frames write large numbers
MAX_SCIENTIFIC_SHARE = 0.01
PERSON = "an id for each person"


def customer_lines(known: History) -> ir.Table:
    """Lines of each customer, in memory: customer_id, lines, bought (any order) and repeated (orders on two days).

    Lines with a negative amount are no orders here: a return on a later day brings nobody back.
    """
    lines = known.lines
    day, order = lines.day_number, lines.order_id
    bought = lines.amount >= 0 if known.has_amounts else lines.customer_id.notnull()
    repeated = (day.max(where=bought) > day.min(where=bought)) & (order.max(where=bought) > order.min(where=bought))
    return ibis.memtable(
        lines.group_by("customer_id")
        .aggregate(lines=lines.count(), bought=bought.any(), repeated=repeated.fill_null(ibis.literal(value=False)))
        .to_pyarrow()
    )


@dataclass(frozen=True)
class _Totals:
    customers: int
    lines: int
    usual: float  # lines per customer, 90 % quantile
    buyers: int  # customers
    repeated: int  # customers


def identity_notes(customers: ir.Table, span_days: int) -> Iterator[PlausibilityNote]:
    """Notes on one id for many people, many ids for one person, and ids that a spreadsheet has rounded.

    Args:
        customers: the table of ``customer_lines``.
        span_days: the days from the first to the last order line.
    """
    totals = customers.aggregate(
        customers=customers.count(),
        lines=customers.lines.sum(),
        usual=customers.lines.quantile(0.9),
        buyers=customers.bought.sum(),
        repeated=customers.repeated.sum(),
    )
    found = totals.to_pyarrow().to_pylist()[0]
    if not found["customers"]:
        return
    summary = _Totals(**found)
    yield from _scientific_notes(customers, summary)
    if summary.customers >= MIN_CUSTOMERS:
        yield from _dominant_notes(customers, summary)
    if summary.buyers >= MIN_CUSTOMERS:
        yield from _repeat_notes(summary, span_days)


def _dominant_notes(customers: ir.Table, totals: _Totals) -> Iterator[PlausibilityNote]:
    least = max(MIN_SHARE * totals.lines, MIN_MULTIPLE * totals.usual)
    large = customers.filter(customers.lines > least).order_by(customers.lines.desc(), "customer_id")
    rows = large.to_pyarrow().to_pylist()
    if not rows:
        return
    subject = "One customer id has" if len(rows) == 1 else f"{len(rows)} customer ids have"
    share = sum(row["lines"] for row in rows) / totals.lines
    yield PlausibilityNote(
        "id_dominant",
        "blocking",
        f"{subject} {share:.0%} of all order lines",
        PERSON,
        "If it stands for unknown customers, name it in anonymous of [orders]",
        len(rows),
        repr(rows[0]["customer_id"]),
    )


def _repeat_notes(totals: _Totals, span_days: int) -> Iterator[PlausibilityNote]:
    is_long = totals.buyers >= MANY_CUSTOMERS and span_days >= LONG_SPAN_DAYS
    if totals.repeated > (MAX_REPEAT_SHARE * totals.buyers if is_long else 0):
        return
    returned = "None" if not totals.repeated else f"{totals.repeated:,}"
    yield PlausibilityNote(
        "customer_per_order",
        "blocking" if span_days >= MIN_SPAN_DAYS else "warning",
        f"{returned} of {totals.buyers:,} customers ordered on a second day within {span_days:,} days",
        PERSON,
        "customer_id probably names an order, a session or an address: name the column of the person",
        totals.buyers - totals.repeated,
    )


def _scientific_notes(customers: ir.Table, totals: _Totals) -> Iterator[PlausibilityNote]:
    rounded = customers.filter(customers.customer_id.re_search(SCIENTIFIC))
    found = rounded.aggregate(ids=rounded.count(), lines=rounded.lines.sum(), example=rounded.customer_id.min())
    row = found.to_pyarrow().to_pylist()[0]
    if not row["ids"]:
        return
    yield PlausibilityNote(
        "ids_scientific",
        "blocking" if row["lines"] > MAX_SCIENTIFIC_SHARE * totals.lines else "warning",
        f"{count_of(row['ids'], 'customer id')} in scientific notation, with {count_of(row['lines'], 'order line')}",
        "ids with all their digits",
        "A spreadsheet has rounded them: export the ids again as text",
        row["ids"],
        repr(row["example"]),
    )
