"""Online store laws: what every backend of the online store must do."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import NotFound
from features.online.backends import Reader, Store, Writer
from features.online.codec import SchemaMismatch
from features.views import Column, Kind, View
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, VIEWS, packed_rows

INSTANTS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)
ARRIVALS = st.lists(st.tuples(st.sampled_from("abc"), INSTANTS, INSTANTS), min_size=1, max_size=8, unique=True)
LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def reader(store: Store) -> Reader:
    """A reader of a store in which Ann and Bob order, Ann and Cid visit."""
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed_rows(BEHAVIOUR, {"cid": 7, "ann": 5}))
    return store.reader(VIEWS)


def orders(store: Store, *customer_ids: str) -> list[float]:
    return list(store.reader((TRANSACTIONS,)).read(customer_ids).column("orders"))


def clear(store: Store) -> Store:
    """The store without its rows, between two examples of a law."""
    with store.write_transaction() as writer:
        for view in VIEWS:
            writer.drop(view.name)
    return store


def test_views_are_read_side_by_side_in_the_requested_order(reader: Reader) -> None:
    rows = reader.read(["bob", "stranger", "ann", "bob", "cid"])
    assert rows.customer_ids == ["bob", "stranger", "ann", "bob", "cid"]
    assert rows.known.tolist() == [True, False, True, True, False]
    assert rows.features_at.tolist() == [1, 0, 1, 1, 0]
    assert rows.columns == ("orders", "visits")
    nan = np.nan
    np.testing.assert_array_equal(rows.matrix, [[1, nan], [nan, nan], [3, 5], [1, nan], [nan, 7]])
    assert rows.lists["recent_days"].offsets.tolist() == [0, 1, 1, 2, 3, 3]
    assert rows.lists["recent_days"].values.tolist() == [1, 3, 1]


def test_a_request_without_customers_returns_no_rows(reader: Reader) -> None:
    assert reader.read([]).matrix.shape == (0, 2)


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param(["17", "00017", "18446744073709551617", "1.7e1", "+17"], id="digits"),
        pytest.param(
            ["", " ", "0\0", "é", "e\N{COMBINING ACUTE ACCENT}", "客户", "\ud800", "?", "x\0", "x\1", "x\2"],
            id="unusual characters",
        ),
        pytest.param(["y" * 600 + "1", "y" * 600 + "2", "y" * 498, "y" * 499, "客" * 300], id="long"),
    ],
)
def test_customers_are_distinguished_digit_for_digit(store: Store, ids: list[str]) -> None:
    customers = {customer_id: float(number) for number, customer_id in enumerate(ids)}
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, customers))
    assert orders(store, *ids) == list(customers.values())
    with store.write_transaction() as writer:
        assert writer.erase(ids[0]) == 1
        assert writer.erase(ids[-1]) == 1
    known = store.reader((TRANSACTIONS,)).read(ids).known
    assert known.tolist() == [False, *[True] * (len(ids) - 2), False]


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


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param((Column("recent_days", Kind.INTEGERS, ""), Column("orders", Kind.FLOAT, "")), id="moved"),
        pytest.param((Column("orders_ever", Kind.FLOAT, ""), Column("recent_days", Kind.INTEGERS, "")), id="renamed"),
        pytest.param((Column("orders", Kind.INTEGER, ""), Column("recent_days", Kind.INTEGERS, "")), id="another kind"),
        pytest.param((Column("orders", Kind.FLOAT, ""),), id="removed"),
    ],
)
def test_a_changed_schema_is_refused_and_the_old_release_reads_on(
    reader: Reader, store: Store, columns: tuple[Column, ...]
) -> None:
    with pytest.raises(SchemaMismatch, match="2 of 2 rows stored for the view 'transactions'"):
        store.reader((View("transactions", columns),)).read(["ann", "bob"])
    assert reader.read(["ann", "bob"]).known.all()


def test_replacing_a_view_leaves_exactly_its_customers_and_no_other_view_touched(store: Store) -> None:
    views = ["behaviour", "transactions", "transactions2", "a", "z"]
    with store.write_transaction() as writer:
        for view in views:
            writer.replace(view, packed_rows(TRANSACTIONS, {"ann": 1, "bob": 1}, event_at=9))
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"bob": 2, "cid": 2}, event_at=3))
    for view in views:
        has_row = [value is not None for value in store.packed_values(view, ["ann", "bob", "cid"])]
        assert has_row == ([False, True, True] if view == "transactions" else [True, True, False])
    np.testing.assert_array_equal(orders(store, "ann", "bob", "cid"), [np.nan, 2, 2])


def test_a_dropped_view_is_gone_and_the_others_are_not(reader: Reader, store: Store) -> None:
    with store.write_transaction() as writer:
        writer.drop("behaviour")
    assert store.packed_values("behaviour", ["cid", "ann"]) == [None, None]
    assert np.isnan(reader.read(["ann"]).column("visits")).all()
    assert reader.read(["ann", "bob"]).known.all()


def test_an_erased_customer_is_in_no_view_also_not_in_one_declared_no_more(reader: Reader, store: Store) -> None:
    with store.write_transaction() as writer:
        writer.replace("retired", packed_rows(TRANSACTIONS, {"ann": 1, "y" * 600: 2}))
    with store.write_transaction() as writer:
        assert writer.erase("ann") == 3
        assert writer.erase("y" * 600) == 1
        assert writer.erase("ann") == 0
    assert reader.read(["ann", "bob"]).known.tolist() == [False, True]
    assert store.packed_values("retired", ["ann"]) == [None]


def test_a_row_of_long_ago_is_known_with_its_time_and_a_stranger_is_not(store: Store) -> None:
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3}, event_at=-62_135_596_800_000_000))
    rows = store.reader((TRANSACTIONS,)).read(["ann", "stranger"])
    assert rows.known.tolist() == [True, False]
    assert rows.features_at.tolist() == [-62_135_596_800_000_000, 0]


def test_a_reader_sees_the_store_as_it_was_until_the_write_is_done(reader: Reader, store: Store) -> None:
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 100}))
        writer.merge("behaviour", packed_rows(BEHAVIOUR, {"ann": 100}))
        assert reader.read(["ann"]).matrix.tolist() == [[3, 5]]
    assert reader.read(["ann"]).matrix.tolist() == [[100, 100]]


def test_a_write_that_fails_changes_nothing(reader: Reader, store: Store) -> None:
    def fail() -> None:
        with store.write_transaction() as writer:
            writer.drop("transactions")
            writer.merge("behaviour", packed_rows(BEHAVIOUR, {"ann": 100}))
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        fail()
    assert reader.read(["ann", "bob"]).matrix[:, 0].tolist() == [3, 1]
    assert reader.read(["ann"]).column("visits") == [5]


def test_two_releases_read_the_same_store_side_by_side(reader: Reader, store: Store) -> None:
    other = store.reader((TRANSACTIONS,))
    assert other.read(["ann"]).columns == ("orders",)
    assert reader.read(["ann"]).columns == ("orders", "visits")


def test_before_anybody_published_there_is_nothing_to_read(store: Store) -> None:
    with pytest.raises(NotFound, match=r"There is no online store in .*\. Publish"):
        store.reader(VIEWS).read(["ann"])
    assert store.packed_values("transactions", ["ann"]) == [None]


def test_a_view_that_nobody_published_yet_is_null(store: Store) -> None:
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3}))
    np.testing.assert_array_equal(store.reader(VIEWS).read(["ann"]).matrix, [[3, np.nan]])
