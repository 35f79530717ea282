"""Uplift in a shop: an experiment with a planted effect is learned from, released, scored and served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from features.calendar import DAY_US, micros, start_of_day
from features.decisions.backends import open_decisions
from features.decisions.records import Decision
from features.online.backends import LMDB
from pipelines.home import Home
from pipelines.learning.folding import fold
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopOf
from tests.pipelines.shops import Log
from training.experiments.experiment import Arm, Experiment, Metric
from training.experiments.experiment_folder import ExperimentFolder
from training.inference.release_manifest import ReleaseManifest
from training.models import load_release

pytestmark = pytest.mark.slow

DECIDED, AS_OF, WITHIN_DAYS = 180, 200, 14  # days after the opening
EXPERIMENT = Experiment(
    id="coupon",
    arms=(Arm(name="none", control=True), Arm(name="ten-percent", cost=1.0)),
    outcome=Metric(kind="order", within_days=WITHIN_DAYS),
    ends_on=shops.day(AS_OF),
)


def planted() -> tuple[Log, list[Decision]]:
    """A shop in which the coupon brings half of the regular customers back within days, and nobody else."""
    log, rng = shops.simulate_log(1_500, AS_OF), np.random.default_rng(1)
    known = log.orders[(log.orders["at"] < pd.Timestamp(shops.day(DECIDED))) & (log.orders["customer"] != "")]
    baskets = known.groupby("customer")["basket"].nunique()
    treated = rng.uniform(size=len(baskets)) < 0.5
    moved = treated & (baskets.to_numpy() >= 6) & (rng.uniform(size=len(baskets)) < 0.5)
    decided_at = micros(start_of_day(shops.day(DECIDED), shops.ZONE)) + DAY_US // 2
    decisions = [
        Decision(
            decision_id=f"d{number}", experiment_id=EXPERIMENT.id, epoch=1, customer_id=customer, decided_at=decided_at,
            arm=EXPERIMENT.arm_names[int(is_treated)], probabilities=(0.5, 0.5), probability=0.5, reason="drawn",
        )
        for number, (customer, is_treated) in enumerate(zip(baskets.index, treated, strict=True))
    ]  # fmt: skip
    caused = known.drop_duplicates("customer").set_index("customer").loc[baskets.index[moved]].reset_index()
    caused["at"] = pd.Timestamp(shops.day(DECIDED + 3)) + pd.Timedelta(hours=10)
    caused["loaded_at"] = pd.NaT
    caused["basket"] = [f"c{number}" for number in range(len(caused))]
    orders = pd.concat([log.orders, caused[log.orders.columns].astype(log.orders.dtypes)], ignore_index=True)
    return log.with_orders(orders.sort_values(["at", "basket"], ignore_index=True)), decisions


def start_experiment(home: Home, decisions: list[Decision]) -> None:
    """Start the experiment and log its decisions."""
    ExperimentFolder(home.folder).start(EXPERIMENT, decisions[0].decided_at - 1, "tests")
    log = open_decisions(home.folder, LMDB)
    for first in range(0, len(decisions), 500):
        log.record(decisions[first : first + 500])


@pytest.fixture(scope="module")
def decisions() -> list[Decision]:
    return planted()[1]


@pytest.fixture(scope="module")
def shop(shop_of: ShopOf, decisions: list[Decision]) -> Flywheel:
    flywheel = shop_of(planted()[0])
    assert flywheel("ingest").status == 0
    start_experiment(flywheel.home, decisions)
    fold(flywheel.home)
    result = flywheel("run", "--as-of", shops.day(AS_OF), "--json")
    assert result.status == 0, result.err
    return flywheel


@pytest.fixture(scope="module")
def manifest(shop: Flywheel) -> dict[str, Any]:
    return shop.release


def test_the_release_names_the_experiment_and_ranks_customers(manifest: dict[str, Any]) -> None:
    evidence = manifest["metadata"]["uplift"]
    assert (evidence["experiment_id"], evidence["arm"], evidence["control"]) == ("coupon", "ten-percent", "none")
    assert evidence["policy"] not in (None, "everybody", "nobody")
    assert evidence["qini"]["low"] > 0
    assert manifest["model_versions"]["uplift"] == "1"
    assert [card["name"] for card in manifest["cards"]][-1] == "uplift"


def test_scored_customers_have_the_planted_uplift(shop: Flywheel) -> None:
    scores = pq.read_table(shop.home.scores).to_pandas()
    regulars, others = scores[scores["orders"] >= 8], scores[scores["orders"].between(1, 3)]
    assert regulars["uplift"].mean() > 0.2
    assert abs(others["uplift"].mean()) < 0.1
    assert (scores["uplift_low"] <= scores["uplift"]).all()
    assert set(scores["uplift_experiment"]) == {"coupon"}
    assert "uplift_tier" not in scores


def test_a_worker_loads_the_release_and_answers_as_it_was_scored(shop: Flywheel) -> None:
    release = load_release(shop.home.releases / str(shop.home.champion()))
    assert (
        release.metadata.uplift == ReleaseManifest.read(shop.home.releases / str(shop.home.champion())).metadata.uplift
    )
