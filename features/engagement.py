"""What customers do besides ordering, counted the same way for every dimension (pure Ibis)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ibis.expr.types as ir

from features.history import Cutoff, History, instants
from features.views import Column, Kind, View

WINDOWS = (28, 91)


def engagement_view(dimension: str, kinds: Sequence[str]) -> View:
    """The stored columns of one dimension, in events per customer."""
    return View(
        dimension,
        (
            Column(f"{dimension}_events", Kind.FLOAT, f"{dimension} events so far"),
            Column(f"{dimension}_last_at", Kind.INTEGER, f"last {dimension} event, microseconds since 1970 UTC"),
            *(Column(f"{dimension}_{days}d", Kind.FLOAT, f"{dimension} events in {days} days") for days in WINDOWS),
            Column(f"{dimension}_active_91d", Kind.FLOAT, f"days with a {dimension} event, of the last 91"),
            *(Column(_slug(kind), Kind.FLOAT, f"events of kind {kind} in 91 days") for kind in kinds),
        ),
    )


def engagement(history: History, cutoffs: Sequence[Cutoff], dimension: str, kinds: Sequence[str]) -> ir.Table:
    """One row per customer with such an event before the cutoff, and cutoff."""
    assert history.events is not None
    events = history.events.filter(history.events.kind.isin(kinds))
    when = instants(cutoffs)
    known = events.join(when, events.happened_at < when.cutoff)
    age = known.cutoff_day - known.day_number
    counts = {f"{dimension}_{days}d": (age <= days).sum().cast("float64") for days in WINDOWS}
    by_kind = {_slug(kind): ((age <= 91) & (known.kind == kind)).sum().cast("float64") for kind in kinds}
    table = known.group_by("customer_id", "cutoff").aggregate(
        **{f"{dimension}_events": known.count().cast("float64"), f"{dimension}_last_at": known.at_us.max()},
        **counts,
        **{f"{dimension}_active_91d": known.day_number.nunique(where=age <= 91).cast("float64")},
        **by_kind,
    )
    names = [column.name for column in engagement_view(dimension, kinds).columns]
    return table.select("customer_id", table.cutoff.name("event_timestamp"), *names)


def _slug(kind: str) -> str:
    return re.sub(r"\W+", "_", kind.lower()).strip("_") + "_91d"
