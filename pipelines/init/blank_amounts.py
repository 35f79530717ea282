"""Blank amounts: whether orders lack an amount on all their lines, so that flywheel.toml has to say what that means."""

from __future__ import annotations

from features.storage.sql_quoting import quote_identifier, quote_literal
from features.wording import count_of
from pipelines.init.choice import Choice
from pipelines.init.orders_draft import OrdersDraft
from pipelines.init.raw_export import text_sql


def blank_amount_choice(draft: OrdersDraft) -> list[Choice]:
    """The choice for blank_amount, or none where every order has an amount; only lines that count are looked at."""
    if draft.amount is None:
        return []
    first = draft.number_columns[0]
    types = draft.table.export.column_types
    blank = f"{text_sql(first, types)} = ''"
    excluded = " OR ".join(
        f"{text_sql(column, types)} IN ({_literals(values)})" for column, values in _excluded_values(draft).items()
    )
    # What belongs to a whole order may stand on its first line only, the status as well as the amount.
    order = f"PARTITION BY {quote_identifier(str(draft.order_id.value))}" if draft.order_id else ""
    together = f"OVER ({order})" if order else ""
    marks = f"{blank} AS is_blank, {excluded or 'false'} AS is_excluded, * FROM {draft.table.export.view}"
    whole = f"bool_and(is_blank) {together}, bool_or(is_excluded) {together}" if order else "is_blank, is_excluded"
    sql = f"SELECT count(*) FROM (SELECT {whole} FROM (SELECT {marks})) AS lines(is_blank, is_excluded)"
    sql += " WHERE is_blank AND NOT is_excluded"
    lines = draft.table.connection.execute(sql).fetchall()[0][0]
    if not lines:
        return []
    question = _question(lines)
    return [Choice("blank_amount", "skip", "", (question,))]


def _question(lines: int) -> str:
    verb, left, orders = ("has", "is", "is it an order") if lines == 1 else ("have", "are", "are they orders")
    return f'{count_of(lines, "line")} {verb} no amount and {left} left out: {orders} of amount 0? Then write "zero".'


def _excluded_values(draft: OrdersDraft) -> dict[str, list[str]]:
    return {
        column: values
        for choice in draft.filters
        if choice.key == "exclude" and isinstance(choice.value, dict)
        for column, values in choice.value.items()
    }


def _literals(values: list[str]) -> str:
    return ", ".join(map(quote_literal, values))
