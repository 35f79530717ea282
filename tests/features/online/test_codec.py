"""Codec: a packed row is unpacked exactly, or refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.online.codec import Codec, SchemaMismatch, ViewRows, headers
from features.online.feature_rows import RaggedList
from features.views import Column, Kind, View

VIEW = View(
    "transactions",
    (
        Column("orders", Kind.FLOAT, "orders so far"),
        Column("recent_days", Kind.INTEGERS, "days with an order"),
        Column("last_order_at", Kind.INTEGER, "last order"),
        Column("recent_spend", Kind.FLOATS, "spend of those days"),
    ),
)
NUMBERS = st.one_of(st.none(), st.floats())
LISTS = st.one_of(st.none(), st.lists(st.floats(), max_size=4))
CUSTOMERS = st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), NUMBERS, NUMBERS, LISTS, LISTS), max_size=6)

Customer = tuple[int, float | None, float | None, list[float] | None, list[float] | None]


def rows(customers: list[Customer]) -> ViewRows:
    """Rows from (event time, orders, last_order_at, recent_days, recent_spend); None is null."""
    return ViewRows(
        event_at=np.array([event_at for event_at, *_ in customers], np.int64),
        created_at=np.arange(len(customers), dtype=np.int64),
        scalars=np.array([[np.nan if x is None else x for x in row[1:3]] for row in customers]).reshape(-1, 2),
        nulls=np.array([[x is None for x in row[1:]] for row in customers], np.bool_).reshape(-1, 4),
        lists=(ragged([row[3] for row in customers]), ragged([row[4] for row in customers])),
    )


def ragged(lists: list[list[float] | None]) -> RaggedList:
    values = [value for items in lists for value in items or []]
    lengths = [0, *(len(items or []) for items in lists)]
    return RaggedList(offsets=np.cumsum(lengths, dtype=np.int64), values=np.array(values, np.float64))


def assert_same_bits(actual: ViewRows, expected: ViewRows) -> None:
    for name in ("event_at", "created_at", "scalars", "nulls"):
        np.testing.assert_array_equal(getattr(actual, name), getattr(expected, name), err_msg=name)
    assert actual.scalars.tobytes() == expected.scalars.tobytes()
    for actual_list, expected_list in zip(actual.lists, expected.lists, strict=True):
        np.testing.assert_array_equal(actual_list.offsets, expected_list.offsets)
        assert actual_list.values.tobytes() == expected_list.values.tobytes()


@given(CUSTOMERS)
def test_what_was_packed_is_unpacked_to_the_last_bit(customers: list[Customer]) -> None:
    codec = Codec(VIEW)
    unpacked = codec.unpack(codec.pack(rows(customers)))
    assert unpacked.known.all()
    assert_same_bits(unpacked.rows, rows(customers))


@given(CUSTOMERS, st.data())
def test_an_unknown_customer_is_all_null_and_shifts_nobody(customers: list[Customer], data: st.DataObject) -> None:
    codec = Codec(VIEW)
    known = data.draw(st.lists(st.booleans(), min_size=len(customers), max_size=len(customers)))
    packed = codec.pack(rows(customers))
    unpacked = codec.unpack([value if is_known else None for value, is_known in zip(packed, known, strict=True)])
    unknown: Customer = (0, None, None, None, None)
    expected = rows([row if is_known else unknown for row, is_known in zip(customers, known, strict=True)])
    assert unpacked.known.tolist() == known
    expected.created_at[~unpacked.known] = 0
    assert_same_bits(unpacked.rows, expected)


def test_the_bytes_on_disk_are_these_and_stay_these() -> None:
    ann = Codec(VIEW).pack(rows([(1, 2.0, None, [3.0], None)]))[0]
    assert ann.hex(" ", 8) == (
        "f8cbc63b02005746 0100000000000000 0000000000000000 0a00000000000000 "
        "0000000000000040 000000000000f87f 0100000000000000 0000000000000840 0000000000000000 "
        "00000000d23a5cad"
    )


def test_a_wide_view_keeps_its_last_null() -> None:
    wide = View("wide", tuple(Column(f"column_{i}", Kind.FLOAT, "") for i in range(130)))
    nulls = np.zeros((1, 130), np.bool_)
    nulls[0, [0, 63, 64, 129]] = True
    times = np.zeros(1, np.int64)
    packed = Codec(wide).pack(
        ViewRows(event_at=times, created_at=times, scalars=np.full((1, 130), np.nan), nulls=nulls, lists=())
    )
    assert Codec(wide).unpack(packed).rows.nulls[0].nonzero()[0].tolist() == [0, 63, 64, 129]


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param(VIEW.columns[:-1], id="a column fewer"),
        pytest.param((VIEW.columns[2], VIEW.columns[1], VIEW.columns[0], VIEW.columns[3]), id="another order"),
        pytest.param((Column("visits", Kind.FLOAT, ""), *VIEW.columns[1:]), id="another name"),
        pytest.param((Column("orders", Kind.INTEGER, ""), *VIEW.columns[1:]), id="another kind"),
    ],
)
def test_a_row_of_other_columns_is_refused(columns: tuple[Column, ...]) -> None:
    packed = Codec(VIEW).pack(rows([(1, 2.0, 3.0, [4.0], [5.0])]))
    with pytest.raises(SchemaMismatch, match="1 of 1 rows stored for the view 'transactions' were written with other"):
        Codec(View("transactions", columns)).unpack([None, *packed])


def test_a_column_may_be_explained_better_without_publishing_again() -> None:
    reworded = View(
        "transactions", tuple(Column(column.name, column.kind, "explained better") for column in VIEW.columns)
    )
    packed = Codec(VIEW).pack(rows([(1, 2.0, 3.0, [4.0], [5.0])]))
    assert Codec(reworded).unpack(packed).known.all()


def test_headers_are_read_whatever_the_columns() -> None:
    packed = Codec(VIEW).pack(rows([(7, 2.0, 3.0, [4.0], [5.0]), (-8, None, None, [], None)]))
    assert headers(packed)[:, 1:].view(np.int64).tolist() == [[7, 0], [-8, 1]]
    assert headers([]).shape == (0, 3)
