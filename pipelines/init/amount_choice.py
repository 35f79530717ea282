"""Amount choice: the column with the amount of a line, or the quantity times the unit price."""

from __future__ import annotations

import re
from collections.abc import Collection

from features.storage.sql_quoting import quote_identifier
from pipelines.init.candidates import Candidate, ExportTable, best_candidate, close_candidates
from pipelines.init.choice import Choice
from pipelines.init.column_names import is_other_thing, normalize_name
from pipelines.init.layout import Layout
from pipelines.init.value_profile import ValueProfile

MIN_FILL = 0.2
MAX_ASKED = 3  # columns in a question
MIN_ORDERS = 20  # orders of several lines that show whether an amount stands on each line again
_PLAIN_NAME = r"[^\W\d]\w*"


def choose_amount(
    table: ExportTable, layout: Layout | None, order_id: str | None, quantity: str | None
) -> Choice | None:
    """The choice for the amount, or None where no column has amounts."""
    source = layout.source("amount", table.export.columns) if layout else None
    if source is not None:
        return Choice("amount", source, "as in this layout")
    candidates = [each for each in table.candidates("amount", _is_amount) if each.column in table.detail_columns]
    candidates = _without_counts(table, candidates)
    prices = table.candidates("unit_price", _is_amount)
    product = _product(quantity, best_candidate(prices, [quantity or ""]))
    chosen = best_candidate(candidates, [quantity or ""])
    if chosen is None or (product and _is_weaker(candidates, prices)):
        return product or (Choice("amount", chosen, _range(table, chosen)) if chosen else None)
    if order_id and not _is_of_line(chosen) and _repeats_on_lines(table, chosen, order_id):
        return product or _repeated_choice(table, chosen, order_id)
    chosen_choice = _less_refunds(table, chosen)
    if chosen_choice is not None:
        return chosen_choice
    questions = tuple(
        f'is "{other}" the amount? {_range(table, other)}' for other in close_candidates(candidates, chosen)
    )
    return Choice("amount", chosen, _range(table, chosen), questions)


def amount_questions(table: ExportTable, used: Collection[str]) -> list[str]:
    """A question that lists the unused columns that may have the amounts, for a draft without any."""
    columns = [
        profile.column
        for profile in table.profiles.values()
        if profile.column not in used
        and _is_amount(profile)
        and profile.is_fractional
        and not is_other_thing(profile.column, "amount")
    ][:MAX_ASKED]
    names = " or ".join(f'"{column}"' for column in columns)
    question = f"no amount was recognized: is it {names}? Name it as amount; without one no spending is predicted."
    return [question] if columns else []


def _less_refunds(table: ExportTable, amount: str) -> Choice | None:
    """The amount less what was paid back, where another column has positive amounts of refunds."""
    refund = best_candidate(table.candidates("refund", _has_refunds), [amount])
    if refund is None or refund not in table.detail_columns:
        return None
    source = f"{quote_column(amount)} - {quote_column(refund)}"
    return Choice("amount", source, f"{_range(table, amount)}; what '{refund}' was paid back is taken off")


def _has_refunds(profile: ValueProfile) -> bool:
    """Whether the values are amounts of which some are above 0, and none below."""
    return (
        profile.is_number
        and any(re.search("[1-9]", value) for value in profile.values)
        and not any(value.lstrip().startswith(("-", "(")) for value in profile.values)
    )


def _is_of_line(column: str) -> bool:
    """Whether the name says that an amount is that of a line."""
    return bool({"price", "line", "item", "lineitem", "unit"} & set(normalize_name(column).split()))


def quote_column(column: str) -> str:
    """A column inside an expression: in quotes, unless it is one plain word."""
    return column if re.fullmatch(_PLAIN_NAME, column) else f'"{column}"'


def _is_amount(profile: ValueProfile) -> bool:
    return profile.fill >= MIN_FILL and profile.is_number


def _without_counts(table: ExportTable, candidates: list[Candidate]) -> list[Candidate]:
    """The candidates without those that count pieces, such as 1, 2, 3, where another one has sums of money."""
    sums = [each for each in candidates if not _counts_pieces(table.profiles[each.column])]
    return sums or candidates


def _counts_pieces(profile: ValueProfile) -> bool:
    small = sum(count for value, count in profile.counts.items() if re.fullmatch(r"[0-9](\.0*)?", value))
    return not profile.is_fractional and small > 0.8 * sum(profile.counts.values())


def _is_weaker(candidates: list[Candidate], prices: list[Candidate]) -> bool:
    """Whether the best amount is a price by its name, so that the quantity has to be multiplied in."""
    return candidates[0].column in {price.column for price in prices} and candidates[0].score < 0.9


def _product(quantity: str | None, price: str | None) -> Choice | None:
    if quantity is None or price is None:
        return None
    return Choice("amount", f"{quote_column(quantity)} * {quote_column(price)}", "the quantity times the unit price")


def _repeats_on_lines(table: ExportTable, amount: str, order_id: str) -> bool:
    """Whether orders of several lines have one amount on all their lines, which is then that of the whole order."""
    order, value = quote_identifier(order_id), quote_identifier(amount)
    # A line that stands in two files is one line.
    columns = ", ".join(map(quote_identifier, table.export.columns))
    lines = f"count(DISTINCT hash({columns}))" if len(table.export.files) > 1 else "count(*)"
    sql = (
        f"SELECT count(*), count(*) FILTER (WHERE amounts = 1) FROM (SELECT count(DISTINCT {value}) AS amounts "
        f"FROM {table.export.view} WHERE {value} IS NOT NULL AND CAST({value} AS VARCHAR) <> '' "
        f"GROUP BY {order} HAVING {lines} > 1)"
    )
    several, same = table.connection.execute(sql).fetchall()[0]
    return int(several) >= MIN_ORDERS and int(same) >= 0.95 * several


def _repeated_choice(table: ExportTable, amount: str, order_id: str) -> Choice:
    question = (
        f'"{amount}" is the same on all lines of an order, so it may be the total of the whole order and count several '
        f'times. Which column has the amount of a line? Or give one line per "{order_id}".'
    )
    return Choice("amount", amount, _range(table, amount), (question,))


def _range(table: ExportTable, column: str) -> str:
    profile = table.profiles[column]
    return f"'{column}': numbers such as {', '.join(profile.values[:3])}"
