"""Category features: the categories that a customer orders, how often and since when, per cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.history import Cutoff, History, cutoff_table
from features.transformations.category_days import category_order_days
from features.views import Column, Kind, View

MAX_CATEGORIES = 8  # categories per customer: those ordered on the most days, the newest first among ties

CATEGORIES = View(
    "categories",
    (
        Column("category_codes", Kind.INTEGERS, f"the {MAX_CATEGORIES} categories ordered on the most days, by code"),
        Column("category_days", Kind.INTEGERS, "local days with an order in each of them"),
        Column("category_first_day", Kind.INTEGERS, "first of these days, as days since 1970"),
        Column("category_last_day", Kind.INTEGERS, "last of these days, as days since 1970"),
    ),
)
_PAIR_KEYS = ["customer_id", "code"]


def categories(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """One row per customer and cutoff with an order in any category before the cutoff."""
    cutoffs = sorted(cutoffs, key=lambda cutoff: cutoff.timestamp)
    days, when = category_order_days(history, cutoffs), cutoff_table(cutoffs)
    changing = days.filter(days.until < len(cutoffs)).select(_PAIR_KEYS).distinct()
    counts = _count_cumulatively(days.anti_join(changing, _PAIR_KEYS), when).union(
        _count_at_each_cutoff(days.semi_join(changing, _PAIR_KEYS), when)
    )
    order = [counts.days.desc(), counts.last_day.desc(), counts.code]
    window = ibis.window(group_by=["position", "customer_id"], order_by=order)
    counts = counts.mutate(rank=ibis.row_number().over(window)).filter(lambda ranked: ranked["rank"] < MAX_CATEGORIES)
    values = {"codes": counts.code, "days": counts.days, "first_day": counts.first_day, "last_day": counts.last_day}
    lists = {f"category_{name}": value.cast("int64").collect(order_by=counts["rank"]) for name, value in values.items()}
    table = counts.group_by("position", "customer_id").aggregate(**lists).join(when, "position")
    return table.select("customer_id", table.cutoff.name("event_timestamp"), *lists)


def _count_cumulatively(days: ir.Table, cutoffs: ir.Table) -> ir.Table:
    """Counts of the pairs (customer, category) that never lose a day: running sums over the cutoffs."""
    distinct_days = days.group_by(*_PAIR_KEYS, "day_number").aggregate(since=days.since.min())
    added = distinct_days.group_by(*_PAIR_KEYS, "since").aggregate(
        days=distinct_days.count(),
        first_day=distinct_days.day_number.min(),
        last_day=distinct_days.day_number.max(),
    )
    so_far = ibis.cumulative_window(group_by=_PAIR_KEYS, order_by="since")
    following = ibis.window(group_by=_PAIR_KEYS, order_by="since")
    running = added.mutate(
        # DuckDB sums integers to 128 bits, which parquet has no type for.
        days=added.days.sum().over(so_far).cast("float64"),
        first_day=added.first_day.min().over(so_far),
        last_day=added.last_day.max().over(so_far),
        until=added.since.lead().over(following),
    )
    known = [running.since <= cutoffs.position, running.until.isnull() | (cutoffs.position < running.until)]
    return _select_pairs(running.join(cutoffs, known))


def _count_at_each_cutoff(days: ir.Table, cutoffs: ir.Table) -> ir.Table:
    """Counts of the pairs (customer, category) that can lose a day by a return, computed anew at every cutoff."""
    known = days.join(cutoffs, [days.since <= cutoffs.position, cutoffs.position < days.until])
    return _select_pairs(
        known.group_by("position", *_PAIR_KEYS).aggregate(
            days=known.day_number.nunique(), first_day=known.day_number.min(), last_day=known.day_number.max()
        )
    )


def _select_pairs(table: ir.Table) -> ir.Table:
    numbers = {name: table[name].cast("int64") for name in ("days", "first_day", "last_day")}
    return table.select("position", *_PAIR_KEYS, **numbers)
