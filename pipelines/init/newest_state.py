"""Newest state: whether an export has an order again for every state that it had, with the time of the state."""

from __future__ import annotations

from features.ingestion.rows.state_words import column_meaning
from features.storage.sql_quoting import quote_identifier
from pipelines.init.candidates import ExportTable, best_candidate
from pipelines.init.choice import Choice

MIN_SHARE = 0.9  # of the orders with several times of change that look like several states


def choose_updated_at(table: ExportTable, order_id: str | None, amounts: list[str]) -> list[Choice]:
    """The choice for updated_at, or none where an order has one state: then its items may have been changed apart."""
    column = best_candidate(table.candidates("updated_at", lambda profile: profile.is_date))
    if column is None or order_id is None:
        return []
    time, order = quote_identifier(column), quote_identifier(order_id)
    # The lines of an order with several states repeat its amounts, or differ in their status; its items do neither.
    signs = [f"count(DISTINCT {quote_identifier(amount)}) * states <= lines" for amount in amounts]
    signs += [
        f"count(DISTINCT {quote_identifier(name)}) = states"
        for name in table.export.columns
        if column_meaning(name) == "state"
    ]
    inner = f"SELECT *, count(*) OVER each_order AS lines, {order} AS order_key FROM {table.export.view}"
    inner += f" WINDOW each_order AS (PARTITION BY {order})"
    states = f"SELECT order_key, count(DISTINCT {time}) AS states FROM ({inner}) GROUP BY 1 HAVING states > 1"
    looks = " OR ".join(signs) or "false"
    sql = (
        f"SELECT count(*), count(*) FILTER (WHERE repeated) FROM (SELECT order_key, {looks} AS repeated "
        f"FROM ({inner}) JOIN ({states}) USING (order_key) GROUP BY order_key, states, lines)"
    )
    several, repeated = table.connection.execute(sql).fetchall()[0]
    if not several or repeated < MIN_SHARE * several:
        return []
    return [Choice("updated_at", column, f"{several:,} orders stand there in several states; the newest counts")]
