"""Online store plug-in: Feast's own API reads the same packed rows as the online reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast import FeatureView, Field
from feast.protos.feast.serving.ServingService_pb2 import FieldStatus
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.types import Float64, String

from features.errors import StoreUnavailable
from features.online import arrow_rows
from features.store.client import CustomerFeatures
from features.store.definitions import FEATURE_SERVICE, feast_objects, view_from_feast
from features.store.online_store import PackedOnlineStore
from features.views import Column, Kind, View
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

VIEW = View(
    "transactions",
    (
        Column("recent_spend", Kind.FLOATS, "net amount on the recent days"),
        Column("orders", Kind.FLOAT, "orders so far"),
        Column("recent_days", Kind.INTEGERS, "days with an order"),
        Column("last_order_at", Kind.INTEGER, "last order"),
    ),
)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def features(tmp_path: Path, online: str) -> CustomerFeatures:
    """Ann, Bob and a customer whose features are all null, published at noon."""
    (tmp_path / "features").mkdir()
    columns = {
        "customer_id": ["ann", "00017", "null"],
        "event_timestamp": pa.array([NOON] * 3, arrow_rows.TIMESTAMP_TYPE),
        "recent_spend": pa.array([[0.1, -0.0, 1 / 3], [], None], pa.list_(pa.float64())),
        "orders": pa.array([5e-324, NAN, None], pa.float64()),
        "recent_days": pa.array([[2**53, -7], [], None], pa.list_(pa.int64())),
        "last_order_at": pa.array([-(2**53), 1_780_000_000_000_001, None], pa.int64()),
    }
    pq.write_table(pa.table(columns), tmp_path / "features" / "transactions.parquet")
    features = CustomerFeatures.open(tmp_path, (VIEW,), 30, online)
    features.apply()
    features.materialize(NOON)
    return features


def through_feast(features: CustomerFeatures, *customer_ids: object) -> dict[str, list[object]]:
    rows = [{"customer_id": customer_id} for customer_id in customer_ids]
    answers: dict[str, list[object]] = features.feast.get_online_features(
        features.feast.get_feature_service(FEATURE_SERVICE), rows
    ).to_dict()
    return answers


def push_frame(customer_id: str, event_at: datetime, orders: float) -> pd.DataFrame:
    row = {"customer_id": customer_id, "event_timestamp": event_at, "orders": orders}
    return pd.DataFrame([row | {"recent_spend": [orders], "recent_days": [1, 2], "last_order_at": 3}])


def test_feast_answers_what_was_published_to_the_last_bit(features: CustomerFeatures) -> None:
    columns = through_feast(features, "ann", "stranger", "00017", "null", "17")
    assert columns["customer_id"] == ["ann", "stranger", "00017", "null", "17"]
    assert str(columns["recent_spend"]) == str([[0.1, -0.0, 1 / 3], None, [], None, None])
    assert str(columns["orders"]) == str([5e-324, None, NAN, None, None])
    assert columns["recent_days"] == [[2**53, -7], None, [], None, None]
    assert columns["last_order_at"] == [-(2**53), None, 1_780_000_000_000_001, None, None]


def test_the_fast_reader_answers_the_same(features: CustomerFeatures) -> None:
    now = features.now(["ann", "stranger", "00017", "null"])
    assert now.known.tolist() == [True, False, True, True]
    assert now.columns == ("orders", "last_order_at")
    expected = [[5e-324, -(2.0**53)], [NAN, NAN], [NAN, 1_780_000_000_000_001], [NAN, NAN]]
    np.testing.assert_array_equal(now.matrix, expected)
    assert now.lists["recent_spend"].offsets.tolist() == [0, 3, 3, 3, 3]
    assert str(now.lists["recent_spend"].values.tolist()) == str([0.1, -0.0, 1 / 3])
    assert now.lists["recent_days"].values.tolist() == [2**53, -7]


def test_a_pushed_row_is_read_by_feast_and_by_the_online_reader(features: CustomerFeatures) -> None:
    features.feast.push("transactions_push", push_frame("eve", NOON, 8.0))
    assert through_feast(features, "eve")["orders"] == [8.0]
    assert through_feast(features, "eve")["recent_days"] == [[1, 2]]
    assert features.now(["eve"]).matrix.tolist() == [[8.0, 3.0]]
    assert features.now(["eve"]).features_at.tolist() == [1_780_315_200_000_000]


@pytest.mark.parametrize(("hours", "orders"), [(-1, [5e-324]), (0, [9.0]), (1, [9.0])])
def test_an_old_event_that_arrives_late_overwrites_nothing(
    features: CustomerFeatures, hours: int, orders: list[float]
) -> None:
    features.feast.write_to_online_store("transactions", push_frame("ann", NOON + timedelta(hours=hours), 9.0))
    assert through_feast(features, "ann")["orders"] == features.now(["ann"]).column("orders").tolist() == orders


def test_of_a_customer_pushed_twice_at_once_the_later_event_is_kept(features: CustomerFeatures) -> None:
    rows = [push_frame("eve", NOON + timedelta(hours=hours), float(hours)) for hours in (1, 3, 2)]
    features.feast.write_to_online_store("transactions", pd.concat(rows, ignore_index=True))
    assert features.now(["eve"]).column("orders").tolist() == [3.0]


def test_feasts_own_materialize_adds_to_the_store(features: CustomerFeatures) -> None:
    features.feast.write_to_online_store("transactions", push_frame("ann", NOON + timedelta(hours=1), 9.0))
    features.feast.write_to_online_store("transactions", push_frame("eve", NOON - timedelta(days=9), 8.0))
    features.feast.materialize(NOON - timedelta(days=1), NOON)
    np.testing.assert_array_equal(features.now(["ann", "eve", "00017"]).column("orders"), [9.0, 8.0, NAN])
    features.erase("00017")
    features.feast.materialize(NOON, NOON, disable_event_timestamp=True)
    assert features.now(["ann", "eve", "00017"]).known.all()
    features.feast.materialize(NOON, NOON)
    np.testing.assert_array_equal(features.now(["ann", "eve", "00017"]).column("orders"), [9.0, 8.0, NAN])
    features.materialize(NOON)
    assert features.now(["ann", "eve", "00017"]).known.tolist() == [True, False, True]


def test_feasts_incremental_materialize_takes_what_came_since(features: CustomerFeatures, tmp_path: Path) -> None:
    features.feast.write_to_online_store("transactions", push_frame("ann", NOON + timedelta(hours=2), 9.0))
    features.feast.materialize_incremental(NOON)
    later = pa.concat_tables([pq.read_table(path := tmp_path / "features" / "transactions.parquet")] * 2)
    timestamps = pa.array([NOON] * 3 + [NOON + timedelta(hours=1)] * 3, arrow_rows.TIMESTAMP_TYPE)
    orders = pa.array([1.0] * 3 + [2.0] * 3)
    later = later.set_column(later.schema.get_field_index("event_timestamp"), "event_timestamp", timestamps)
    pq.write_table(later.set_column(later.schema.get_field_index("orders"), "orders", orders), path)
    features.feast.materialize_incremental(NOON + timedelta(hours=1))
    customer_ids = ["ann", "00017", "null", "stranger"]
    np.testing.assert_array_equal(features.now(customer_ids).column("orders"), [9.0, 2.0, 2.0, NAN])
    assert through_feast(features, *customer_ids)["orders"] == [9.0, 2.0, 2.0, None]


def test_an_expired_row_is_present_with_its_time_and_a_stranger_is_not_found(features: CustomerFeatures) -> None:
    long_ago = NOON - timedelta(days=365)
    features.feast.write_to_online_store("transactions", push_frame("eve", long_ago, 8.0))
    rows = [{"customer_id": "eve"}, {"customer_id": "stranger"}]
    result = features.feast.get_online_features(["transactions:orders"], rows).proto.results[1]
    assert [FieldStatus.Name(status) for status in result.statuses] == ["PRESENT", "NOT_FOUND"]
    assert result.event_timestamps[0].ToDatetime(UTC) == long_ago
    assert features.now(["eve", "stranger"]).known.tolist() == [True, False]


def test_a_frozen_redis_is_named_in_time_through_feast_too(
    features: CustomerFeatures, tmp_path: Path, redis_of_its_own: RedisServer
) -> None:
    on_redis = CustomerFeatures.open(tmp_path, (VIEW,), 30, redis_of_its_own.url)
    on_redis.materialize(NOON)
    assert through_feast(on_redis, "ann") == through_feast(features, "ann")
    redis_of_its_own.freeze()
    with pytest.raises(StoreUnavailable, match=r"The online store at .* fails: Timeout"):
        through_feast(on_redis, "ann")
    redis_of_its_own.thaw()


def test_a_torn_down_catalogue_leaves_no_rows(features: CustomerFeatures) -> None:
    features.feast.teardown()  # type: ignore[no-untyped-call]  # Feast's own
    assert not features.now(["ann", "00017"]).known.any()


def test_a_customer_id_that_is_a_number_is_refused(features: CustomerFeatures) -> None:
    key = EntityKey(join_keys=["customer_id"], entity_values=[Value(int64_val=17)])
    view = features.feast.get_feature_view("transactions")
    with pytest.raises(
        TypeError, match=r"Found the key \['customer_id'\] = int64_val: 17\s+; expected one customer_id, as text"
    ):
        PackedOnlineStore().online_read(features.feast.config, view, [key])
    assert through_feast(features, 17)["customer_id"] == ["17"]


def test_the_catalogue_gives_back_the_view_it_was_made_from(features: CustomerFeatures) -> None:
    assert view_from_feast(features.feast.get_feature_view("transactions")) == VIEW


def test_a_column_of_two_views_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Columns of more than one view: orders\. Put the view's name in front"):
        feast_objects((VIEW, View("behaviour", (Column("orders", Kind.FLOAT, ""),))), tmp_path, 30)


def test_a_type_that_is_never_packed_is_refused() -> None:
    colours = FeatureView(name="tastes", schema=[Field(name="colour", dtype=String), Field(name="n", dtype=Float64)])
    with pytest.raises(ValueError, match=r"cannot hold colour \(String\) of 'tastes', only Float64, Int64"):
        view_from_feast(colours)
