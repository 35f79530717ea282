"""Prediction snapshots: one file per day and release, thinned to weeks, reached by erasure."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.calendar import micros, start_of_day
from features.consents.profiling_scope import ProfilingScope
from features.history import Cutoff
from pipelines.home import Home
from pipelines.learning.predictions.prediction_snapshots import (
    P_ORDER,
    remove_withdrawn,
    snapshots,
    thin_out,
    write_snapshot,
)
from serving.privacy.erasure import delete_from_tables
from training.inference.release_manifest import ReleaseMetadata

ZONE = ZoneInfo("Europe/Amsterdam")
DAY = date(2024, 9, 2)  # a Monday


def metadata(trained: date) -> ReleaseMetadata:
    return ReleaseMetadata(
        as_of=micros(start_of_day(trained, ZONE)), name="shop", currency="EUR", timezone=str(ZONE), churn_days=60,
        ltv_days=(30,), lead_days=5, bands=(0.3, 0.7), max_feature_age_days=3, feature_service="x", has_amounts=True,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    scores = {
        "customer_id": ["ann", "bob", "cem"],
        "churn_probability": [0.25, 0.5, None],
        "expected_orders_30d": [1.5, 0.5, None],
        "ltv_30d_mean": [30.0, 10.0, None],
        "ltv_30d_median": [25.0, 5.0, None],
        "ltv_30d_p10": [0.0, 0.0, None],
        "ltv_30d_p90": [80.0, 20.0, None],
        "segment": ["a", "b", "c"],
    }
    pq.write_table(pa.table(scores), tmp_path / "scores.parquet")
    return Home(tmp_path)


def take(home: Home, day: date, release: str = "3", trained: date = DAY) -> Path | None:
    return write_snapshot(home, home.scores, metadata(trained), release, Cutoff.from_day(day, ZONE))


def test_a_snapshot_has_what_was_predicted_for_whom(home: Home) -> None:
    take(home, DAY)
    (snapshot,) = snapshots(home)
    assert (snapshot.day, snapshot.release, snapshot.churn_days) == (DAY, "3", 60)
    assert snapshot.read().to_pylist()[0] == {
        "customer_id": "ann", P_ORDER: 0.75, "expected_orders_30d": 1.5,
        "spend_30d_mean": 30.0, "spend_30d_p10": 0.0, "spend_30d_p90": 80.0,
    }  # fmt: skip
    assert snapshot.read()["customer_id"].to_pylist() == ["ann", "bob"]


def test_a_release_that_was_trained_later_predicts_nothing(home: Home) -> None:
    assert take(home, DAY, trained=DAY + timedelta(days=1)) is None
    assert snapshots(home) == []


def test_scoring_a_day_again_replaces_its_snapshot(home: Home) -> None:
    take(home, DAY)
    take(home, DAY)
    take(home, DAY, release="4")
    assert [snapshot.release for snapshot in snapshots(home)] == ["3", "4"]


def test_older_weeks_keep_their_first_day(home: Home) -> None:
    for number in range(70):
        take(home, DAY + timedelta(days=number))
    assert thin_out(home, datetime(2000, 1, 1, tzinfo=UTC)) == 29
    assert [(snapshot.day - DAY).days for snapshot in snapshots(home)] == [0, 7, 14, 21, 28, *range(34, 70)]


def test_a_snapshot_goes_by_the_day_it_was_written_even_after_an_erasure(home: Home) -> None:
    os.utime(home.scores, (0, 0))
    take(home, DAY)
    os.utime(home.scores)
    take(home, DAY + timedelta(days=1))
    delete_from_tables(home.folder, ["ann"])
    assert thin_out(home, datetime.now(UTC) - timedelta(days=400)) == 1
    assert [snapshot.day for snapshot in snapshots(home)] == [DAY + timedelta(days=1)]


def test_an_erased_customer_leaves_every_snapshot(home: Home) -> None:
    take(home, DAY)
    take(home, DAY + timedelta(days=1))
    assert delete_from_tables(home.folder, ["ann"])["predictions"] == 2
    assert [snapshot.read()["customer_id"].to_pylist() for snapshot in snapshots(home)] == [["bob"], ["bob"]]
    assert {snapshot.churn_days for snapshot in snapshots(home)} == {60}


@pytest.mark.parametrize("scope", [ProfilingScope(True, ("ann",)), ProfilingScope(False, ("bob",))], ids=["no", "yes"])
def test_whoever_withdraws_consent_leaves_every_snapshot(home: Home, scope: ProfilingScope) -> None:
    for day in (DAY, DAY + timedelta(days=1)):
        take(home, day)
    assert remove_withdrawn(home, scope) > 0
    for snapshot in snapshots(home):
        assert snapshot.read()["customer_id"].to_pylist() == ["bob"]
        assert snapshot.churn_days > 0
    assert remove_withdrawn(home, scope) == 0
