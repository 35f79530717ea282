"""Rule measures: the counts, amounts and ages that churn rules and segments test, at a cutoff (pure Ibis)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ibis
import ibis.expr.types as ir

from features.config.conditions import AMOUNT_MEASURES, Measure
from features.history import Cutoff, History
from features.orders import placed_orders

# A customer without such rows has a known value of these: 0.
_ZERO_WHEN_ABSENT = {"orders", "spend", "contacts"}
# The measures by the table from which they are computed.
_MEASURES_BY_TABLE = {
    "orders": ("orders", "average_basket", "days_since_order", "days_since_first_order"),
    "lines": ("spend",),
    "contacts": ("contacts", "days_since_contact"),
    "known": ("days_known",),
}


def rule_measures(history: History, cutoff: Cutoff, kinds: Sequence[str], measures: Iterable[Measure]) -> ir.Table:
    """One row per customer known at the cutoff: customer_id, then each measure in a column of its name, as float64.

    A window of W days is the W local days before the cutoff. Days since something are whole local days; 0 means
    yesterday. Spend is net of returns. The average basket is the amount of the orders placed in the window, divided by
    their number. The lines of one order on one day are one contact, a return included; an event of these kinds is one
    contact too. A measure is null where it is undefined: days since an order for a customer without one, and amounts
    where none are logged.
    """
    known = history.before(cutoff)
    rows = {
        "orders": _orders(known),
        "lines": known.lines,
        "contacts": _contacts(known, kinds),
        "known": _activity_days(known),
    }
    requested = sorted(set(measures), key=lambda measure: measure.column)
    table = rows["known"].select("customer_id").distinct()
    for name, names in _MEASURES_BY_TABLE.items():
        measured = [
            measure
            for measure in requested
            if measure.name in names and (known.has_amounts or measure.name not in AMOUNT_MEASURES)
        ]
        if measured:
            aged = rows[name].mutate(age=cutoff.day_number - rows[name].day_number)
            values = {measure.column: _measure_value(aged, measure) for measure in measured}
            aggregates = aged.group_by("customer_id").aggregate(**values)
            table = table.left_join(aggregates, "customer_id").drop("customer_id_right")
    return table.select("customer_id", **{measure.column: _measure_column(table, measure) for measure in requested})


def _measure_value(rows: ir.Table, measure: Measure) -> ir.Value:
    within = rows.age.notnull() if measure.within_days is None else rows.age <= measure.within_days
    match measure.name:
        case "orders" | "contacts":
            return within.sum()
        case "spend":
            return rows.amount.sum(where=within)
        case "average_basket":
            return rows.amount.sum(where=within).cast("float64") / within.sum().nullif(0)
        case "days_since_order" | "days_since_contact":
            return rows.age.min() - 1
        case _:
            return rows.age.max() - 1


def _measure_column(table: ir.Table, measure: Measure) -> ir.Value:
    if measure.column not in table.columns:
        return ibis.null("float64")
    value = table[measure.column].cast("float64")
    return value.fill_null(0.0) if measure.name in _ZERO_WHEN_ABSENT else value


def _orders(history: History) -> ir.Table:
    return placed_orders(history).rename(day_number="day")


def _contacts(history: History, kinds: Sequence[str]) -> ir.Table:
    baskets = history.lines.select("customer_id", "order_id", "day_number").distinct()
    contacts = baskets.select("customer_id", "day_number")
    if history.events is None:
        return contacts
    events = history.events.filter(history.events.kind.isin(kinds))
    return contacts.union(events.select("customer_id", "day_number"))


def _activity_days(history: History) -> ir.Table:
    """The days of every line and every event, of any kind: a customer with one of them is known."""
    lines = history.lines.select("customer_id", "day_number")
    return lines if history.events is None else lines.union(history.events.select("customer_id", "day_number"))
