"""Drift of a home: a healthy log is quiet, a fault of the log alarms, and an alarm opens the scorecard early."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.config.shop import read_shop_config
from pipelines.home import Home
from pipelines.learning.drift import measurement as drift
from pipelines.run_context import RunContext
from pipelines.steps import ingest, publish
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from training.monitoring.drift_reference import DriftReference

pytestmark = pytest.mark.slow
LATER = AS_OF + 28


def look(shop: Flywheel, folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame], today: int) -> dict[str, Any]:
    """The drift report of a copy of the shop four weeks later, with a change of its orders."""
    copy = folder / "shop"
    shutil.copytree(shop.folder, copy)
    path = copy / "orders.csv"
    orders = pd.read_csv(path, dtype={"customer": str})
    change(orders).to_csv(path, index=False)
    config, home = read_shop_config(copy / "flywheel.toml"), Home(copy / shop.home.folder.name)
    context = RunContext(config, home, shops.day(today), lambda _: None)
    ingest.run(config, home, context.now.timestamp, lambda _: None)
    publish.run(context)
    drift.run(context)
    report: dict[str, Any] = json.loads(home.drift.read_bytes())
    return report


def test_a_release_ships_with_its_reference(trained_shop: Flywheel) -> None:
    home = trained_shop.home
    path = home.releases / "1" / "monitoring" / "drift_reference.json"
    reference = DriftReference.from_json(path.read_bytes())
    assert reference.as_of == shops.day(AS_OF)
    assert "orders_28d" in reference.inputs
    assert "orders" not in reference.inputs
    assert reference.scores["churn_probability"].n > 300
    assert len(reference.volumes.orders["all"]) == 182


def test_a_healthy_log_is_quiet(trained_shop: Flywheel, tmp_path: Path) -> None:
    report = look(trained_shop, tmp_path, lambda orders: orders, LATER)
    assert (report["release"], report["features_day"]) == ("1", str(shops.day(LATER)))
    assert [volume for volume in report["volumes"] if volume["alarms"]] == []
    assert report["early_scorecard"] is None or report["alarms"]


def test_amounts_a_hundred_times_as_large_alarm_and_open_the_scorecard(trained_shop: Flywheel, tmp_path: Path) -> None:
    def in_cents(orders: pd.DataFrame) -> pd.DataFrame:
        return orders.assign(amount=orders["amount"] * 100)

    report = look(trained_shop, tmp_path, in_cents, LATER)
    alarms = {row["name"] for row in report["inputs"] if row["alarms"]}
    assert "spend_91d" in alarms
    early = report["early_scorecard"]
    assert (early["status"], early["day"], early["question"]) == ("early", str(shops.day(AS_OF)), "orders")
    assert early["populations"]["untreated"]["n"] > 300


def test_lost_orders_alarm_in_the_volume(trained_shop: Flywheel, tmp_path: Path) -> None:
    def without_most_orders(orders: pd.DataFrame) -> pd.DataFrame:
        recent = pd.to_datetime(orders["at"]) >= pd.Timestamp(shops.day(AS_OF))
        lost_baskets = orders["basket"].str[-1].isin(list("01234567"))
        return orders[~(recent & lost_baskets)]

    report = look(trained_shop, tmp_path, without_most_orders, LATER)
    assert any(volume["group"] == "all" and volume["alarms"] for volume in report["volumes"])
