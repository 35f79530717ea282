"""Feature store client: the past is joined to the instant, the online store has exactly one cutoff, and both agree."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast.feature_view import FeatureViewState

from features.errors import NotFound
from features.online import arrow_rows
from features.online.backends import LMDB
from features.online.codec import SchemaMismatch
from features.online.feature_rows import FeatureRows
from features.online.lmdb import LmdbWriter
from features.online.redis_writer import RedisWriter
from features.store.client import CustomerFeatures, feature_rows
from features.store.definitions import FEATURE_SERVICE
from features.views import Column, Kind, View

TRANSACTIONS = View(
    "transactions",
    (
        Column("orders", Kind.FLOAT, "orders so far"),
        Column("last_order_at", Kind.INTEGER, "last order, microseconds since 1970 UTC"),
        Column("recent_days", Kind.INTEGERS, "days with an order, since 1970"),
        Column("recent_spend", Kind.FLOATS, "net amount on those days"),
    ),
)
BEHAVIOUR = View("behaviour", (Column("visits", Kind.FLOAT, "visits so far"),))
VIEWS = (TRANSACTIONS, BEHAVIOUR)
TTL_DAYS = 30
MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

Row = tuple[str, datetime, float, int | None, list[int], list[float]]
ANN: Row = ("00017", MONDAY, 3.0, 1_780_000_000_000_001, [20_600, 20_604], [0.1, 1 / 3])
BOB: Row = ("18446744073709551617", MONDAY, 0.0, None, [], [])


def later_row(row: Row, days: int, orders: float) -> Row:
    """The same customer at a later cutoff, with this number of orders."""
    return (row[0], row[1] + timedelta(days=days), orders, *row[3:])


def write_view(home: Path, view: View, rows: list[tuple[object, ...]]) -> None:
    """Write a view's table as the pipeline does: customer_id, event_timestamp, then the columns."""
    (home / "features").mkdir(parents=True, exist_ok=True)
    keys = [("customer_id", pa.string()), ("event_timestamp", arrow_rows.TIMESTAMP_TYPE)]
    schema = pa.schema([*keys, *arrow_rows.arrow_schema(view)])
    columns = zip(schema.names, zip(*rows, strict=True), strict=True)
    pq.write_table(pa.table(dict(columns), schema=schema), home / "features" / f"{view.name}.parquet")


def customer_rows(*requests: tuple[str, datetime]) -> pa.Table:
    ids, instants = zip(*requests, strict=True)
    return pa.table({"event_timestamp": pa.array(instants, arrow_rows.TIMESTAMP_TYPE), "customer_id": pa.array(ids)})


def through_feast(features: CustomerFeatures, *customer_ids: str) -> dict[str, list[object]]:
    """The same customers, read through Feast's own API."""
    service = features._feast.get_feature_service(FEATURE_SERVICE)
    rows = [{"customer_id": customer_id} for customer_id in customer_ids]
    answers: dict[str, list[object]] = features._feast.get_online_features(service, rows).to_dict()
    return answers


def orders(features: CustomerFeatures, *customer_ids: str) -> list[float]:
    return list(features.now(customer_ids).column("orders"))


def assert_same(actual: FeatureRows, expected: FeatureRows) -> None:
    assert list(actual.customer_ids) == list(expected.customer_ids)
    assert actual.columns == expected.columns
    for name in ("known", "features_at", "matrix"):
        np.testing.assert_array_equal(getattr(actual, name), getattr(expected, name), err_msg=name)
    for name, ragged in expected.lists.items():
        np.testing.assert_array_equal(actual.lists[name].offsets, ragged.offsets, err_msg=name)
        np.testing.assert_array_equal(actual.lists[name].values, ragged.values, err_msg=name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Ann and Bob are known on Monday and a week later; only Ann visits, and only in the second week."""
    write_view(tmp_path, TRANSACTIONS, [BOB, ANN, later_row(ANN, 7, 4.0), later_row(BOB, 7, 1.0)])
    write_view(tmp_path, BEHAVIOUR, [(ANN[0], MONDAY + timedelta(days=7), 9.0)])
    return tmp_path


@pytest.fixture
def features(home: Path, request: pytest.FixtureRequest) -> CustomerFeatures:
    """A client with the backend that the test requests, LMDB by default."""
    online = request.getfixturevalue("online") if "online" in request.fixturenames else LMDB
    features = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    features.apply()
    return features


def test_a_row_at_the_instant_is_joined_and_one_just_after_it_is_not(features: CustomerFeatures) -> None:
    past = features.as_of(
        customer_rows((ANN[0], MONDAY - MICROSECOND), (ANN[0], MONDAY), (ANN[0], MONDAY + MICROSECOND))
    )
    assert past["orders"].to_pylist() == [None, 3.0, 3.0]
    assert past["features_at"].to_pylist() == [None, MONDAY, MONDAY]


def test_a_row_as_old_as_the_time_to_live_is_joined_and_an_older_one_is_not(features: CustomerFeatures) -> None:
    oldest = MONDAY + timedelta(days=7 + TTL_DAYS)
    past = features.as_of(customer_rows((ANN[0], oldest), (ANN[0], oldest + MICROSECOND)))
    assert past["orders"].to_pylist() == [4.0, None]
    assert past["features_at"].to_pylist() == [MONDAY + timedelta(days=7), None]


def test_every_request_is_answered_in_order_also_when_repeated(features: CustomerFeatures) -> None:
    later_monday = MONDAY + timedelta(days=7)
    requests = [
        (BOB[0], later_monday),
        (ANN[0], MONDAY),
        ("17", MONDAY),
        (BOB[0], later_monday),
        (ANN[0], later_monday),
    ]
    past = features.as_of(customer_rows(*requests))
    assert list(zip(past["customer_id"].to_pylist(), past["event_timestamp"].to_pylist(), strict=True)) == requests
    assert past["orders"].to_pylist() == [1.0, 3.0, None, 1.0, 4.0]
    assert past["visits"].to_pylist() == [None, None, None, None, 9.0]


def test_a_join_that_loses_its_order_is_put_back_and_one_that_loses_a_line_is_refused(
    features: CustomerFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = CustomerFeatures._point_in_time_join
    request = customer_rows(ANN[:2], BOB[:2], (ANN[0], MONDAY + timedelta(days=7)))
    monkeypatch.setattr(CustomerFeatures, "_point_in_time_join", lambda self, lines: join(self, lines).take([2, 0, 1]))
    assert features.as_of(request)["orders"].to_pylist() == [3.0, 0.0, 4.0]
    monkeypatch.setattr(CustomerFeatures, "_point_in_time_join", lambda self, lines: join(self, lines).take([2, 0]))
    with pytest.raises(RuntimeError, match="The point-in-time join returned 2 rows for 3 requested"):
        features.as_of(request)


def test_lists_and_large_integers_survive_the_join(features: CustomerFeatures) -> None:
    past = features.as_of(customer_rows(ANN[:2], BOB[:2]))
    assert past["last_order_at"].to_pylist() == [1_780_000_000_000_001, None]
    assert past["recent_days"].to_pylist() == [[20_600, 20_604], []]
    assert past["recent_spend"].to_pylist() == [[0.1, 1 / 3], []]
    assert past.schema.field("recent_days").type == pa.list_(pa.int64())


def test_a_request_without_customers_returns_no_rows(features: CustomerFeatures) -> None:
    past = features.as_of(customer_rows(ANN[:2]).slice(0, 0))
    assert past.num_rows == 0
    assert past.schema == features.as_of(customer_rows(ANN[:2])).schema


def test_the_join_agrees_with_pandas(features: CustomerFeatures, home: Path) -> None:
    rng = np.random.default_rng(0)
    days = [(f"{customer:03d}", day) for customer in range(40) for day in range(0, 70, 7) if rng.random() < 0.4]
    rows = [
        (customer_id, MONDAY + timedelta(days=day), float(n), n, [n], [n / 3])
        for n, (customer_id, day) in enumerate(days)
    ]
    write_view(home, TRANSACTIONS, [*rows])
    requests = [(f"{rng.integers(45):03d}", MONDAY + timedelta(hours=int(rng.integers(-99, 3000)))) for _ in range(500)]
    past = features.as_of(customer_rows(*requests)).to_pandas()
    known = pd.DataFrame([row[:3] for row in rows], columns=["customer_id", "features_at", "orders"])
    expected = pd.merge_asof(
        pd.DataFrame(requests, columns=["customer_id", "at"]).reset_index().sort_values("at"),
        known.sort_values("features_at"),
        by="customer_id",
        left_on="at",
        right_on="features_at",
        tolerance=pd.Timedelta(days=TTL_DAYS),
    ).sort_values("index")
    np.testing.assert_array_equal(past["orders"], expected["orders"])
    np.testing.assert_array_equal(past["features_at"].isna(), expected["features_at"].isna())
    assert (past["features_at"].dropna().to_numpy() == expected["features_at"].dropna().to_numpy()).all()


@pytest.mark.parametrize("weeks", [0, 1])
@pytest.mark.usefixtures("online")
def test_training_and_serving_read_the_same_features(features: CustomerFeatures, weeks: int) -> None:
    cutoff = MONDAY + timedelta(weeks=weeks)
    assert features.materialize(cutoff) == 2
    customer_ids = [ANN[0], "17", BOB[0], "1.8446744073709552e19"]
    past = feature_rows(features.as_of(customer_rows(*((customer_id, cutoff) for customer_id in customer_ids))), VIEWS)
    assert past.known.tolist() == [True, False, True, False]
    assert_same(features.now(customer_ids), past)


@pytest.mark.usefixtures("online")
def test_an_earlier_cutoff_published_again_is_all_there_is(features: CustomerFeatures, home: Path) -> None:
    write_view(home, TRANSACTIONS, [ANN, later_row(ANN, 7, 4.0), later_row(BOB, 7, 1.0)])
    assert features.materialize(MONDAY + timedelta(days=7)) == 2
    assert features.now([ANN[0], BOB[0]]).matrix[:, [0, 2]].tolist()[0] == [4.0, 9.0]
    assert features.materialize(MONDAY) == 1
    now = features.now([ANN[0], BOB[0]])
    assert now.known.tolist() == [True, False]
    assert now.features_at[0] == MONDAY.timestamp() * 1e6
    np.testing.assert_array_equal(now.matrix[0], [3.0, 1_780_000_000_000_001, np.nan])


@pytest.mark.usefixtures("online")
def test_a_correction_of_a_published_cutoff_is_published(features: CustomerFeatures, home: Path) -> None:
    features.materialize(MONDAY)
    write_view(home, TRANSACTIONS, [later_row(ANN, 0, 33.0)])
    assert features.materialize(MONDAY) == 1
    np.testing.assert_array_equal(orders(features, ANN[0], BOB[0]), [33.0, np.nan])


def test_a_cutoff_may_be_given_in_any_zone(features: CustomerFeatures) -> None:
    assert features.materialize(MONDAY.astimezone(ZoneInfo("Asia/Kolkata"))) == 2


def test_a_cutoff_that_was_never_computed_is_refused_and_nothing_is_cleared(features: CustomerFeatures) -> None:
    features.materialize(MONDAY)
    with pytest.raises(NotFound, match=r"no features at 2026-06-02 00:00:00\+00:00: those in .* are from 2026-06-01"):
        features.materialize(MONDAY + timedelta(days=1))
    with pytest.raises(ValueError, match="has no offset from UTC"):
        features.materialize(MONDAY.replace(tzinfo=None))
    assert orders(features, ANN[0]) == [3.0]


def test_each_step_names_the_one_before_it(home: Path, tmp_path: Path, online: str) -> None:
    unapplied = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    with pytest.raises(NotFound, match="There is no online store"):
        unapplied.now(["ann"])
    with pytest.raises(NotFound, match="The catalogue does not know all views yet"):
        unapplied.as_of(customer_rows(ANN[:2]))
    with pytest.raises(NotFound, match="The catalogue does not know all views yet"):
        unapplied.materialize(MONDAY)
    with pytest.raises(NotFound, match="There are no features in"):
        CustomerFeatures.open(tmp_path / "elsewhere", VIEWS, TTL_DAYS).materialize(MONDAY)


def test_a_view_of_other_columns_is_refused_until_it_is_published(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY)
    narrow = View("transactions", TRANSACTIONS.columns[:1])
    write_view(home, narrow, [(ANN[0], MONDAY, 5.0)])
    changed = CustomerFeatures.open(home, (narrow, BEHAVIOUR), TTL_DAYS, online)
    changed.apply()
    with pytest.raises(SchemaMismatch, match="Publish the features again"):
        changed.now([ANN[0]])
    changed.materialize(MONDAY)
    assert orders(changed, ANN[0]) == [5.0]
    with pytest.raises(SchemaMismatch, match="read with the release trained on them"):
        features.now([ANN[0]])


def test_a_view_declared_no_more_leaves_the_catalogue_and_the_store(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY + timedelta(days=7))
    alone = CustomerFeatures.open(home, (TRANSACTIONS,), TTL_DAYS, online)
    alone.apply()
    assert [view.name for view in alone._feast.list_feature_views()] == ["transactions"]
    assert sorted(source.name for source in alone._feast.list_data_sources()) == ["transactions", "transactions_push"]
    assert set(through_feast(alone, ANN[0])) == {"customer_id", *(column.name for column in TRANSACTIONS.columns)}
    assert np.isnan(features.now([ANN[0]]).column("visits")).all()


@pytest.mark.usefixtures("online")
def test_an_erased_customer_is_unknown(features: CustomerFeatures) -> None:
    features.materialize(MONDAY + timedelta(days=7))
    assert features.erase(ANN[0]) == 2
    assert features.now([ANN[0], BOB[0]]).known.tolist() == [False, True]
    assert through_feast(features, ANN[0])["visits"] == [None]


def after_each_view(patch: Callable[[object, str, object], None], callback: Callable[[], None]) -> None:
    """Call ``callback`` after the rows of each view have gone to the online store."""

    def with_callback(write: Callable[..., object]) -> Callable[..., object]:
        def write_and_call(*rows: object) -> object:
            result = write(*rows)
            callback()
            return result

        return write_and_call

    patch(LmdbWriter, "replace", with_callback(LmdbWriter.replace))
    patch(RedisWriter, "_stage", with_callback(RedisWriter._stage))


@pytest.fixture
def reads_during_publication(
    features: CustomerFeatures, home: Path, online: str, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[object, list[float]]]:
    """What another worker reads, through Feast and directly, after each view of a publication is written."""
    reads: list[tuple[object, list[float]]] = []

    def read() -> None:
        other = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
        reads.append((through_feast(other, ANN[0])["orders"], orders(features, ANN[0])))

    features.materialize(MONDAY)
    after_each_view(monkeypatch.setattr, read)
    return reads


def test_the_second_publication_disturbs_no_reader(
    features: CustomerFeatures, reads_during_publication: list[tuple[object, list[float]]]
) -> None:
    features.materialize(MONDAY + timedelta(days=7))
    assert reads_during_publication == [([3.0], [3.0]), ([3.0], [3.0])]
    assert through_feast(features, ANN[0])["orders"] == orders(features, ANN[0]) == [4.0]


def test_a_catalogue_left_in_the_middle_of_a_publication_still_answers_and_is_repaired(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY)
    registry = features._feast.registry
    for view in features._feast.list_feature_views():
        view.state, view.owner = FeatureViewState.MATERIALIZING, "a state alone is not saved"
        registry.apply_feature_view(view, features._feast.project)
    other = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    assert other._feast.get_feature_view("transactions").state == FeatureViewState.MATERIALIZING
    assert through_feast(other, ANN[0])["orders"] == other.as_of(customer_rows(ANN[:2]))["orders"].to_pylist() == [3.0]
    other.materialize(MONDAY + timedelta(days=7))
    assert other._feast.get_feature_view("transactions").state == FeatureViewState.AVAILABLE_ONLINE
    assert through_feast(other, ANN[0])["orders"] == [4.0]


KILLED_WRITER_SCRIPT = """
import os, signal, sys
from pathlib import Path
from features.store.client import CustomerFeatures
from tests.features.store.test_client import MONDAY, TTL_DAYS, VIEWS, after_each_view, timedelta

features = CustomerFeatures.open(Path(sys.argv[1]), VIEWS, TTL_DAYS, sys.argv[2])
after_each_view(setattr, lambda: os.kill(os.getpid(), signal.SIGKILL))
features.materialize(MONDAY + timedelta(days=7))
"""


def test_a_publication_killed_half_way_leaves_the_last_one_and_is_repaired_by_the_next(
    features: CustomerFeatures, home: Path, online: str
) -> None:
    features.materialize(MONDAY)
    command = [sys.executable, "-c", KILLED_WRITER_SCRIPT, str(home), online]
    killed = subprocess.run(command, cwd=Path(__file__).parents[3], check=False)
    assert killed.returncode == -signal.SIGKILL
    survivor = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    assert through_feast(survivor, ANN[0])["orders"] == orders(survivor, ANN[0]) == [3.0]
    assert survivor.materialize(MONDAY + timedelta(days=7)) == 2
    assert through_feast(survivor, ANN[0])["orders"] == orders(survivor, ANN[0]) == [4.0]


def test_the_user_hears_nothing_of_feast(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    features = CustomerFeatures.open(home, VIEWS, TTL_DAYS)
    features.apply()
    features.materialize(MONDAY)
    features.as_of(customer_rows(ANN[:2]))
    features.now([ANN[0]])
    assert capfd.readouterr() == ("", "")
