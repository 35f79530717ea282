"""Audience benchmark: seconds to count, store, page and export an audience among a million customers.

``python -m benchmarks.serving.audiences`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.reporting.markdown import replace_section
from features.arrays import Booleans
from features.consents.backends import open_ledger
from features.consents.consent import MARKETING, Consent, Defaults, ReachRequest
from features.consents.ledger import Ledger
from features.online.backends import LMDB
from pipelines.registration.lineage import git_commit
from serving.audience_policy import AudiencePolicy
from serving.audiences.builder import AudienceContext, AudienceResult, TableConsentCheck, TableConsents, build_audience
from serving.audiences.consent_filter import ConsentFilter, ConsentSnapshotRef
from serving.audiences.export import member_store
from serving.audiences.export.paging import AudienceReader
from serving.audiences.formats import FORMATS
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceRequest

TITLE = "Audiences"
SECRET = b"a secret for a benchmark"
Result = TypeVar("Result")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
REPEATS = 7
THREE_CONDITIONS = {
    "all": [
        {"column": "churn_probability", "at_least": 0.2},
        {
            "any": [
                {"column": "value_tier", "in": ["gold", "silver"]},
                {"column": "segments", "contains": "big baskets"},
            ]
        },
        {"not": {"column": "last_order_at", "before": "2025-03-01"}},
    ]
}
REQUESTS: dict[str, dict[str, Any]] = {
    "three conditions": {"filter": THREE_CONDITIONS},
    "three conditions, the best 50,000": {
        "filter": THREE_CONDITIONS,
        "order_by": {"column": "ltv_90d_mean", "descending": True},
        "limit": 50_000,
        "holdout": {"share": 0.1, "name": "autumn"},
    },
    "all customers": {},
    "all customers, a tenth held out": {"holdout": {"share": 0.1, "name": "autumn"}},
}


def main() -> None:
    """Run the audience benchmark on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.audiences", description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    customers = arguments.customers
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        path = Path(scratch) / "scores.parquet"
        write_scores(path, customers)
        consent_filter = ConsentFilter(_ledger_with_revocations(Path(scratch)), Path(scratch))
        count_lines = _measure_counts(
            path, customers, lambda columns: consent_filter.mask(columns, ReachRequest(MARKETING, "email"), 2)
        )
        lines = [f"- {line}" for line in (*count_lines, *_measure_storage(path, customers, Path(scratch)))]
    text = f"## {TITLE}\n\n{_describe_method(customers)}\n\n" + "\n".join(lines)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the figures are the result


def _describe_method(customers: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`, {os.cpu_count()} cores, by `python -m "
        f"benchmarks.serving.audiences`: a simulated scores table of {customers:,} customers, a tenth of whom have "
        "objected; a thousand more have since they were scored. Every count includes consent, composition, and both "
        "expectations with their intervals; medians of seven, the slowest in brackets. The target is 300 ms."
    )


def write_scores(path: Path, customers: int) -> None:
    """Write a simulated scores table in row groups of ten thousand, as batch scoring does."""
    rng = np.random.default_rng(0)
    chance = rng.beta(0.6, 0.9, customers)
    mean = rng.gamma(0.7, 60, customers)
    ordered = np.datetime64("2024-01-01", "us") + rng.integers(0, 880 * 24 * 3600, customers) * np.timedelta64(
        1_000_000
    )
    lists = rng.integers(0, 4, customers)
    names = np.array(["big baskets", "weekend", "night owls", "bargains", "gifts"])
    table = pa.table(
        {
            "customer_id": [f"{number:09d}" for number in range(customers)],
            "as_of": pa.array(np.full(customers, np.datetime64("2026-06-01", "us"))).cast(pa.timestamp("us", "UTC")),
            "release": pa.array(["7"] * customers),
            "status": _random_values(rng, customers, "scored", "insufficient_history", "stale_features"),
            "model_tier": _random_values(rng, customers, "average", "btyd", "population"),
            "churn_probability": chance,
            "churn_horizon_days": np.full(customers, 90, np.int32),
            "purchase_probability_90d": 1 - chance,
            "ltv_90d_mean": mean,
            "expected_orders_90d": (1 - chance) * 1.5,
            "value_tier": _random_values(rng, customers, "gold", "silver", "bronze", "none"),
            "lifecycle_stage": _random_values(rng, customers, "new", "active", "at risk", "lost"),
            "rfm_segment": _random_values(rng, customers, *(f"segment {number}" for number in range(11))),
            "last_order_at": pa.array(ordered, mask=rng.random(customers) < 0.05).cast(pa.timestamp("us", "UTC")),
            # Every tenth customer has objected.
            "consent_channels": pa.array([["*", "email"] if number % 10 else [] for number in range(customers)]),
            "consent_until": pa.nulls(customers, pa.timestamp("us", "UTC")),
            "segments": pa.ListArray.from_arrays(
                np.concatenate([[0], np.cumsum(lists)]).astype(np.int32), pa.array(rng.choice(names, lists.sum()))
            ),
        }
    )
    basis = ConsentSnapshotRef(0, Defaults(), frozenset({"email"}))
    pq.write_table(table.replace_schema_metadata(basis.metadata()), path, row_group_size=10_000)


def _random_values(rng: np.random.Generator, number: int, *values: str) -> pa.Array:
    return pa.array(np.array(values)[rng.integers(0, len(values), number)])


def _ledger_with_revocations(home: Path) -> Ledger:
    """Create a ledger in which a thousand customers revoked their consent after scoring."""
    ledger = open_ledger(home, LMDB)
    denial = Consent(MARKETING, "email", granted=False, changed_at=1)
    ledger.record({f"{number:09d}": [denial] for number in range(1, 1_000_000, 1_000)})
    return ledger


def _audience_context() -> AudienceContext:
    error = {"log_ratio": 0.1, "noise": 0.01}
    origin = {"origin": "2026-03-01", "customers": 9, "all_customers": error, "groups": [error] * 5}
    total = {"horizon_days": 90, "edges": [10.0, 20.0, 40.0, 80.0], "dispersion": 1.0, "origins": [origin]}
    window = {"start": "2024-01-01", "end": "2026-06-01"}
    totals = [{"measure": measure, **total} for measure in ("buyers", "orders", "spend")]
    cards = [{"training_window": window, "totals": totals}]
    return AudienceContext(
        zone=ZoneInfo("Europe/Amsterdam"), bands=(0.3, 0.7), currency="EUR", cards=cards, secret=SECRET
    )


def _measure_counts(path: Path, customers: int, reachable: TableConsentCheck) -> Iterator[str]:
    cold, _ = _time_call(partial(_count_audience, ScoresFile(path), REQUESTS["three conditions"], reachable))
    yield f"three conditions, first read of the file: {cold * 1000:,.0f} ms"
    scores = ScoresFile(path)
    for name, request in REQUESTS.items():
        count_audience = partial(_count_audience, scores, request, reachable)
        number = count_audience().answer.count
        seconds = sorted(_time_call(count_audience)[0] for _ in range(REPEATS))
        middle, slowest = 1000 * seconds[REPEATS // 2], 1000 * seconds[-1]
        yield f"{name}: {number:,} members in {middle:,.0f} ms (at most {slowest:,.0f})"
    size = scores.columns().nbytes
    yield f"columns in memory: {size / 2**20:,.0f} MiB, {size / customers:,.0f} bytes a customer"


def _count_audience(scores: ScoresFile, request: dict[str, Any], reachable: TableConsentCheck) -> AudienceResult:
    context = _audience_context()
    return build_audience(
        AudienceRequest.model_validate(request),
        scores.columns(),
        TableConsents(reachable, _allow_every_row),
        context,
        "",
    )


def _measure_storage(path: Path, customers: int, scratch: Path) -> Iterator[str]:
    scores, folder = ScoresFile(path), scratch / "audiences"
    consents = TableConsents(_allow_every_row, _allow_every_row)
    result = build_audience(AudienceRequest(), scores.columns(), consents, _audience_context(), "")
    seconds, audience = _time_call(
        lambda: member_store.store_audience(folder, result, _allow_every_id, NOW, "benchmark", AudiencePolicy())
    )
    size = sum(file.stat().st_size for file in (folder / audience).iterdir())
    yield f"{customers:,} members stored in {seconds:.2f} s, {size / 2**20:,.0f} MiB"
    reader = AudienceReader(folder, SECRET)
    first = reader.page(audience, None, 10_000, _allow_every_id)
    seconds, _ = _time_call(lambda: reader.page(audience, first.next, 10_000, _allow_every_id))
    yield f"a page of 10,000: {seconds * 1000:.1f} ms"
    for media_type, write in FORMATS.items():
        seconds, total = _time_call(partial(_exported_bytes, write, reader.export(audience, _allow_every_id)))
        yield f"all members as {media_type}: {seconds:.2f} s, {total / 2**20:,.0f} MiB"
    erased_ids = result.columns.ids.take(pa.array([5, customers // 2])).to_pylist()
    seconds, _ = _time_call(lambda: member_store.delete_customers(folder, erased_ids))
    yield f"two customers erased: {seconds:.2f} s"


def _exported_bytes(export: Callable[[Iterable[pa.Table]], Iterator[bytes]], tables: Iterable[pa.Table]) -> int:
    return sum(map(len, export(tables)))


def _allow_every_row(columns: Columns) -> Booleans:
    return np.ones(len(columns), np.bool_)


def _allow_every_id(ids: pa.StringArray) -> Booleans:
    return np.ones(len(ids), np.bool_)


def _time_call(work: Callable[[], Result]) -> tuple[float, Result]:
    started_at = time.perf_counter()
    result = work()
    return time.perf_counter() - started_at, result


if __name__ == "__main__":
    main()
