"""Cards of a release: each simple tier beside the one that answers, parts of the customers, and the run in MLflow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipelines.command import Flywheel
from training.registry.release_records import ReleaseRecords

pytestmark = pytest.mark.slow


def card(shop: Flywheel, name: str) -> dict[str, Any]:
    cards: list[dict[str, Any]] = shop.release["cards"]
    return next(each for each in cards if each["name"] == name)


@pytest.mark.parametrize("model", ["churn", "next_purchase", "ltv"])
def test_every_simple_tier_is_compared_on_the_same_customers(trained_shop: Flywheel, model: str) -> None:
    compared = card(trained_shop, model)["simple_tiers"]
    assert [each["tier"] for each in compared] == ["btyd", "population"]
    for each in compared:
        assert each["gain"] == pytest.approx(each["loss"] - each["tested_loss"], abs=2e-6)
        assert each["gain_low"] < each["gain"] < each["gain_high"]


def test_the_parts_are_of_the_newest_test_and_each_has_a_range(trained_shop: Flywheel) -> None:
    churn = card(trained_shop, "churn")
    everybody, *parts = churn["slices"]
    newest = next(score for score in churn["metrics"] if score["contestant"] == churn["tier"])
    assert (everybody["part"], everybody["auc"]) == ("everybody", pytest.approx(newest["auc"], abs=1e-6))
    assert {"one-time buyers", "regulars (5 orders or more)"} <= {part["part"] for part in parts}
    assert all(part["low"] <= part["auc"] <= part["high"] and part["customers"] >= 30 for part in parts)


def test_the_home_knows_the_run_of_its_release(trained_shop: Flywheel) -> None:
    version = str(trained_shop.home.champion())
    registered = trained_shop.home.registry().client.get_model_version("release", version)
    assert ReleaseRecords.of_home(trained_shop.home.folder).read()[version].run_id == registered.run_id
