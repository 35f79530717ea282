"""Speed: what economics add to the time of an audience."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from serving.audiences.builder import AudienceContext, TableConsents, build_audience
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceRequest

REPEATS = 5
BEST_FIRST = {"column": "ltv_90d_mean", "descending": True}
PRICES: dict[str, Any] = {"margin": 0.3, "contact_cost": 0.1, "budget": 20_000.0}
ECONOMICS: dict[str, dict[str, Any]] = {
    "costs and value at stake": PRICES,
    "an offer paid on order": {**PRICES, "offer_cost": 2.0},
    "the same, with an assumed effect": {**PRICES, "offer_cost": 2.0, "assumed_uplift": 0.02},
}


@dataclass(frozen=True)
class SpeedRow:
    """Milliseconds of processor time of an audience without economics, and what they add."""

    name: str
    audience: float
    added: float


def measure_speed(folder: Path, customers: int) -> list[SpeedRow]:
    """Measure on a simulated table, by id and in the order of expected spend."""
    columns = _write_scores(folder, customers)
    rows = []
    for order, body in (("by id", {}), ("by expected spend", {"order_by": BEST_FIRST})):
        without = _milliseconds(columns, body)
        rows += [
            SpeedRow(f"{name}, {order}", without, _milliseconds(columns, {**body, "economics": economics}) - without)
            for name, economics in ECONOMICS.items()
        ]
    return rows


def _milliseconds(columns: Columns, body: dict[str, Any]) -> float:
    request, everybody = AudienceRequest.model_validate(body), np.ones(len(columns), np.bool_)
    consents = TableConsents(lambda _: everybody, lambda _: everybody)
    context = AudienceContext(zone=ZoneInfo("UTC"), bands=(0.3, 0.7), currency="EUR", cards=(), secret=b"")
    seconds = []
    for _ in range(REPEATS):
        started = time.process_time()
        build_audience(request, columns, consents, context, "1", 10)
        seconds.append(time.process_time() - started)
    return 1e3 * min(seconds)


def _write_scores(folder: Path, customers: int) -> Columns:
    rng = np.random.default_rng(0)
    columns: dict[str, Any] = {
        "customer_id": [f"{number:09d}" for number in range(customers)],
        "as_of": pa.array([datetime(2026, 6, 1, tzinfo=UTC)] * customers, pa.timestamp("us", tz="UTC")),
        "release": ["7"] * customers,
        "churn_probability": rng.beta(0.6, 0.9, customers),
        "purchase_probability_90d": rng.beta(0.9, 0.6, customers),
        "expected_orders_90d": rng.gamma(0.7, 2.0, customers),
        "ltv_90d_mean": rng.gamma(0.7, 60.0, customers),
    }
    pq.write_table(pa.table(columns), folder / "scores.parquet")
    return ScoresFile(folder / "scores.parquet").columns()
