"""A small shop for audience tests: a scores table, a fake consent check, and model cards with back-test errors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans
from serving.audiences.builder import AudienceContext, AudienceResult, TableConsents, build_audience
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest
from tests.serving.audiences.tables import ZONE, columns

SECRET = b"of a little shop"
NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
TYPES = {
    "as_of": pa.timestamp("us", tz="UTC"),
    "release": pa.string(),
    "churn_probability": pa.float64(),
    "churn_horizon_days": pa.int32(),
    "purchase_probability_30d": pa.float64(),
    "purchase_probability_60d": pa.float64(),
    "ltv_30d_mean": pa.float64(),
    "ltv_90d_mean": pa.float64(),
    "expected_orders_90d": pa.float64(),
    "value_tier": pa.string(),
    "segments": pa.list_(pa.string()),
}


def customers(number: int) -> list[dict[str, Any]]:
    """Customers 000, 001, ...: churn probability and value rise from one to the next; the last has no values."""
    known = [
        {
            "customer_id": f"{index:03d}",
            "as_of": datetime(2026, 6, 1, tzinfo=UTC),
            "release": "7",
            "churn_probability": index / number,
            "churn_horizon_days": 90,
            "purchase_probability_30d": 0.5,
            "purchase_probability_60d": 0.75,
            "ltv_30d_mean": float(index),
            "ltv_90d_mean": 3.0 * index,
            "expected_orders_90d": 1.5,
            "value_tier": ("gold", "silver", "silver")[index % 3],
            "segments": ["weekend"] if index % 2 else [],
        }
        for index in range(number - 1)
    ]
    return [*known, {"customer_id": f"{number - 1:03d}", "as_of": datetime(2026, 6, 1, tzinfo=UTC), "release": "7"}]


class FakeConsent:
    """A consent check with a set of refused customers, which may change while an audience is read."""

    def __init__(self, refused: Sequence[str] = ()) -> None:
        self.refused = set(refused)
        self.checked = 0

    def __call__(self, ids: pa.StringArray) -> Booleans:
        self.checked += len(ids)
        refused = pc.is_in(ids, value_set=pa.array(sorted(self.refused), pa.string()))
        return ~np.asarray(refused.to_numpy(zero_copy_only=False), np.bool_)


def card(measure: str, days: int, log_ratio: float = 0.1) -> dict[str, Any]:
    """The totals of a card, from a back-test with one origin."""
    overall, group = {"log_ratio": log_ratio, "noise": 0.01}, {"log_ratio": log_ratio / 2, "noise": 0.01}
    origin = {"origin": "2026-03-01", "customers": 9, "all_customers": overall, "groups": [group] * 5}
    return {"measure": measure, "horizon_days": days, "edges": [1.0] * 4, "dispersion": 1.0, "origins": [origin]}


WINDOW = {"start": "2024-01-01", "end": "2026-06-01"}
CARDS = [
    {"name": "next_purchase", "training_window": WINDOW, "totals": [card("buyers", 90)]},
    {"name": "ltv", "training_window": WINDOW, "totals": [card("orders", 90), card("spend", 90)]},
]


def audience_context(cards: Sequence[dict[str, Any]] = CARDS) -> AudienceContext:
    return AudienceContext(zone=ZONE, bands=(0.3, 0.7), currency="EUR", cards=cards, secret=SECRET)


def small_table(folder: Path, number: int = 60) -> Columns:
    """A scores table of this many customers."""
    return columns(folder, customers(number), TYPES)


def table_consents(reachable: FakeConsent, profiled: FakeConsent | None = None) -> TableConsents:
    """Consents of a whole table; by default everybody consents to profiling."""
    allowed = profiled or FakeConsent()
    return TableConsents(lambda table: reachable(table.ids), lambda table: allowed(table.ids))


def count_audience(
    shop: Columns,
    consent: FakeConsent | None = None,
    profiled: FakeConsent | None = None,
    smallest_audience: int = 0,
    **body: Any,  # noqa: ANN401 - any JSON
) -> AudienceResult:
    """The audience of a request."""
    allowed = consent or FakeConsent()
    return build_audience(
        AudienceRequest.model_validate(body),
        shop,
        table_consents(allowed, profiled),
        audience_context(),
        "imported 2026-06-01",
        smallest_audience,
    )
