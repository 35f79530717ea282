"""Category days: the days on which a customer ordered in a category, and when each became known (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.history import Cutoff, History, cutoff_table, first_cutoff_after

_HEX_DIGITS = "0123456789abcdef"
_CODE_DIGITS = 12  # 48 bits: a packed row holds numbers, exactly up to 2**53
_ORDER_KEYS = ["customer_id", "order_id"]


def category_codes(history: History) -> ir.Table:
    """Category and its code: a hash of the name, so that a code never depends on the rest of the log."""
    lines = history.lines
    table = lines.filter(lines.category.notnull()).select("category").distinct()
    digest = table.category.hexdigest("sha256")
    digits = [
        ibis.literal(_HEX_DIGITS).find(digest[index]).cast("int64") * 16 ** (_CODE_DIGITS - 1 - index)
        for index in range(_CODE_DIGITS)
    ]
    code = digits[0]
    for digit in digits[1:]:
        code = code + digit
    return table.mutate(code=code)


def category_order_days(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """customer_id, code, day_number, since, until: a day is valid at the cutoffs with ``since <= position < until``.

    A day is valid if it has an order whose total amount, and amount in the category, are above 0; a later return can
    end this. A day may occur repeatedly.
    """
    parts = _parts(history, cutoffs)
    amount = {"amount": parts.amount.sum()} if history.has_amounts else {}
    orders = parts.group_by(_ORDER_KEYS).aggregate(
        began=parts.since.min(), ended=parts.since.max(), day_number=parts.day_number.min(), **amount
    )
    stable = _stable_order_days(parts, _filter_positive(orders.filter(orders.began == orders.ended)), len(cutoffs))
    changing = _changing_order_days(parts.semi_join(orders.filter(orders.began != orders.ended), _ORDER_KEYS), cutoffs)
    days, codes = stable.union(changing), category_codes(history)
    return days.join(codes, "category").select("customer_id", "code", "day_number", "since", "until")


def _parts(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """Amounts per order, category (or null) and ``since``, the position of the first cutoff after the line is known."""
    lines = history.lines.mutate(since=first_cutoff_after(history.lines.known_at, cutoffs).cast("int32"))
    lines = lines.filter(lines.since < len(cutoffs))
    amount = {"amount": lines.amount.sum()} if history.has_amounts else {}
    return lines.group_by(*_ORDER_KEYS, "category", "since").aggregate(day_number=lines.day_number.min(), **amount)


def _stable_order_days(parts: ir.Table, orders: ir.Table, end: int) -> ir.Table:
    """The days of orders whose lines all became known at the same cutoff."""
    lines = _filter_positive(parts.filter(parts.category.notnull())).drop("day_number")
    days = lines.join(orders.select(*_ORDER_KEYS, "day_number"), _ORDER_KEYS)
    return days.select("customer_id", "category", "day_number", "since", until=ibis.literal(end, "int32"))


def _changing_order_days(parts: ir.Table, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """The days of orders whose lines became known at different cutoffs: one row for each cutoff."""
    when = cutoff_table(cutoffs)
    known_parts = parts.join(when, parts.since <= when.position)
    amount = {"amount": known_parts.amount.sum()} if "amount" in parts.columns else {}
    keys = ["position", *_ORDER_KEYS]
    orders = _filter_positive(known_parts.group_by(keys).aggregate(day_number=known_parts.day_number.min(), **amount))
    categorized = known_parts.filter(known_parts.category.notnull())
    amount = {"amount": categorized.amount.sum()} if "amount" in parts.columns else {}
    lines = _filter_positive(categorized.group_by(*keys, "category").aggregate(lines=categorized.count(), **amount))
    days = lines.join(orders.select(*keys, "day_number"), keys)
    until = (days.position + 1).cast("int32")
    return days.select("customer_id", "category", "day_number", since=days.position, until=until)


def _filter_positive(table: ir.Table) -> ir.Table:
    """The rows with a positive amount; all rows where no amounts are logged."""
    return table.filter(table.amount > 0) if "amount" in table.columns else table
