"""Surroundings of a test: a home in a folder, a fixed time, and a machine whose ports and disk are given."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.diagnostics.check import Check, CheckResult, run_check
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.home import Home
from training.inference.release_manifest import GateResult, ReleaseManifest, ReleaseMetadata

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
NOBODY: Mapping[int, str] = MappingProxyType({})
CONFIG = """
name = "corner-shop"
currency = "EUR"
timezone = "Europe/Amsterdam"

[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
amount = "amount"
"""
PASSED = GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[])


def surroundings_of(
    folder: Path, now: datetime = NOW, ports: Mapping[int, str] = NOBODY, free_bytes: int = 10**11
) -> Surroundings:
    """Surroundings of the shop in a folder."""
    return Surroundings(Home(folder / ".flywheel"), folder / "flywheel.toml", now, ports.get, lambda _: free_bytes)


def result_of(check: Check, folder: Path, **options: object) -> CheckResult:
    """The result of one check on the shop in a folder."""
    return run_check(check, surroundings_of(folder, **options))  # type: ignore[arg-type]


def level_and_found(check: Check, folder: Path, **options: object) -> tuple[str, str]:
    """Level and finding of one check on the shop in a folder."""
    result = result_of(check, folder, **options)
    return result.level, result.found


def write_config(folder: Path, text: str = CONFIG) -> None:
    """Write the flywheel.toml and a log of one order."""
    (folder / "flywheel.toml").write_text(text)
    (folder / "orders.csv").write_text("customer,at,amount\nann,2026-11-20 10:00,5\n")


def write_history(home: Path, last_order_at: datetime, config: str = "c", source: str = "s") -> None:
    """Write a history of one order."""
    (home / "history").mkdir(parents=True)
    table = {"table": "orders", "lines": 1, "without_customer": 0, "duplicates": 0, "excluded": 0, "rejected": 0}
    table |= {"overlapping": 0, "written": 1, "customers": 1, "columns": ["customer_id", "ordered_at"]}
    manifest = {"config": config, "source": source, "tables": [table], "notes": []}
    (home / "history/manifest.json").write_text(json.dumps(manifest))
    instants = pa.array([last_order_at], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"ordered_at": instants}), home / "history/orders.parquet")


def write_features(home: Path, day: date) -> None:
    """Write the record of features that were published for a day."""
    (home / "features").mkdir(parents=True, exist_ok=True)
    (home / "features/published.json").write_text(json.dumps({"fingerprint": "f", "as_of": day.isoformat()}))


def write_champion(home: Path, trained_as_of: datetime, version: str = "1", gate: GateResult = PASSED) -> None:
    """Write the manifest of a release, and make it the champion."""
    metadata = ReleaseMetadata(
        as_of=int(trained_as_of.timestamp() * 1e6),
        name="corner-shop",
        currency="EUR",
        timezone="Europe/Amsterdam",
        churn_days=60,
        ltv_days=(30, 365),
        lead_days=5,
        bands=(0.3, 0.7),
        max_feature_age_days=7,
        feature_service="predictions_v1",
        has_amounts=True,
    )
    manifest = ReleaseManifest(
        model_versions={"churn": version},
        metadata=metadata,
        views=(),
        cards=[],
        tiered_model={"tier_by_model": {"churn": "average", "ltv": "btyd"}},
        churn_sample=[],
        gate=gate,
    )
    (home / "releases" / version).mkdir(parents=True)
    (home / "releases" / version / "release.json").write_text(manifest.to_text())
    (home / "releases/champion").write_text(f"{version}\n")


def write_scores(home: Path, as_of: datetime, release: str = "1", customers: int = 2) -> None:
    """Write a scores table with the columns that name its release and its instant."""
    home.mkdir(parents=True, exist_ok=True)
    columns = {
        "customer_id": pa.array([f"c{number}" for number in range(customers)]),
        "as_of": pa.array([as_of] * customers, pa.timestamp("us", "UTC")),
        "release": pa.array([release] * customers),
    }
    pq.write_table(pa.table(columns), home / "scores.parquet")
    os.utime(home / "scores.parquet", (as_of.timestamp(), as_of.timestamp()))
