"""Category days: the days on which a customer ordered in a category, and when each became known (pure Ibis)."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from features.history import Cutoff, History, cutoff_table, first_cutoff_after
from features.orders import ORDER_KEYS, amount_sums, filter_placed

_HEX_DIGITS = "0123456789abcdef"
_CODE_DIGITS = 12  # 48 bits: a packed row holds numbers, exactly up to 2**53


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

    A day is valid if it has a placed order whose lines in the category would be one by themselves; a later return can
    end this. A day may occur repeatedly.
    """
    parts = _parts(history, cutoffs)
    orders = parts.group_by(ORDER_KEYS).aggregate(
        began=parts.since.min(), ended=parts.since.max(), day_number=parts.day_number.min(), **amount_sums(parts)
    )
    stable = _stable_order_days(parts, filter_placed(orders.filter(orders.began == orders.ended)), len(cutoffs))
    changing = _changing_order_days(parts.semi_join(orders.filter(orders.began != orders.ended), ORDER_KEYS), cutoffs)
    days, codes = stable.union(changing), category_codes(history)
    return days.join(codes, "category").select("customer_id", "code", "day_number", "since", "until")


def _parts(history: History, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """Amounts per order, category (or null) and ``since``, the position of the first cutoff after the line is known."""
    lines = history.lines.mutate(since=first_cutoff_after(history.lines.known_at, cutoffs).cast("int32"))
    lines = lines.filter(lines.since < len(cutoffs))
    keys = [*ORDER_KEYS, "category", "since"]
    return lines.group_by(keys).aggregate(day_number=lines.day_number.min(), **amount_sums(lines))


def _stable_order_days(parts: ir.Table, orders: ir.Table, end: int) -> ir.Table:
    """The days of orders whose lines all became known at the same cutoff."""
    lines = filter_placed(parts.filter(parts.category.notnull())).drop("day_number")
    days = lines.join(orders.select(*ORDER_KEYS, "day_number"), ORDER_KEYS)
    return days.select("customer_id", "category", "day_number", "since", until=ibis.literal(end, "int32"))


def _changing_order_days(parts: ir.Table, cutoffs: Sequence[Cutoff]) -> ir.Table:
    """The days of orders whose lines became known at different cutoffs: one row for each cutoff."""
    when = cutoff_table(cutoffs)
    known_parts = parts.join(when, parts.since <= when.position)
    keys = ["position", *ORDER_KEYS]
    orders = known_parts.group_by(keys).aggregate(day_number=known_parts.day_number.min(), **amount_sums(known_parts))
    orders = filter_placed(orders)
    categorized = known_parts.filter(known_parts.category.notnull())
    lines = categorized.group_by(*keys, "category").aggregate(lines=categorized.count(), **amount_sums(categorized))
    lines = filter_placed(lines)
    days = lines.join(orders.select(*keys, "day_number"), keys)
    until = (days.position + 1).cast("int32")
    return days.select("customer_id", "category", "day_number", since=days.position, until=until)
