"""Scored home: a home with the scores table of a small shop, and the consents at the time of scoring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from features.consents.ledger import Ledger
from pipelines.scoring.column_catalogue import describe_columns
from pipelines.scoring.consent_columns import ConsentColumns, consented_customers
from serving.audiences.query.column_descriptions import description_metadata
from tests.serving.fakes import METADATA
from training.inference.answers.answer import Horizons
from training.inference.release_manifest import MANIFEST_FILE, GateResult, ReleaseManifest

COLUMNS = {
    "as_of": pa.timestamp("us", tz="UTC"),
    "release": pa.string(),
    "churn_probability": pa.float64(),
    "purchase_probability_30d": pa.float64(),
    "ltv_90d_mean": pa.float64(),
    "value_tier": pa.string(),
    "segments": pa.list_(pa.string()),
}
DESCRIPTIONS = describe_columns(Horizons(churn_days=90, ltv_days=(30, 90)), ())
ERROR = {"log_ratio": 0.1, "noise": 0.01}
ORIGIN = {"origin": "2026-03-01", "customers": 9, "all_customers": ERROR, "groups": [ERROR] * 5}
TOTALS = {"edges": [1.0] * 4, "dispersion": 1.0, "origins": [ORIGIN]}
WINDOW = {"start": "2024-11-21", "end": "2026-11-21"}
CARDS = [{"training_window": WINDOW, "totals": [{"measure": "buyers", "horizon_days": 30, **TOTALS}]}]


def scores_row(number: int, total: int) -> dict[str, Any]:
    """A row of the scores table; churn probability and value rise with the number."""
    return {
        "as_of": datetime(2026, 11, 21, tzinfo=UTC),
        "release": "7",
        "churn_probability": number / total,
        "purchase_probability_30d": 0.5,
        "ltv_90d_mean": float(number),
        "value_tier": ("gold", "silver")[number % 2],
        "segments": ["weekend"] if number % 3 else [],
    }


def write_scores(home: Path, ledger: Ledger, customer_ids: Sequence[str], **overrides: Mapping[str, Any]) -> None:
    """Write the scores table of the customers whose consent allows it, and the release that scored them."""
    sorted_ids = pa.array(sorted(customer_ids, key=lambda customer_id: customer_id.encode()), pa.string())
    ids = consented_customers(sorted_ids, ledger, ledger.profiling_scope(0)).to_pylist()
    rows = [scores_row(index, len(ids)) | dict(overrides.get(customer_id, {})) for index, customer_id in enumerate(ids)]
    consented = ConsentColumns.from_ledger(ledger, now=0)
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in COLUMNS.items()}
    consent_table = consented.table(pa.array(ids, pa.string()))
    table = pa.table({"customer_id": pa.array(ids, pa.string()), **columns})
    for name in consent_table.column_names:
        table = table.append_column(name, consent_table[name])
    temporary_path = home / "scores.tmp"
    metadata = {**consented.consent_snapshot.metadata(), **description_metadata(DESCRIPTIONS)}
    pq.write_table(table.replace_schema_metadata(metadata), temporary_path)
    temporary_path.replace(home / "scores.parquet")
    release = home / "releases" / "7"
    release.mkdir(parents=True, exist_ok=True)
    manifest = ReleaseManifest(
        model_versions={},
        metadata=METADATA,
        views=(),
        cards=CARDS,
        tiered_model={"tier_by_model": {"churn": "average", "next_purchase": "average", "ltv": "btyd"}},
        churn_sample=[],
        gate=GateResult(passed=True, regressions=[], reasons={}, refutations=[], no_signal=[]),
    )
    (release / MANIFEST_FILE).write_text(manifest.to_text())


def add_columns(home: Path, **columns: Sequence[object]) -> None:
    """Add columns to the scores table, one value for each of its customers."""
    table = pq.read_table(home / "scores.parquet")
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values[: len(table)]))
    pq.write_table(table, home / "temporary.parquet")
    (home / "temporary.parquet").replace(home / "scores.parquet")
