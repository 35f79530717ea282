"""Arrow rows: Arrow tables become packed rows without losing a digit, or are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from features.online.arrow_rows import feature_rows, micros, ragged_list, view_rows
from features.views import Column, Kind, View

ORDERS = Column("orders", Kind.FLOAT, "orders so far")
LAST_ORDER = Column("last_order_at", Kind.INTEGER, "last order")
RECENT = Column("recent_days", Kind.INTEGERS, "days with an order")
VIEW = View("transactions", (ORDERS, RECENT, LAST_ORDER))
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)


def customers(**columns: list[object]) -> pa.Table:
    return pa.table({"at": [MIDNIGHT, MIDNIGHT], **columns})


def test_null_is_nan_among_numbers_and_empty_among_lists() -> None:
    table = customers(orders=[2, None], last_order_at=[None, 2**53], recent_days=[None, [3, 4]])
    rows = view_rows(VIEW, table, "at")
    np.testing.assert_array_equal(rows.scalars, [[2.0, np.nan], [np.nan, 2.0**53]])
    assert rows.nulls.tolist() == [[False, True, True], [True, False, False]]
    assert rows.lists[0].offsets.tolist() == [0, 0, 2]
    assert rows.lists[0].values.tolist() == [3.0, 4.0]
    assert rows.event_at.tolist() == [1_767_225_600_000_000] * 2
    assert rows.created_at.tolist() == [0, 0]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1])
def test_an_integer_that_would_be_rounded_is_refused(number: int) -> None:
    table = customers(orders=[1.0, 2.0], last_order_at=[number, None], recent_days=[[], []])
    with pytest.raises(ValueError, match=r"last_order_at holds 9007199254740993: integers beyond 2\*\*53 lose digits"):
        view_rows(VIEW, table, "at")


def test_an_integer_in_a_list_that_would_be_rounded_is_refused() -> None:
    table = customers(orders=[1.0, 2.0], last_order_at=[1, 2], recent_days=[[], [2**60]])
    with pytest.raises(ValueError, match="integers beyond"):
        view_rows(VIEW, table, "at")


def test_a_null_inside_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="1 lists hold a null"):
        ragged_list(pa.chunked_array([[[1.0, None], [2.0]]]))


def test_a_list_column_in_pieces_is_one_list_column() -> None:
    whole = pa.chunked_array([[[9.0], [1.0, 2.0], None], [[3.0]]]).slice(1)
    assert ragged_list(whole).offsets.tolist() == [0, 2, 2, 3]
    assert ragged_list(whole).values.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "type_", [pa.timestamp("us", tz="UTC"), pa.timestamp("ns", tz="Europe/Berlin"), pa.timestamp("s")]
)
def test_an_instant_is_the_same_in_every_unit_and_zone(type_: pa.DataType) -> None:
    instants = pa.chunked_array([pa.array([1, None], pa.timestamp("s", tz="UTC")).cast(type_)])
    assert micros(instants).tolist() == [1_000_000, 0]


def test_a_join_without_a_row_is_an_unknown_customer() -> None:
    joined = pa.table(
        {
            "customer_id": ["00017", "17"],
            "orders": pa.array([None, None], pa.float64()),
            "last_order_at": pa.array([None, None], pa.int64()),
            "recent_days": pa.array([None, None], pa.list_(pa.int64())),
            "features_at": pa.array([None, MIDNIGHT], pa.timestamp("us", tz="UTC")),
        }
    )
    rows = feature_rows(joined, (VIEW,))
    assert list(rows.customer_ids) == ["00017", "17"]
    assert rows.known.tolist() == [False, True]
    assert rows.features_at.tolist() == [0, 1_767_225_600_000_000]
    assert rows.columns == ("orders", "last_order_at")
    assert np.isnan(rows.matrix).all()
    assert rows.lists["recent_days"].offsets.tolist() == [0, 0, 0]
