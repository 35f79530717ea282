"""Serving report: the figures as a section of the page, each target next to its result."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.reporting.markdown import format_met, table
from benchmarks.serving.batch_scaling import ScaleResult
from benchmarks.serving.load_generator import LoadResult
from benchmarks.serving.online_stores import StoreResult
from pipelines.registration.lineage import git_commit

TITLE = "Serving"
SOAK_TITLE = "Half an hour at half load"


@dataclass(frozen=True)
class ServerResult:
    """The load results of one server."""

    name: str
    single_loads: Sequence[LoadResult]  # a customer in each call, by the number of connections
    batch_load: LoadResult | None  # a thousand customers in each call, one connection


@dataclass(frozen=True, kw_only=True)
class ServingResults:
    """All results of one run."""

    servers: Sequence[ServerResult]  # flywheel, flywheel with its access log, bare uvicorn, and MLflow
    stores: Sequence[StoreResult]
    stored_customers: int
    scales: Sequence[ScaleResult]


def render_section(results: ServingResults) -> str:
    """Render the whole section."""
    method = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {os.cpu_count()} cores by `make "
        "bench-serving`, servers and callers on the same machine. Complete Journey's champion, all three "
        "predictions and the categories, one worker; `wrk` sends again after each response. Bare uvicorn runs on "
        "uvloop and httptools, checks the same request with pydantic and sends the same bytes, prepared before."
    )
    parts = [
        method,
        _targets_table(results),
        _loads_table(results.servers),
        _stores_table(results),
        _scales_table(results.scales),
    ]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _targets_table(results: ServingResults) -> str:
    flywheel, _, bare_uvicorn, mlflow = results.servers
    (single, *_, busiest), (bare_single, *_, bare_busiest) = flywheel.single_loads, bare_uvicorn.single_loads
    by_name = {store.name: store for store in results.stores}
    lmdb, sqlite, redis = by_name["packed, LMDB"], by_name["Feast, SQLite"], by_name["Feast, Redis"]
    batch_milliseconds = flywheel.batch_load.p50 if flywheel.batch_load else float("nan")
    largest = results.scales[-1]
    rows = [
        _target_row("one customer, 1 connection: p50 over bare uvicorn's", single.p50 / bare_single.p50, maximum=2.5),
        _target_row("the same, p99", single.p99 / bare_single.p99, maximum=4),
        _target_row(
            "the same, times faster than `mlflow models serve`", mlflow.single_loads[0].p50 / single.p50, minimum=10
        ),
        _target_row(f"{busiest.connections} connections: errors", busiest.errors, maximum=0),
        _target_row("the same, p99, ms", busiest.p99, maximum=2000),
        _target_row("the same, throughput over bare uvicorn's", busiest.rate / bare_busiest.rate, minimum=0.4),
        _target_row("1,000 customers in one call, ms", batch_milliseconds, maximum=200),
        _target_row(
            "the same over Feast's Redis read alone", batch_milliseconds / 1e3 / redis.read_thousand, maximum=0.5
        ),
        _target_row(
            "materialize, times faster than Feast into SQLite", sqlite.materialize / lmdb.materialize, minimum=80
        ),
        _target_row(
            "the same, its bytes over SQLite's", lmdb.bytes_per_customer / sqlite.bytes_per_customer, maximum=0.1
        ),
        _target_row(
            "read 1,000, times faster than from SQLite", sqlite.read_thousand / lmdb.read_thousand, minimum=100
        ),
        _target_row(
            f"score {largest.customers:,}: customers a second and core", largest.customers_per_core_second, minimum=6000
        ),
        _target_row("the same, memory of all processes, GiB", largest.score_memory, maximum=2),
    ]
    return table(("measure", "result", "target", "met"), rows)


def _target_row(
    measure: str, value: float, *, maximum: float | None = None, minimum: float | None = None
) -> tuple[str, ...]:
    target = f"at most {maximum:,g}" if maximum is not None else f"at least {minimum:,g}"
    met = value <= maximum if maximum is not None else minimum is not None and value >= minimum
    return measure, f"{value:,.3g}" if value < 1000 else f"{value:,.0f}", target, format_met(met)


def _loads_table(servers: Sequence[ServerResult]) -> str:
    rows = []
    for server in servers:
        rows += [(server.name, *_load_cells(load)) for load in server.single_loads]
        if server.batch_load is not None:
            rows.append((f"{server.name}, 1,000 customers a call", *_load_cells(server.batch_load)))
    return table(("server", "connections", "p50, ms", "p99, ms", "calls a second", "errors"), rows)


def _load_cells(load: LoadResult) -> tuple[str, ...]:
    return str(load.connections), f"{load.p50:.3f}", f"{load.p99:.2f}", f"{load.rate:,.0f}", str(load.errors)


def _stores_table(results: ServingResults) -> str:
    rows = [
        (
            store.name, f"{store.materialize:.2f}", f"{store.bytes_per_customer:,.0f}",
            f"{1e3 * store.read_thousand:.2f}", f"{1e6 * store.read_one:.0f}",
        )
        for store in results.stores
    ]  # fmt: skip
    head = ("store", "materialize, s", "bytes a customer", "read 1,000, ms", "read one, µs")
    shape = f"{results.stored_customers:,} customers, 40 features in three views, three of them lists of twelve."
    return f"{shape}\n\n{table(head, rows)}"


def _scales_table(scales: Sequence[ScaleResult]) -> str:
    rows = [
        (
            f"{scale.customers:,}", f"{scale.features:.1f}", f"{scale.publish:.1f}", f"{scale.publish_memory:.2f}",
            f"{scale.bytes_per_customer:,.0f}", f"{scale.score:.1f}", f"{scale.customers_per_core_second:,.0f}",
            f"{scale.score_memory:.2f}",
        )
        for scale in scales
    ]  # fmt: skip
    head = (
        "customers", "first `publish`, s", "next `publish`, s", "memory, GiB", "bytes a customer", "`score`, s",
        "customers a second and core", "memory, GiB",
    )  # fmt: skip
    method = (
        "A simulated shop, scored by trees. Seconds are of whole commands; the first `publish` computes features at "
        "all cutoffs. Memory is that of all processes together."
    )
    return f"{method}\n\n{table(head, rows)}"
