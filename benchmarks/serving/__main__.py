"""Serving benchmark: measures servers, online stores and batch commands for their section of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np

from benchmarks.reporting.markdown import replace_section
from benchmarks.serving import feature_fixture, servers
from benchmarks.serving.batch_scaling import ScaleResult, measure_scales
from benchmarks.serving.home_fixture import HomeFixture, prepare_home
from benchmarks.serving.load_generator import LoadResult, run_load
from benchmarks.serving.mlflow_baseline import booster_in_mlflow
from benchmarks.serving.online_stores import StoreResult, measure_feast_store, measure_packed_store
from benchmarks.serving.report import TITLE, ServerResult, ServingResults, render_section
from pipelines.cli.console import CommandConsole, capture_warnings

CONNECTIONS = (1, 16, 64)
SIZES = (10_000, 100_000, 1_000_000)
STORED_CUSTOMERS = 100_000
BODY_COUNT = 1_000
ProgressCallback = Callable[[str], None]


def main() -> None:
    """Run all serving benchmarks on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--seconds", type=float, default=10, help="seconds of load at each number of connections")
    parser.add_argument("--size", type=int, action="append", help="number of customers to score; may be repeated")
    parser.add_argument("--stored", type=int, default=STORED_CUSTOMERS, help="customers in the compared online stores")
    arguments = parser.parse_args()
    capture_warnings()
    report = CommandConsole(json_output=False).report
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = arguments.work or Path(scratch)
        results = ServingResults(
            servers=_measure_servers(prepare_home(work, report), arguments.seconds, Path(scratch), report),
            stores=_measure_stores(arguments.stored, Path(scratch), report),
            stored_customers=arguments.stored,
            scales=_measure_scales(work, arguments.size or SIZES, report),
        )
    text = render_section(results)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def _measure_servers(home: HomeFixture, seconds: float, scratch: Path, report: ProgressCallback) -> list[ServerResult]:
    customers = np.random.default_rng(0).permutation(home.customers).tolist()
    bodies = [request_body([customer]) for customer in customers[:BODY_COUNT]]
    thousand = request_body(customers[:1000])
    with servers.flywheel_server(home) as url:
        answer = _post(url, bodies[0])
        flywheel_loads = _measure_loads(url, bodies, seconds, scratch)
        batch_load = run_load(url, [thousand], 1, seconds, scratch)
    with servers.flywheel_server(home, access_log="true") as url:
        logged_loads = _measure_loads(url, bodies, seconds, scratch)
    report("measured flywheel serve")
    with servers.uvicorn_server(answer, scratch) as url:
        bare_loads = _measure_loads(url, bodies, seconds, scratch)
    report("measured bare uvicorn")
    model, rows = booster_in_mlflow(home, scratch)
    with servers.mlflow_server(model) as url:
        mlflow_loads = _measure_loads(url, rows, seconds, scratch)
    report("measured mlflow models serve")
    return [
        ServerResult("flywheel, three predictions", flywheel_loads, batch_load),
        ServerResult("the same with its access log", logged_loads, None),
        ServerResult("bare uvicorn, same bytes", bare_loads, None),
        ServerResult("mlflow models serve, one booster", mlflow_loads, None),
    ]


def _measure_loads(url: str, bodies: Sequence[str], seconds: float, scratch: Path) -> list[LoadResult]:
    return [run_load(url, bodies, connections, seconds, scratch) for connections in CONNECTIONS]


def _measure_stores(count: int, scratch: Path, report: ProgressCallback) -> list[StoreResult]:
    feature_fixture.write_tables(scratch, count)
    results = [measure_packed_store(scratch, count), measure_feast_store(scratch, count)]
    for measure in (measure_packed_store, measure_feast_store):
        with servers.redis_server(scratch) as address:
            results.append(measure(scratch, count, address))
    report(f"measured the stores of {count:,} customers")
    return results


def _measure_scales(work: Path, sizes: Sequence[int], report: ProgressCallback) -> list[ScaleResult]:
    return measure_scales(work / "scale", sizes, report)


def request_body(customers: Sequence[str]) -> str:
    """Return the request body that asks for these customers' predictions."""
    return json.dumps({"customer_ids": list(customers)})


def _post(url: str, body: str) -> bytes:
    request = Request(url, data=body.encode(), headers={"Content-Type": "application/json"})  # noqa: S310 - our own
    with urlopen(request) as response:  # noqa: S310
        answer: bytes = response.read()
    return answer


if __name__ == "__main__":
    main()
