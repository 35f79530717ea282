"""State notes: lines whose state says that they are no purchase, and that no filter of flywheel.toml mentions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from features.ingestion.canonical_schema import Field
from features.ingestion.rows.column_alternatives import needed_columns
from features.ingestion.rows.column_values import ColumnValues, sample_values
from features.ingestion.rows.filters import ValueCounts
from features.ingestion.rows.row_view import RowView
from features.ingestion.rows.state_words import (
    column_meaning,
    is_gift_card,
    is_no,
    is_not_bought,
    is_sent_back,
    is_yes,
    plain_name,
)
from features.ingestion.value_parsing import value_sql
from features.plausibility_note import PlausibilityNote, Severity
from features.wording import count_of, form_of

MAX_WORDS = 200  # a column with more different values tells no state
_MAX_LISTED = 12
_NEGATIVE = r"'^\s*[-(\x{2212}]|-\s*$'"
_REFUND_NAME_LIST = """
    refundedamount refundamount amountrefunded totalrefunded refundtotal refunded refund refunds
    totalrefund returnamount returnedamount erstattung erstattungsbetrag erstattet montantrembourse
    remboursement importereembolsado reembolso rimborso 退款金额 退款 返金額
"""
_AMOUNT_TEXT = r"'^\D{0,4}(\d{1,3}([., '']\d{3})+|\d+)([.,]\d{1,4})?\D{0,4}$'"  # no date
_REFUND_NAMES = frozenset(_REFUND_NAME_LIST.split())


@dataclass(frozen=True)
class _Finding:
    """Lines that are probably no purchases, as their note describes them."""

    code: str
    severity: Severity
    expected: str
    found: str  # with the place of the column's name


_NOT_BOUGHT = _Finding(
    "status_not_filtered",
    "warning",
    "orders that were bought",
    "lines count as purchases whose {column} says that they are none",
)
_TEST_ORDERS = _Finding(
    "test_orders_not_filtered",
    "warning",
    "orders of customers",
    "lines count as purchases that {column} marks as a test",
)
_GIFT_CARDS = _Finding(
    "gift_cards_not_filtered",
    "info",
    "goods or services, or gift cards whose use is not logged again",
    "gift cards in {column} count as purchases",
)


def state_columns(connection: duckdb.DuckDBPyConnection, view: RowView) -> list[str]:
    """The columns whose values may tell that a line is no purchase; the table of orders alone has such.

    Names of products are many, so that they are counted only where some of the lines have a gift card.
    """
    if view.table.name != "orders":
        return []
    meanings = {column: column_meaning(column) for column in view.columns}
    return [
        column
        for column, meaning in meanings.items()
        if (meaning == "kind" and any(map(is_gift_card, sample_values(connection, view, column))))
        or (meaning is not None and meaning != "kind")
    ]


def state_notes(connection: duckdb.DuckDBPyConnection, view: RowView, values: ColumnValues) -> list[PlausibilityNote]:
    """Notes on states, test orders and gift cards among the lines that count, with the filter to paste.

    Args:
        connection: with the view.
        view: the lines that count.
        values: lines by value of the columns of ``state_columns``.
    """
    notes = []
    for column, counts in values.after.items():
        meaning = column_meaning(column)
        if meaning == "state" and len(counts) <= MAX_WORDS:
            notes += _listed_notes(view, column, _not_bought(connection, view, column, counts), _NOT_BOUGHT)
        elif meaning == "cancelled_at":
            notes += _cancelled_note(view, column, counts)
        elif meaning == "test" and len(counts) <= MAX_WORDS:
            flagged = is_no if plain_name(column) == "livemode" else is_yes
            found = {value: count for value, count in counts.items() if value and flagged(value)}
            notes += _listed_notes(view, column, found, _TEST_ORDERS) if len(found) < len(counts) else []
        elif meaning == "kind":
            cards = {value: count for value, count in counts.items() if is_gift_card(value)}
            notes += _listed_notes(view, column, cards, _GIFT_CARDS)
    return notes


def refund_notes(connection: duckdb.DuckDBPyConnection, view: RowView) -> list[PlausibilityNote]:
    """A note on a column with refunds that the amount does not take off."""
    amount = next((field for field in view.table.present_fields if field.name == "amount"), None)
    if view.table.name != "orders" or amount is None:
        return []
    columns = [column for column in view.columns if plain_name(column) in _REFUND_NAMES]
    notes = []
    for column in columns:
        if re.search(rf"(?<!\w){re.escape(column)}(?!\w)", amount.source):
            continue
        text = view.text_sql(column)
        number, is_amount = f"TRY_CAST({text} AS DOUBLE)", f"regexp_matches(trim({text}), {_AMOUNT_TEXT})"
        count, plain, total = connection.execute(
            f"SELECT count(*), count({number}), sum(abs({number})) FROM {view.name} "
            f"WHERE {is_amount} AND regexp_matches({text}, '[1-9]')"
        ).fetchall()[0]
        in_all = f", {total:,.2f} in all" if count == plain and count else ""
        if count:
            quoted = column if re.fullmatch(r"[^\W\d]\w*", column) else f'"{column}"'
            notes.append(
                PlausibilityNote(
                    code="refunds_not_subtracted",
                    severity="warning",
                    found=f"[orders] {count_of(count, 'line')} {form_of(count, 'has', 'have')} a refund in "
                    f"{column!r}{in_all}, which amount = {amount.source!r} does not take off",
                    expected="net amounts",
                    remedy=f"Write amount = '{amount.source} - {quoted}' where refunds are not lines of their own",
                    count=count,
                    example=column,
                )
            )
    return notes


def _not_bought(
    connection: duckdb.DuckDBPyConnection, view: RowView, column: str, counts: ValueCounts
) -> Mapping[str, int]:
    found = {value: count for value, count in counts.items() if is_not_bought(value)}
    if any(is_sent_back(value) for value in counts):
        bought = _positive_counts(connection, view, column)
        found |= {value: bought[value] for value in counts if is_sent_back(value) and bought.get(value)}
    return found


def _positive_counts(connection: duckdb.DuckDBPyConnection, view: RowView, column: str) -> dict[str, int]:
    """Lines by state whose amount is above 0: a refund as a line of its own has a negative amount, and counts."""
    amount = next((field for field in view.table.present_fields if field.name == "amount"), None)
    condition = "true" if amount is None else _positive_sql(view, amount)
    rows = connection.execute(
        f"SELECT {view.word_sql(column)} AS state, count(*) FROM {view.name} WHERE {condition} GROUP BY 1"
    ).fetchall()
    return dict(rows)


def _positive_sql(view: RowView, amount: Field) -> str:
    """SQL of whether an amount is above 0; before its format is known, the signs of what it is read from tell."""
    texts = [view.text_sql(column) for column in needed_columns(view.table, {amount.name}, list(view.column_types))]
    value = value_sql(view.table, amount, view.column_types)
    negative = " OR ".join(f"regexp_matches({text}, {_NEGATIVE})" for text in texts) or "false"
    missing = " OR ".join(f"{text} IS NULL" for text in texts) or "true"
    return f"CASE WHEN ({value}) IS NULL THEN NOT coalesce(({missing}) OR ({negative}), true) ELSE {value} > 0 END"


def _cancelled_note(view: RowView, column: str, counts: ValueCounts) -> list[PlausibilityNote]:
    """A flag is filtered by its words, a column of dates by being filled."""
    filled = {value: count for value, count in counts.items() if not is_no(value)}
    if not filled or set(filled) == set(counts):
        return []
    if all(is_yes(value) for value in filled):
        return _listed_notes(view, column, filled, _NOT_BOUGHT)
    total = sum(filled.values())
    return [
        PlausibilityNote(
            code="status_not_filtered",
            severity="warning",
            found=f"[orders] {count_of(total, 'line')} with a value in {column!r} "
            f"{form_of(total, 'counts as a purchase', 'count as purchases')}",
            expected="orders that were not cancelled",
            remedy=f'Write include = {{ {_key(column)} = [""] }} in [orders], if cancelled orders are no purchases',
            count=total,
            example=f"{column} = {next(iter(filled))}",
        )
    ]


def _listed_notes(view: RowView, column: str, found: Mapping[str, int], finding: _Finding) -> list[PlausibilityNote]:
    if not found:
        return []
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{value!r} ({count:,})" for value, count in ordered[:_MAX_LISTED])
    already = view.table.section.exclude.get(column, ())
    filters = {**view.table.section.exclude, column: (*already, *(value for value, _ in ordered))}
    written = ", ".join(
        f"{_key(name)} = {json.dumps(list(values), ensure_ascii=False)}" for name, values in filters.items()
    )
    return [
        PlausibilityNote(
            code=finding.code,
            severity=finding.severity,
            found=f"[orders] {finding.found.format(column=repr(column))}: {listed}",
            expected=finding.expected,
            remedy=f"Write exclude = {{ {written} }} in [orders], if these are no purchases",
            count=sum(found.values()),
            example=f"{column} = {ordered[0][0]}",
        )
    ]


def _key(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else json.dumps(column, ensure_ascii=False)
