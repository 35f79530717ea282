"""Amount choice: the column with the amount of a line, or the quantity times the unit price."""

from __future__ import annotations

from pipelines.init.candidates import Candidate, ExportTable, best_candidate, close_candidates
from pipelines.init.choice import Choice
from pipelines.init.layout import Layout
from pipelines.init.value_profile import ValueProfile
from features.storage.sql_quoting import quote_identifier

MIN_FILL = 0.2
MIN_ORDERS = 20  # orders of several lines that show whether an amount stands on each line again
_PLAIN_NAME = r"[^\W\d]\w*"


def choose_amount(table: ExportTable, layout: Layout | None, order_id: str | None, quantity: str | None) -> Choice | None:
    """The choice for the amount, or None where no column has amounts."""
    source = layout.source("amount", table.export.columns) if layout else None
    if source is not None:
        return Choice("amount", source, "as in this layout")
    candidates = [each for each in table.candidates("amount", _is_amount) if each.column in table.detail_columns]
    prices = table.candidates("unit_price", _is_amount)
    product = _product(quantity, best_candidate(prices, [quantity or ""]))
    chosen = best_candidate(candidates, [quantity or ""])
    if chosen is None or (product and _is_weaker(candidates, prices)):
        return product or (Choice("amount", chosen, _range(table, chosen)) if chosen else None)
    if order_id and _repeats_on_lines(table, chosen, order_id):
        return product or _repeated_choice(table, chosen, order_id)
    questions = tuple(
        f'is "{other}" the amount? {_range(table, other)}' for other in close_candidates(candidates, chosen)
    )
    return Choice("amount", chosen, _range(table, chosen), questions)


def quote_column(column: str) -> str:
    """A column inside an expression: in quotes, unless it is one plain word."""
    import re

    return column if re.fullmatch(_PLAIN_NAME, column) else f'"{column}"'


def _is_amount(profile: ValueProfile) -> bool:
    return profile.fill >= MIN_FILL and profile.is_number


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
    sql = (
        f"SELECT count(*), count(*) FILTER (WHERE amounts = 1) FROM (SELECT count(DISTINCT {value}) AS amounts "
        f"FROM {table.export.view} WHERE {value} IS NOT NULL AND CAST({value} AS VARCHAR) <> '' "
        f"GROUP BY {order} HAVING count(*) > 1)"
    )
    several, same = table.connection.execute(sql).fetchall()[0]
    return several >= MIN_ORDERS and same >= 0.95 * several


def _repeated_choice(table: ExportTable, amount: str, order_id: str) -> Choice:
    question = (
        f'"{amount}" is the same on all lines of an order, so it may be the total of the whole order and count several '
        f'times. Which column has the amount of a line? Or give one line per "{order_id}".'
    )
    return Choice("amount", amount, _range(table, amount), (question,))


def _range(table: ExportTable, column: str) -> str:
    profile = table.profiles[column]
    return f"'{column}': numbers such as {', '.join(profile.values[:3])}"
