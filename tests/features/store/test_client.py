"""Feature store client: the past is joined to the instant, the online store has exactly one cutoff, and both agree."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.errors import NotFound
from features.online.codec import SchemaMismatch
from features.online.feature_rows import FeatureRows
from features.store.client import CustomerFeatures, feature_rows
from features.views import View
from tests.features.store.catalogue import (
    ANN,
    BEHAVIOUR,
    BOB,
    MICROSECOND,
    MONDAY,
    TRANSACTIONS,
    TTL_DAYS,
    VIEWS,
    customer_rows,
    later_row,
    orders,
    through_feast,
    write_view,
)

pytestmark = pytest.mark.slow


def assert_same(actual: FeatureRows, expected: FeatureRows) -> None:
    assert list(actual.customer_ids) == list(expected.customer_ids)
    assert actual.columns == expected.columns
    for name in ("known", "features_at", "matrix"):
        np.testing.assert_array_equal(getattr(actual, name), getattr(expected, name), err_msg=name)
    for name, ragged in expected.lists.items():
        np.testing.assert_array_equal(actual.lists[name].offsets, ragged.offsets, err_msg=name)
        np.testing.assert_array_equal(actual.lists[name].values, ragged.values, err_msg=name)


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


@dataclass(frozen=True)
class JoinedRows:
    """The result of a point-in-time join, as Feast returns it."""

    table: pa.Table

    def to_arrow(self) -> pa.Table:
        return self.table


def test_a_join_that_loses_its_order_is_put_back_and_one_that_loses_a_line_is_refused(
    features: CustomerFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = features.feast.get_historical_features

    def join_and_take(rows: list[int]) -> Callable[..., JoinedRows]:
        return lambda lines, service: JoinedRows(join(lines, service).to_arrow().take(rows))

    request = customer_rows(ANN[:2], BOB[:2], (ANN[0], MONDAY + timedelta(days=7)))
    monkeypatch.setattr(features.feast, "get_historical_features", join_and_take([2, 0, 1]))
    assert features.as_of(request)["orders"].to_pylist() == [3.0, 0.0, 4.0]
    monkeypatch.setattr(features.feast, "get_historical_features", join_and_take([2, 0]))
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
    assert [view.name for view in alone.feast.list_feature_views()] == ["transactions"]
    assert sorted(source.name for source in alone.feast.list_data_sources()) == ["transactions", "transactions_push"]
    assert set(through_feast(alone, ANN[0])) == {"customer_id", *(column.name for column in TRANSACTIONS.columns)}
    assert np.isnan(features.now([ANN[0]]).column("visits")).all()


@pytest.mark.usefixtures("online")
def test_an_erased_customer_is_unknown(features: CustomerFeatures) -> None:
    features.materialize(MONDAY + timedelta(days=7))
    assert features.erase(ANN[0]) == 2
    assert features.now([ANN[0], BOB[0]]).known.tolist() == [False, True]
    assert through_feast(features, ANN[0])["visits"] == [None]


def test_the_user_hears_nothing_of_feast(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    features = CustomerFeatures.open(home, VIEWS, TTL_DAYS)
    features.apply()
    features.materialize(MONDAY)
    features.as_of(customer_rows(ANN[:2]))
    features.now([ANN[0]])
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("features")
def test_a_copied_home_joins_its_own_features(home: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("copy"))
    write_view(home, TRANSACTIONS, [(ANN[0], MONDAY, 99.0, *ANN[3:])])
    joined = CustomerFeatures.open(copy, VIEWS, TTL_DAYS).as_of(customer_rows((ANN[0], MONDAY)))
    assert joined["orders"].to_pylist() == [3.0]
