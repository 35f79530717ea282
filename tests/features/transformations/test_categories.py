"""Category features: at a cutoff they count the orders before it, none after it, and no returned order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history import Cutoff, History
from features.transformations.categories import CATEGORIES, MAX_CATEGORIES, categories
from features.transformations.category_days import category_codes
from features.transformations.feature_tables import feature_views, write_tables
from tests.features.truth import frame, is_placed
from tests.logs import FEW_EXAMPLES, cutoff, history_of

LINES = ("customer_id", "ordered_at", "amount", "order_id", "recorded_at", "category")
LONDON = "Europe/London"
CategoryDays = list[tuple[str, int, str, str]]  # category, days, first day, last day


BY_ORDER = ("customer_id", "ordered_at", "amount", "order_id", "category")
RECORDED = ("customer_id", "ordered_at", "amount", "recorded_at", "category")


def code(category: str) -> int:
    return int(hashlib.sha256(category.encode()).hexdigest()[:12], 16)


def day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(number)).isoformat()


def category_history(history: History, *days: str, customer_id: str = "ann") -> list[CategoryDays]:
    """A customer's categories at each of the cutoffs, the most ordered category first."""
    names = {code(category): category for category in category_codes(history).category.to_pyarrow().to_pylist()}
    rows = {
        row["event_timestamp"]: row
        for row in categories(history, [cutoff(text) for text in days]).to_pyarrow().to_pylist()
        if row["customer_id"] == customer_id
    }
    rows_by_day = [rows.get(cutoff(text).timestamp) for text in days]
    return [_category_days(row, names) if row else [] for row in rows_by_day]


def _category_days(row: dict[str, list[int]], names: dict[int, str]) -> CategoryDays:
    columns = (row[f"category_{field}"] for field in ("codes", "days", "first_day", "last_day"))
    return [(names[number], count, day(first), day(last)) for number, count, first, last in zip(*columns, strict=True)]


def history_of_lines(
    *lines: Sequence[object], columns: Sequence[str] = ("customer_id", "ordered_at", "amount", "category")
) -> History:
    return history_of(*lines, columns=columns)


def test_days_with_an_order_are_counted_per_category() -> None:
    history = history_of_lines(
        ("ann", "2026-02-01 10:00", 5, "tea"), ("ann", "2026-02-01 18:00", 5, "tea"), ("ann", "2026-02-11", 5, "tea"),
        ("ann", "2026-02-11", 5, "fish"), ("bob", "2026-02-12", 5, "fish"),
    )  # fmt: skip
    assert category_history(history, "2026-03-01") == [
        [("tea", 2, "2026-02-01", "2026-02-11"), ("fish", 1, "2026-02-11", "2026-02-11")]
    ]


def test_an_order_at_the_cutoff_is_not_yet_known() -> None:
    history = history_of_lines(("ann", "2026-02-28 23:59:59.999999", 5, "tea"), ("ann", "2026-03-01 00:00", 5, "tea"))
    assert [
        len(rows) and rows[0][1] for rows in category_history(history, "2026-02-28", "2026-03-01", "2026-03-02")
    ] == [
        0,
        1,
        2,
    ]


def test_a_line_recorded_after_the_cutoff_is_not_seen() -> None:
    history = history_of_lines(("ann", "2026-02-10", 5, "2026-03-05", "tea"), columns=RECORDED)
    assert category_history(history, "2026-03-01", "2026-03-06") == [[], [("tea", 1, "2026-02-10", "2026-02-10")]]


def test_an_older_order_that_is_recorded_late_is_counted_and_is_not_the_last() -> None:
    lines = [("ann", "2026-02-20", 5, None, "tea"), ("ann", "2026-02-01", 5, "2026-03-05", "tea")]
    days = category_history(history_of_lines(*lines, columns=RECORDED), "2026-03-01", "2026-03-06")
    assert days == [[("tea", 1, "2026-02-20", "2026-02-20")], [("tea", 2, "2026-02-01", "2026-02-20")]]


def test_a_day_of_two_orders_is_one_day_also_when_one_of_them_is_sent_back() -> None:
    history = history_of_lines(
        ("ann", "2026-02-01 10:00", 9, "A1", "tea"),
        ("ann", "2026-02-01 11:00", 9, "A2", "tea"),
        ("ann", "2026-02-20", -9, "A2", "tea"),
        columns=BY_ORDER,
    )
    once = [("tea", 1, "2026-02-01", "2026-02-01")]
    assert category_history(history, "2026-02-10", "2026-03-01") == [once, once]


def test_what_is_sent_back_is_not_ordered_and_takes_nothing_else_with_it() -> None:
    history = history_of_lines(
        ("ann", "2026-02-01", 9, "A1", "tea"),
        ("ann", "2026-02-01", -4, "A1", "fish"),
        ("ann", "2026-02-03", -3, "C1", "wine"),
        columns=BY_ORDER,
    )
    assert category_history(history, "2026-03-01") == [[("tea", 1, "2026-02-01", "2026-02-01")]]


def test_an_order_sent_back_later_counts_until_then() -> None:
    history = history_of_lines(
        ("ann", "2026-01-05", 9, "A0", "tea"),
        ("ann", "2026-02-01", 9, "A1", "tea"),
        ("ann", "2026-02-20", -9, "A1", "tea"),
        columns=BY_ORDER,
    )
    once, twice = [("tea", 1, "2026-01-05", "2026-01-05")], [("tea", 2, "2026-01-05", "2026-02-01")]
    assert category_history(history, "2026-02-01", "2026-02-10", "2026-03-01") == [once, twice, once]


def test_a_line_without_a_category_makes_no_category() -> None:
    history = history_of_lines(("ann", "2026-02-01", 5, None), ("bob", "2026-02-01", 5, "tea"))
    assert category_history(history, "2026-03-01") == [[]]


def test_of_many_categories_those_of_the_most_days_are_kept_and_of_equals_the_newest() -> None:
    twice = [("ann", f"2026-01-{number:02d}", 5, "tea") for number in (1, 2)]
    others = [("ann", f"2026-02-{number:02d}", 5, f"c{number}") for number in range(1, MAX_CATEGORIES + 2)]
    (rows,) = category_history(history_of_lines(*twice, *others), "2026-03-01")
    assert [category for category, *_ in rows] == [
        "tea",
        *(f"c{number}" for number in range(MAX_CATEGORIES + 1, 2, -1)),
    ]


def test_a_category_has_the_same_code_whatever_else_is_logged() -> None:
    for others in ((), ("wine", "茶", "bread")):
        history = history_of_lines(*(("ann", "2026-02-01", 5, category) for category in ("tea", *others)))
        codes = {row["category"]: row["code"] for row in category_codes(history).to_pyarrow().to_pylist()}
        assert codes == {category: code(category) for category in ("tea", *others)}
    assert max(codes.values()) < 2**53


def test_a_shop_without_categories_has_no_such_view(tmp_path: Path) -> None:
    without, with_them = history_of(("ann", "2026-02-01", 5)), history_of_lines(("ann", "2026-02-01", 5, "tea"))
    assert CATEGORIES not in feature_views(without, None)
    assert feature_views(with_them, None)[1] == CATEGORIES
    write_tables(with_them, None, [cutoff("2026-03-01")], tmp_path)
    assert pq.read_table(tmp_path / "categories.parquet").num_rows == 1


CUTOFFS = [cutoff(text, LONDON) for text in ("2026-01-10", "2026-02-01", "2026-02-15", "2026-03-01")]
STAMPS = st.builds(
    lambda number, hour: f"{date(2026, 1, 1) + timedelta(number)} {hour:02d}:30", st.integers(0, 70), st.integers(0, 23)
)


@st.composite
def logs(draw: st.DrawFn) -> list[tuple[object, ...]]:
    """Orders of a few customers, often returned or recorded late."""
    lines: list[tuple[object, ...]] = []
    for _ in range(draw(st.integers(1, 40))):
        ordered_at = draw(STAMPS)
        recorded_at = draw(st.one_of(st.none(), STAMPS))
        customer_id, order = (
            draw(st.sampled_from(["ann", "bob"])),
            draw(st.sampled_from([None, "A1", "A2", "A3", "A4"])),
        )
        category = draw(st.sampled_from([None, *(f"c{number}" for number in range(MAX_CATEGORIES + 2))]))
        lines.append((customer_id, ordered_at, draw(st.sampled_from([-9, -5, 0, 5, 9])), order, recorded_at, category))
    return lines


def expected_category_days(log: pd.DataFrame, customer_id: str, at_cutoff: Cutoff) -> list[tuple[int, int, int, int]]:
    """Code, days, first and last day, computed slowly."""
    lines = log[(log["customer_id"] == customer_id) & (log["known"] < pd.Timestamp(at_cutoff.timestamp))]
    days: dict[str, set[int]] = {}
    for _, order in lines.groupby("order"):
        if not is_placed(order):
            continue
        for category, part in order.groupby("category"):
            if is_placed(part):
                days.setdefault(str(category), set()).add((order["day"].min() - pd.Timestamp("1970-01-01")).days)
    rows = [(code(category), len(numbers), min(numbers), max(numbers)) for category, numbers in days.items()]
    return sorted(rows, key=lambda line: (-line[1], -line[3], line[0]))[:MAX_CATEGORIES]


@pytest.mark.slow
@FEW_EXAMPLES
@given(logs(), st.sampled_from([LINES, (*LINES[:2], *LINES[3:]), (*LINES[:3], LINES[5])]))
def test_at_every_cutoff_the_view_is_what_the_log_until_then_says(
    lines: list[tuple[object, ...]], columns: tuple[str, ...]
) -> None:
    rows = [tuple(line[LINES.index(name)] for name in columns) for line in lines]
    log = frame(columns, rows, LONDON)
    table = categories(history_of(*rows, columns=columns, zone=LONDON), CUTOFFS).to_pyarrow().to_pylist()
    rows_by_key = {(row["event_timestamp"], row["customer_id"]): row for row in table}
    for at_cutoff in CUTOFFS:
        for customer_id in ("ann", "bob"):
            row = rows_by_key.get((at_cutoff.timestamp, customer_id))
            lists = [row[column.name] for column in CATEGORIES.columns] if row else [[]] * 4
            assert [*zip(*lists, strict=True)] == expected_category_days(log, customer_id, at_cutoff)
