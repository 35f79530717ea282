"""Minimal home: a few customers, and a release that predicts with the rates of the population tier alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from features.online.backends import LMDB, open_store, resolve_location
from features.online.codec import Codec, ViewRows
from features.online.feature_rows import RaggedList
from features.transformations.on_demand import input_names
from features.views import Column, Kind, View
from tests.serving.fakes import DAY, METADATA, TODAY
from tests.tiered_models import single_tier_model
from training.inference.release import write_release
from training.inference.release_manifest import GateResult, ReleaseManifest
from training.inference.serialization import serialize_tiered_model
from training.inference.spend_distribution import SpendDistribution
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.population import PopulationTier

NUMBERS = {
    "orders": 3.0,
    "first_order_at": float(TODAY - 200 * DAY),
    "last_order_at": float(TODAY - 20 * DAY),
    "orders_91d": 1.0,
    "mean_gap_days": 90.0,
    "median_gap_days": 90.0,
    "p90_gap_days": 110.0,
    "spend": 120.0,
    "mean_order": 40.0,
}
LISTS = ("recent_days", "recent_orders", "recent_spend")
TRANSACTIONS = View(
    "transactions",
    (*(Column(name, Kind.FLOAT, name) for name in NUMBERS), *(Column(name, Kind.FLOATS, name) for name in LISTS)),
)
HORIZONS = (30, 90, 365)


def publish(home: Path, customer_ids: Sequence[str], online: str = LMDB) -> None:
    """Write the same features of three orders for each customer into the online store."""
    n = len(customer_ids)
    rows = ViewRows(
        event_at=np.full(n, TODAY, np.int64),
        created_at=np.zeros(n, np.int64),
        scalars=np.tile(np.array([*NUMBERS.values()]), (n, 1)),
        nulls=np.zeros((n, len(TRANSACTIONS.columns)), np.bool_),
        lists=tuple(RaggedList(offsets=np.zeros(n + 1, np.int64), values=np.zeros(0)) for _ in LISTS),
    )
    with open_store(resolve_location(online, home)).write_transaction() as writer:
        writer.replace(TRANSACTIONS.name, dict(zip(customer_ids, Codec(TRANSACTIONS).pack(rows), strict=True)))


def promote(home: Path, version: str, hazards: Sequence[float] = (0.5, 0.5)) -> None:
    """Write a release with these hazards per 90 days, and make it the champion."""
    folder = home / "releases" / version
    folder.mkdir(parents=True)
    names = input_names((*NUMBERS,), LISTS)
    manifest = ReleaseManifest(
        model_versions={"churn": version, "next_purchase": version, "ltv": version},
        metadata=METADATA,
        views=(TRANSACTIONS,),
        cards=[{"name": "churn", "version": version}],
        tiered_model=serialize_tiered_model(population_model(names, hazards), names),
        churn_sample=[0.1, 0.3, 0.5, 0.7],
        gate=GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[]),
    )
    write_release(folder, manifest, {})
    temporary_path = home / "releases" / "champion.tmp"
    temporary_path.write_text(version)
    temporary_path.replace(home / "releases" / "champion")


def population_model(names: tuple[str, ...], hazards: Sequence[float]) -> TieredModel:
    """A tiered model that has the population tier alone."""
    population_tier = PopulationTier(
        names=names,
        learned=HORIZONS,
        edges=(0.0, 90.0, 180.0),
        hazards=tuple(hazards),
        orders_per_buyer=(1.1, 1.6, 4.2),
        order_value=40.0,
        own_value_weight=1.0,
        scale=(1.0, 1.0, 1.0),
    )
    ratios = tuple(SpendDistribution(bands=(), levels=(0.0, 0.5, 1.0), ratios=((0.2, 0.9, 3.0),)) for _ in HORIZONS)
    return single_tier_model(population_tier, HorizonLayout(METADATA.churn_days, HORIZONS, HORIZONS, 1.0, 1.0, ratios))
