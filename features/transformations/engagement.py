"""Engagement features: event counts per customer and cutoff, the same for every dimension (pure Ibis)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from features.errors import NotFound
from features.history import Cutoff, History, cutoff_table
from features.views import Column, Kind, View

WINDOW_DAYS = (28, 91)


def engagement_view(dimension: str, kinds: Sequence[str]) -> View:
    """The view of one dimension: its stored columns, in events per customer."""
    by_kind = [
        Column(name, Kind.FLOAT, f"events of kind {kind} in 91 days")
        for kind, name in _kind_columns(dimension, kinds).items()
    ]
    return View(dimension, (*_columns(dimension), *by_kind))


def engagement(history: History, cutoffs: Sequence[Cutoff], dimension: str, kinds: Sequence[str]) -> ir.Table:
    """One row per customer and cutoff, for customers with such an event before the cutoff.

    Raises:
        NotFound: no events were ingested.
    """
    if history.events is None:
        raise NotFound(f"The history has no events to count as {dimension}: run `flywheel ingest` first.")
    events = history.events.filter(history.events.kind.isin(kinds))
    when = cutoff_table(cutoffs)
    known = events.join(when, events.happened_at < when.cutoff)
    age = known.cutoff_day - known.day_number
    counts = {f"{dimension}_{days}d": (age <= days).sum().cast("float64") for days in WINDOW_DAYS}
    by_kind = {
        name: ((age <= 91) & (known.kind == kind)).sum().cast("float64")
        for kind, name in _kind_columns(dimension, kinds).items()
    }
    table = known.group_by("customer_id", "cutoff").aggregate(
        **{f"{dimension}_events": known.count().cast("float64"), f"{dimension}_last_at": known.at_us.max()},
        **counts,
        **{f"{dimension}_active_91d": known.day_number.nunique(where=age <= 91).cast("float64")},
        **by_kind,
    )
    names = [column.name for column in engagement_view(dimension, kinds).columns]
    return table.select("customer_id", table.cutoff.name("event_timestamp"), *names)


def _columns(dimension: str) -> tuple[Column, ...]:
    return (
        Column(f"{dimension}_events", Kind.FLOAT, f"{dimension} events so far"),
        Column(f"{dimension}_last_at", Kind.INTEGER, f"last {dimension} event, microseconds since 1970 UTC"),
        *(Column(f"{dimension}_{days}d", Kind.FLOAT, f"{dimension} events in {days} days") for days in WINDOW_DAYS),
        Column(f"{dimension}_active_91d", Kind.FLOAT, f"days with a {dimension} event, of the last 91"),
    )


def _kind_columns(dimension: str, kinds: Sequence[str]) -> Mapping[str, str]:
    """A unique column for every kind, whatever its name: "page-view" and "page view", "active", "!"."""
    taken = {column.name for column in _columns(dimension)}
    names: dict[str, str] = {}
    for kind in kinds:
        slug = re.sub(r"\W+", "_", kind.lower()).strip("_")
        candidates = (
            f"{dimension}_{slug}{suffix}_91d" for suffix in ("", *(f"_{number}" for number in range(2, len(kinds) + 3)))
        )
        names[kind] = next(name for name in candidates if name not in taken)
        taken.add(names[kind])
    return names
