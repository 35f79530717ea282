"""Transaction features: recency, frequency, spend and order gaps of a customer, per cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.history import Cutoff, History, cutoff_table, first_cutoff_after
from features.orders import amount_sums, filter_placed
from features.views import RECENT_DAYS, STORED_WINDOW_DAYS, Column, Kind, View

_DISTINCT_COUNTS = {"product_id": "products", "category": "categories", "store_id": "stores", "channel": "channels"}

BASE_COLUMNS = (
    Column("orders", Kind.FLOAT, "orders placed, 0 for a customer known from events or returns alone"),
    Column("first_order_at", Kind.INTEGER, "first order, microseconds since 1970 UTC"),
    Column("last_order_at", Kind.INTEGER, "last order, microseconds since 1970 UTC"),
    Column("order_days", Kind.FLOAT, "local days with an order"),
    *(
        Column(f"orders_{days}d", Kind.FLOAT, f"orders in the {days} days before the cutoff")
        for days in STORED_WINDOW_DAYS
    ),
    Column("mean_gap_days", Kind.FLOAT, "mean days between the days with an order"),
    Column("median_gap_days", Kind.FLOAT, "median days between the days with an order"),
    Column("p90_gap_days", Kind.FLOAT, "90th percentile of the days between the days with an order"),
    Column("std_gap_days", Kind.FLOAT, "standard deviation of the days between the days with an order"),
    Column("last_gap_days", Kind.FLOAT, "days between the last two days with an order"),
    Column("lines_per_order", Kind.FLOAT, "order lines per order"),
    Column("recent_days", Kind.INTEGERS, f"days with lines in the last {RECENT_DAYS} days, as days since 1970"),
    Column("recent_orders", Kind.FLOATS, "orders on each of the recent days"),
)
AMOUNT_COLUMNS = (
    Column("spend", Kind.FLOAT, "net amount so far, returns taken off, in the log's currency"),
    *(
        Column(f"spend_{days}d", Kind.FLOAT, f"net amount in the {days} days before the cutoff")
        for days in STORED_WINDOW_DAYS
    ),
    Column("mean_order", Kind.FLOAT, "mean amount of an order"),
    Column("max_order", Kind.FLOAT, "amount of the largest order"),
    Column("returned", Kind.FLOAT, "amount sent back, as a positive number"),
    Column("recent_spend", Kind.FLOATS, "net amount on each of the recent days"),
)
OPTIONAL_COLUMNS = {
    "discount": Column("discount", Kind.FLOAT, "discount received so far"),
    "quantity": Column("quantity", Kind.FLOAT, "units bought, returns taken off"),
    **{
        source: Column(name, Kind.FLOAT, f"different {name} in the order lines")
        for source, name in _DISTINCT_COUNTS.items()
    },
}
_JOIN_KEYS = ["position", "customer_id"]
_DUPLICATE_KEYS = [f"{name}_right" for name in _JOIN_KEYS]
# A customer who never ordered, or never sent anything back, has a known value of these: 0.
_ZERO_WHEN_ABSENT = {
    *("orders", "order_days", "spend", "returned", "quantity", "discount", *_DISTINCT_COUNTS.values()),
    *(f"{name}_{days}d" for name in ("orders", "spend") for days in STORED_WINDOW_DAYS),
}


def transactions_view(history: History) -> View:
    """The view with the columns that this shop's log can fill."""
    money = AMOUNT_COLUMNS if history.has_amounts else ()
    optional = tuple(column for source, column in OPTIONAL_COLUMNS.items() if source in history.lines.columns)
    return View("transactions", BASE_COLUMNS + money + optional)


def transactions(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """One row per known customer and cutoff: customer_id, event_timestamp, then the view's columns.

    A line is known at a cutoff if it was placed and recorded before the cutoff.
    """
    cutoffs = sorted(cutoffs, key=lambda cutoff: cutoff.timestamp)
    parts = _parts(history, cutoffs)
    orders = _orders(parts)
    table = _known_customers(history, parts, cutoffs)
    for piece in (_frequency(orders), _gap_statistics(orders), _line_totals(parts), _recent_days(parts, orders)):
        table = table.left_join(piece, _JOIN_KEYS).drop(*_DUPLICATE_KEYS)
    for source, name in _DISTINCT_COUNTS.items():
        if source in history.lines.columns:
            table = table.left_join(_count_distinct(history, cutoffs, source, name), _JOIN_KEYS).drop(*_DUPLICATE_KEYS)
    names = [column.name for column in transactions_view(history).columns]
    zeros = {name: table[name].fill_null(0.0) for name in names if name in _ZERO_WHEN_ABSENT}
    table = table.mutate(**zeros, lines_per_order=table.lines / table.orders)
    return table.select("customer_id", table.cutoff.name("event_timestamp"), *names)


def _parts(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """Order lines summed per order, day and first cutoff that knows them, repeated at every cutoff from then on."""
    lines = history.lines.mutate(since=first_cutoff_after(history.lines.known_at, cutoffs))
    lines = lines.filter(lines.since < len(cutoffs))
    sums = {name: lines[name].sum() for name in ("quantity", "discount") if name in lines.columns}
    if history.has_amounts:
        sums |= {**amount_sums(lines), "returned": lines.amount.sum(where=lines.amount < 0)}
    parts = lines.group_by("customer_id", "order_id", "day_number", "since").aggregate(
        at_us=lines.at_us.min(), lines=lines.count(), **sums
    )
    when = cutoff_table(cutoffs)
    return parts.join(when, parts.since <= when.position)


def _orders(parts: ir.Table) -> ir.Table:
    orders = parts.group_by("position", "cutoff_day", "customer_id", "order_id").aggregate(
        at_us=parts.at_us.min(), day_number=parts.day_number.min(), **amount_sums(parts)
    )
    return filter_placed(orders)


def _known_customers(history: History, parts: ir.Table, cutoffs: Sequence[Cutoff]) -> ir.Table:
    known = parts.select("position", "cutoff", "customer_id").distinct()
    if history.events is None:
        return known
    events = history.events
    since = events.group_by("customer_id").aggregate(first=events.happened_at.min())
    when = cutoff_table(cutoffs)
    seen = since.join(when, since.first < when.cutoff).select("position", "cutoff", "customer_id")
    return known.union(seen, distinct=True)


def _frequency(orders: ir.Table) -> ir.Table:
    age = orders.cutoff_day - orders.day_number
    windows = {f"orders_{days}d": (age <= days).sum().cast("float64") for days in STORED_WINDOW_DAYS}
    money = {}
    if "amount" in orders.columns:
        money = {
            "mean_order": orders.amount.sum().cast("float64") / orders.count(),
            "max_order": orders.amount.max().cast("float64"),
        }
    return orders.group_by(_JOIN_KEYS).aggregate(
        orders=orders.count().cast("float64"),
        first_order_at=orders.at_us.min(),
        last_order_at=orders.at_us.max(),
        **windows,
        **money,
    )


def _gap_statistics(orders: ir.Table) -> ir.Table:
    days = orders.select("position", "customer_id", "day_number").distinct()
    window = ibis.window(group_by=_JOIN_KEYS, order_by="day_number")
    days = days.mutate(gap=days.day_number - days.day_number.lag().over(window))
    count, total = days.gap.count(), days.gap.sum()
    squares = (days.gap.cast("int64") * days.gap).sum()
    variance = (squares.cast("float64") - total.cast("float64") * total / count) / (count - 1).nullif(0)
    return days.group_by(_JOIN_KEYS).aggregate(
        order_days=days.count().cast("float64"),
        mean_gap_days=total.cast("float64") / count.nullif(0),
        median_gap_days=days.gap.cast("float64").quantile(0.5),
        p90_gap_days=days.gap.cast("float64").quantile(0.9),
        std_gap_days=variance.clip(lower=0.0).sqrt(),
        last_gap_days=days.gap.argmax(days.day_number).cast("float64"),
    )


def _line_totals(parts: ir.Table) -> ir.Table:
    age = parts.cutoff_day - parts.day_number
    sums = {name: parts[name].sum().cast("float64") for name in ("quantity", "discount") if name in parts.columns}
    if "amount" in parts.columns:
        sums["spend"] = parts.amount.sum().cast("float64")
        sums["returned"] = (-parts.returned.sum()).cast("float64")
        for days in STORED_WINDOW_DAYS:
            sums[f"spend_{days}d"] = parts.amount.sum(where=age <= days).cast("float64")
    return parts.group_by(_JOIN_KEYS).aggregate(lines=parts.lines.sum().cast("float64"), **sums)


def _recent_days(parts: ir.Table, orders: ir.Table) -> ir.Table:
    keys = [*_JOIN_KEYS, "day_number"]
    recent_parts = parts.filter(parts.cutoff_day - parts.day_number <= RECENT_DAYS)
    money = {"spend": recent_parts.amount.sum().cast("float64")} if "amount" in parts.columns else {}
    recent_orders = orders.filter(orders.cutoff_day - orders.day_number <= RECENT_DAYS)
    counts = recent_orders.group_by(keys).aggregate(placed=recent_orders.count())
    days = recent_parts.group_by(keys).aggregate(**money) if money else recent_parts.select(keys).distinct()
    days = days.left_join(counts, keys).drop(*_DUPLICATE_KEYS, "day_number_right")
    lists = {
        "recent_days": days.day_number.cast("int64").collect(order_by=days.day_number),
        "recent_orders": days.placed.fill_null(0).cast("float64").collect(order_by=days.day_number),
    }
    if money:
        lists["recent_spend"] = days.spend.collect(order_by=days.day_number)
    return days.group_by(_JOIN_KEYS).aggregate(**lists)


def _count_distinct(history: History, cutoffs: Sequence[Cutoff], source: str, name: str) -> ir.Table:
    lines = history.lines.filter(history.lines[source].notnull())
    since = first_cutoff_after(lines.known_at, cutoffs)
    first = lines.mutate(since=since).group_by("customer_id", source).aggregate(since=lambda known: known.since.min())
    when = cutoff_table(cutoffs)
    seen = first.join(when, first.since <= when.position)
    return seen.group_by(_JOIN_KEYS).aggregate(seen.count().cast("float64").name(name))
