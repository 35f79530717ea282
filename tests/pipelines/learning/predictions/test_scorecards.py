"""Scorecards of a home: a campaign is no alarm, a worse world is one, and nothing is judged before it is over."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from features.consents.consent import ALL_CHANNELS, PROFILING, Consent
from pipelines.learning.predictions import scorecards
from pipelines.learning.predictions.matured_snapshots import recording_lag_days
from pipelines.learning.predictions.scorecard_file import read_scorecards
from tests.pipelines.learning.loop_shop import CUSTOMERS, HORIZON, PREDICTED_ON, LoopShop, open_shop

pytestmark = pytest.mark.slow
OVER = PREDICTED_ON + HORIZON


def judge(shop: LoopShop, model_store: Path, today: int = OVER) -> dict[str, dict[str, Any]]:
    """The newest records of the shop by question."""
    if not (shop.home.folder / "mlflow.db").is_file():
        shutil.copyfile(model_store, shop.home.folder / "mlflow.db")
    scorecards.run(shop.context(today))
    return {record["question"]: record for record in read_scorecards(shop.home)}


def ratio(record: dict[str, Any], population: str) -> float:
    value: float = record["populations"][population]["metrics"]["observed_over_expected"]["value"]
    return value


@pytest.fixture(scope="module")
def campaign_shop(tmp_path_factory: pytest.TempPathFactory) -> LoopShop:
    """A shop whose campaign triples the orders of the treated; predictions are the truth without it."""
    shop = open_shop(tmp_path_factory.mktemp("campaign"), boost=3.0)
    shop.take_snapshot()
    return shop


def test_nothing_is_judged_before_its_window_is_over(campaign_shop: LoopShop, model_store: Path) -> None:
    assert judge(campaign_shop, model_store, OVER - 1) == {}


def test_a_campaign_that_works_is_as_expected_on_the_untreated(campaign_shop: LoopShop, model_store: Path) -> None:
    records = judge(campaign_shop, model_store)
    assert {name: record["status"] for name, record in records.items()} == {
        "order": "as_expected",
        "orders": "as_expected",
        "spend": "as_expected",
    }
    assert ratio(records["orders"], "untreated") == pytest.approx(1, abs=0.08)
    assert ratio(records["orders"], "treated") > 2
    sizes = [records["order"]["populations"][name]["n"] for name in ("untreated", "everybody", "treated")]
    assert sizes[1] == CUSTOMERS
    assert sizes[0] + sizes[2] == CUSTOMERS


def test_judging_again_changes_nothing(campaign_shop: LoopShop, model_store: Path) -> None:
    judge(campaign_shop, model_store)
    before = campaign_shop.home.scorecards.read_bytes()
    assert scorecards.run(campaign_shop.context(OVER)).judged == 0
    assert campaign_shop.home.scorecards.read_bytes() == before


def test_a_world_that_became_worse_alarms_on_the_untreated(tmp_path: Path, model_store: Path) -> None:
    shop = open_shop(tmp_path, boost=3.0, level=0.6)
    shop.take_snapshot()
    record = judge(shop, model_store)["order"]
    assert record["status"] == "alarm"
    assert "observed for 1 expected" in record["reasons"][0]


def test_a_campaign_without_a_holdout_is_not_judged(tmp_path: Path, model_store: Path) -> None:
    shop = open_shop(tmp_path, boost=3.0, holdout=False)
    shop.take_snapshot()
    record = judge(shop, model_store)["order"]
    assert record["status"] == "not_judged"
    assert record["reasons"][0].startswith("campaigns ran; not judged: 40.0% of the customers")


def test_a_customer_who_objects_later_is_not_judged(tmp_path: Path, model_store: Path) -> None:
    shop = open_shop(tmp_path)
    shop.take_snapshot()
    shop.home.ledger().record({"c0001": [Consent(PROFILING, ALL_CHANNELS, granted=False, changed_at=0)]})
    record = judge(shop, model_store)["order"]
    assert record["populations"]["everybody"]["n"] == CUSTOMERS - 1


def test_late_recorded_orders_delay_the_judgement(tmp_path: Path, model_store: Path) -> None:
    shop = open_shop(tmp_path, late_days=5)
    shop.take_snapshot()
    assert recording_lag_days(shop.context(OVER).history) == 5
    assert judge(shop, model_store, OVER + 4) == {}
    assert judge(shop, model_store, OVER + 5)["order"]["status"] == "as_expected"
