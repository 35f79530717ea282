"""Online store laws: what every backend of the online store must do."""

from __future__ import annotations

import numpy as np
import pytest

from features.errors import NotFound
from features.online.backends import Reader, Store
from features.online.codec import SchemaMismatch
from features.views import Column, Kind, View
from tests.features.online.stores import orders
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, VIEWS, packed_rows


@pytest.fixture
def reader(store: Store) -> Reader:
    """A reader of a store in which Ann and Bob order, Ann and Cid visit."""
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed_rows(BEHAVIOUR, {"cid": 7, "ann": 5}))
    return store.reader(VIEWS)


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
