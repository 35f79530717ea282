"""Retraining after a campaign: treated label windows are left out and counted in report, manifest and card."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from features.calendar import micros, start_of_day
from features.decisions.history_tables import DECISIONS_TABLE
from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopSnapshot
from tests.pipelines.learning.loop_shop import drawn_decision
from training.experiments.record.experiment import Arm, Experiment, Metric
from training.experiments.record.experiment_folder import ExperimentFolder
from training.inference.release_manifest import ReleaseManifest

pytestmark = pytest.mark.slow
SENT_ON, TODAY = 100, 180


def send_campaign(home: Home, *, holdout: bool) -> None:
    """Decisions about every customer, of which a quarter is held out at random."""
    customers = sorted(pd.read_parquet(home.history / "orders.parquet")["customer_id"].unique())
    at = micros(start_of_day(shops.day(SENT_ON), shops.ZONE))
    record = Experiment(
        id="mailing",
        arms=(Arm(name="none", control=holdout, share=0.25), Arm(name="mail", share=0.75)),
        outcome=Metric(kind="order", within_days=30),
        ends_on=shops.day(TODAY),
    )
    ExperimentFolder(home.folder).start(record, at, "test")
    rows = [
        drawn_decision(record, f"d{number}", customer, at, control=number % 4 == 0)
        for number, customer in enumerate(customers)
    ]
    DECISIONS_TABLE.write(home.history, DECISIONS_TABLE.build(rows, {}))


@pytest.mark.parametrize("holdout", [True, False])
def test_treated_windows_are_left_out_where_somebody_was_held_out(
    grown_shop_snapshot: ShopSnapshot, *, holdout: bool
) -> None:
    shop: Flywheel = grown_shop_snapshot.restore()
    send_campaign(shop.home, holdout=holdout)
    result = shop("evaluate", "--as-of", shops.day(TODAY))
    assert result.status == 0, result.err
    remedy = "training and tests leave them out" if holdout else "nobody was held out at random"
    assert "saw a treatment" in result.err + result.out
    assert remedy in " ".join((result.err + result.out).split())


def test_the_manifest_and_the_card_count_them(grown_shop_snapshot: ShopSnapshot) -> None:
    shop = grown_shop_snapshot.restore()
    send_campaign(shop.home, holdout=True)
    result = shop("train", "--as-of", shops.day(TODAY), "--json")
    assert result.status == 0, result.err
    manifest = ReleaseManifest.read(shop.home.releases / "2")
    counts = manifest.treated_windows
    assert 0 < counts["left_out"] == counts["treated"] < counts["windows"]
    cards = [path.read_text() for path in shop.home.folder.rglob("card.md")]
    assert any(f"{counts['treated']:,} of {counts['windows']:,} label windows" in card for card in cards)
    assert json.loads((shop.home.releases / "2" / "release.json").read_text())["treated_windows"] == counts
