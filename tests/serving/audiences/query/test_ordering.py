"""Ordering: the same request on the same table returns the same members in the same order."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.query.ordering import check_order, select_rows
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import OrderBy
from tests.serving.audiences.tables import columns, five_customers


@pytest.fixture
def shop(tmp_path: Path) -> Columns:
    return columns(tmp_path, five_customers())


def ordered_ids(shop: Columns, column: str, *, descending: bool = False, limit: int | None = None) -> list[str]:
    rows = select_rows(np.ones(len(shop), np.bool_), shop, OrderBy(column=column, descending=descending), limit)
    names: list[str] = shop.ids.take(rows).to_pylist()
    return names


@pytest.mark.parametrize(
    ("column", "descending", "expected"),
    [
        ("churn_probability", False, ["ann", "bob", "阿强", "0007", "cyd"]),
        ("churn_probability", True, ["0007", "bob", "阿强", "ann", "cyd"]),
        ("orders", True, ["ann", "bob", "阿强", "0007", "cyd"]),
        ("value_tier", False, ["ann", "bob", "0007", "cyd", "阿强"]),
        ("value_tier", True, ["0007", "ann", "bob", "cyd", "阿强"]),
        ("preset_segment_loyal", True, ["ann", "0007", "bob", "cyd", "阿强"]),
        ("remind_on", False, ["阿强", "0007", "ann", "bob", "cyd"]),
        ("last_order_at", True, ["ann", "阿强", "bob", "0007", "cyd"]),
        ("customer_id", True, ["阿强", "cyd", "bob", "ann", "0007"]),
    ],
)
def test_unknown_values_come_last_and_equal_ones_by_customer(
    shop: Columns, column: str, descending: bool, expected: list[str]
) -> None:
    assert ordered_ids(shop, column, descending=descending) == expected
    assert [ordered_ids(shop, column, descending=descending, limit=n) for n in range(1, 6)] == [
        expected[:n] for n in range(1, 6)
    ]


def test_without_an_order_members_come_by_customer(shop: Columns) -> None:
    mask = np.array([False, True, True, False, True])
    assert select_rows(mask, shop, None, None).tolist() == [1, 2, 4]
    assert select_rows(mask, shop, None, 2).tolist() == [1, 2]
    assert select_rows(np.zeros(5, np.bool_), shop, OrderBy(column="orders"), 2).tolist() == []


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("ltv", "Found ltv, which is not a column of the scores table. There are churn_probability,"),
        ("segments", "Found segments, a list of text column; expected one of numbers, text, booleans, dates"),
    ],
)
def test_a_column_without_an_order_is_refused(shop: Columns, column: str, reason: str) -> None:
    with pytest.raises(InvalidAudienceRequest, match="1 field is not as expected") as refusal:
        check_order(OrderBy(column=column), shop)
    assert refusal.value.errors[0].field == "order_by.column"
    assert reason in refusal.value.errors[0].reason


@settings(max_examples=60)
@given(
    values=st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=30),
    limit=st.integers(1, 35),
    descending=st.booleans(),
    real=st.booleans(),
)
def test_a_limit_takes_the_first_of_the_whole_order(
    values: list[int | None], limit: int, descending: bool, real: bool
) -> None:
    name = "churn_probability" if real else "orders"
    rows: list[dict[str, Any]] = [{"customer_id": f"{index:02d}", name: value} for index, value in enumerate(values)]
    with TemporaryDirectory() as folder:
        shop = columns(Path(folder), rows)
        first = ordered_ids(shop, name, descending=descending, limit=limit)
    sign = -1 if descending else 1
    by_hand = sorted(range(len(values)), key=lambda row: (values[row] is None, sign * (values[row] or 0), row))
    assert first == [f"{row:02d}" for row in by_hand[:limit]]
