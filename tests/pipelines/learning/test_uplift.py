"""Uplift in a shop: an experiment with a planted effect is learned from, released, scored and served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from features.calendar import DAY_US, micros, start_of_day
from features.decisions.backends import open_decisions
from features.decisions.records import Decision
from features.online.backends import LMDB
from pipelines.home import Home
from pipelines.learning.decisions.folding import fold
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopOf
from tests.pipelines.service import request_predictions, service_of
from tests.pipelines.shops import Log
from training.experiments.record.experiment import Arm, Experiment, Metric
from training.experiments.record.experiment_folder import ExperimentFolder
from training.inference.uplift.evidence import UpliftEvidence
from training.models import load_release

pytestmark = pytest.mark.slow

DECIDED, AS_OF, WITHIN_DAYS = 140, 190, 14  # days after the opening; lines are loaded up to 20 days late
FEW_ORDERS = 3
EXPERIMENT = Experiment(
    id="coupon",
    arms=(Arm(name="none", control=True), Arm(name="ten-percent", cost=1.0)),
    outcome=Metric(kind="order", within_days=WITHIN_DAYS),
    ends_on=shops.day(AS_OF),
)


def planted_shop() -> tuple[Log, list[Decision]]:
    """A shop in which the coupon brings back most customers with few orders, and nobody else."""
    log, rng = shops.simulate_log(900, AS_OF), np.random.default_rng(1)
    known = log.orders[(log.orders["at"] < pd.Timestamp(shops.day(DECIDED))) & (log.orders["customer"] != "")]
    baskets = known.groupby("customer")["basket"].nunique()
    treated = rng.uniform(size=len(baskets)) < 0.5
    moved = treated & (baskets.to_numpy() <= FEW_ORDERS) & (rng.uniform(size=len(baskets)) < 0.6)
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
    return planted_shop()[1]


@pytest.fixture(scope="module")
def shop(shop_of: ShopOf, decisions: list[Decision]) -> Flywheel:
    flywheel = shop_of(planted_shop()[0])
    assert flywheel("ingest").status == 0
    start_experiment(flywheel.home, decisions)
    fold(flywheel.home)
    result = flywheel.start("run", "--as-of", shops.day(AS_OF), "--json").wait(600)
    assert result.status == 0, result.err
    return flywheel


@pytest.fixture(scope="module")
def evidence(shop: Flywheel) -> dict[str, Any]:
    return dict(shop.release["metadata"]["uplift"])


def test_the_release_names_the_experiment_and_ranks_customers(shop: Flywheel, evidence: dict[str, Any]) -> None:
    assert (evidence["experiment_id"], evidence["arm"], evidence["control"]) == ("coupon", "ten-percent", "none")
    assert evidence["policy"] not in (None, "everybody", "nobody")
    assert evidence["qini"]["low"] > 0
    assert shop.release["model_versions"]["uplift"] == "1"
    assert [card["name"] for card in shop.release["cards"]][-1] == "uplift"


def test_its_registered_version_has_a_card(shop: Flywheel) -> None:
    (version,) = shop.home.registry().client.search_model_versions("name = 'uplift'")
    assert "Learned from the experiment `coupon`, arm `ten-percent` against `none`" in str(version.description)


def test_scored_customers_have_the_planted_uplift(shop: Flywheel) -> None:
    scores = pq.read_table(shop.home.scores).to_pandas()
    few, many = scores[scores["orders"].between(1, FEW_ORDERS)], scores[scores["orders"] >= 3 * FEW_ORDERS]
    assert few["uplift"].mean() > 0.25
    assert abs(many["uplift"].mean()) < 0.15
    assert (scores["uplift_low"] <= scores["uplift"]).all()
    assert (scores["uplift"] <= scores["uplift_high"]).all()
    assert set(scores["uplift_experiment"]) == {"coupon"}
    assert "uplift_tier" not in scores


def test_a_worker_loads_the_release_with_its_evidence(shop: Flywheel, evidence: dict[str, Any]) -> None:
    release = load_release(shop.home.releases / str(shop.home.champion()))
    assert release.metadata.uplift == UpliftEvidence.from_json(evidence)


def test_the_service_answers_as_it_was_scored(shop: Flywheel) -> None:
    row = pq.read_table(shop.home.scores).filter(pc.field("orders") > 0).slice(0, 1).to_pylist()[0]
    with service_of(shop.home, shops.day(AS_OF)) as client:
        (answer,) = request_predictions(client, [row["customer_id"]], as_of=row["as_of"].isoformat())
        models = client.get("/v1/models").raise_for_status().json()
    uplift = answer["uplift"]
    assert (uplift["uplift"], uplift["low"], uplift["high"]) == (row["uplift"], row["uplift_low"], row["uplift_high"])
    assert (uplift["status"], uplift["evidence"], uplift["reason"]) == ("scored", "randomised", None)
    assert (uplift["policy"], uplift["experiment_id"]) == (row["uplift_policy"], "coupon")
    assert answer["ltv"]["tier"] == "average"
    assert "tier" not in uplift
    assert models["model_versions"]["uplift"] == "1"


def test_the_same_experiment_trains_the_same_release(shop: Flywheel) -> None:
    assert "was trained on the same data" in shop("train", "--as-of", shops.day(AS_OF)).err


def test_price_sensitivity_rests_on_the_experiment(shop: Flywheel) -> None:
    scores = pq.read_table(shop.home.scores).to_pandas()
    assert set(scores["price_sensitivity_evidence"]) == {"experiment"}
    assert scores["price_sensitivity"].tolist() == scores["uplift"].clip(0, 1).tolist()
