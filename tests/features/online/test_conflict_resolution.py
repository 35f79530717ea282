"""Conflict resolution: the row with the later event wins, in whatever order rows arrive and on every backend."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.online.backends import Store, Writer
from features.online.codec import SchemaMismatch
from features.views import Column, Kind, View
from tests.features.online.stores import LAW, clear, orders
from tests.features.rows import TRANSACTIONS, VIEWS, packed_rows

INSTANTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
ARRIVALS = st.lists(st.tuples(st.sampled_from("abc"), INSTANTS, INSTANTS), min_size=1, max_size=8, unique=True)


@pytest.mark.parametrize("arrival", [*permutations([(1, 9), (2, 3), (2, 5)])], ids=str)
def test_the_later_event_wins_then_the_later_created_whatever_the_order(
    store: Store, arrival: tuple[tuple[int, int], ...]
) -> None:
    for event_at, created_at in arrival:
        with store.write_transaction() as writer:
            writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": created_at}, event_at, created_at))
    assert orders(store, "ann") == [5]


@LAW
@given(ARRIVALS, st.data())
def test_any_order_of_arrival_comes_to_the_same_and_so_does_arriving_twice(
    store: Store, arrivals: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    values = {arrival: float(number) for number, arrival in enumerate(arrivals)}
    last = {
        customer_id: max(arrival[1:] for arrival in arrivals if arrival[0] == customer_id)
        for customer_id, _, _ in arrivals
    }
    clear(store)
    for customer_id, event_at, created_at in [
        *data.draw(st.permutations(arrivals)),
        data.draw(st.sampled_from(arrivals)),
    ]:
        with store.write_transaction() as writer:
            value = values[customer_id, event_at, created_at]
            writer.merge("transactions", packed_rows(TRANSACTIONS, {customer_id: value}, event_at, created_at))
    assert orders(store, *last) == [values[customer_id, *times] for customer_id, times in last.items()]
    assert store.reader((TRANSACTIONS,)).read([*last]).features_at.tolist() == [times[0] for times in last.values()]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["replace", "merge", "drop", "erase"]),
        st.sampled_from(VIEWS),
        st.dictionaries(st.sampled_from("abcd"), st.integers(0, 9), max_size=4),
        st.integers(0, 4),
    ),
    max_size=6,
)


def apply(writer: Writer, operation: tuple[str, View, dict[str, int], int]) -> None:
    name, view, customers, event_at = operation
    if name == "drop":
        writer.drop(view.name)
    elif name == "erase":
        for customer_id in customers:
            writer.erase(customer_id)
    else:
        getattr(writer, name)(view.name, packed_rows(view, customers, event_at))


def apply_to_dictionary(
    expected: dict[tuple[str, str], tuple[int, int]], operation: tuple[str, View, dict[str, int], int]
) -> None:
    """Apply the same operation to a dictionary."""
    name, view, customers, event_at = operation
    for key in [*expected]:
        if (name in ("replace", "drop") and key[0] == view.name) or (name == "erase" and key[1] in customers):
            del expected[key]
    if name in ("replace", "merge"):
        for customer_id, value in customers.items():
            if expected.get((view.name, customer_id), (event_at, 0))[0] <= event_at:
                expected[view.name, customer_id] = event_at, value


@LAW
@given(st.lists(OPERATIONS, max_size=4))
def test_whatever_is_written_is_read_as_from_a_dictionary(
    store: Store, writes: list[list[tuple[str, View, dict[str, int], int]]]
) -> None:
    stored: dict[tuple[str, str], tuple[int, int]] = {}
    clear(store)
    for operations in writes:
        with store.write_transaction() as writer:
            for operation in operations:
                apply(writer, operation)
                apply_to_dictionary(stored, operation)
        rows = store.reader(VIEWS).read([*"abcd"])
        missing = (0, np.nan)
        expected = [[stored.get((view.name, customer_id), missing)[1] for view in VIEWS] for customer_id in "abcd"]
        np.testing.assert_array_equal(rows.matrix, expected)
        assert rows.features_at.tolist() == [
            stored.get(("transactions", customer_id), missing)[0] for customer_id in "abcd"
        ]


def test_a_correction_of_the_same_time_is_stored(store: Store) -> None:
    for number in (1.0, 2.0):
        with store.write_transaction() as writer:
            writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": number}))
    assert orders(store, "ann") == [2.0]


def test_merging_many_rows_drops_only_the_stale_ones(store: Store) -> None:
    customer_ids = [f"{customer:04d}" for customer in range(2500)]
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, dict.fromkeys(customer_ids, 1.0), event_at=5))
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, dict.fromkeys(customer_ids[::3], 2.0), event_at=7))
    with store.write_transaction() as writer:
        writer.merge(
            "transactions", packed_rows(TRANSACTIONS, dict.fromkeys([*customer_ids[::2], "new"], 3.0), event_at=6)
        )
    expected = [2.0 if number % 3 == 0 else 3.0 if number % 2 == 0 else 1.0 for number in range(2500)]
    assert orders(store, *customer_ids, "new") == [*expected, 3.0]


def test_a_row_of_other_columns_never_stands_in_the_way_and_is_never_misread(store: Store) -> None:
    wider = View("transactions", (*TRANSACTIONS.columns, Column("spend", Kind.FLOAT, "")))
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(wider, {"ann": 1, "bob": 1}, event_at=9))
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 2}, event_at=1))
    assert orders(store, "ann") == [2]
    with pytest.raises(SchemaMismatch, match="1 of 2 rows stored for the view 'transactions'"):
        orders(store, "ann", "bob")
