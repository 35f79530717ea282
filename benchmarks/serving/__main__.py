"""Measure serving, print it, and write it into its section of docs/benchmarks.md."""

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
    """Everything, from one run on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--seconds", type=float, default=10, help="of load at each number of connections")
    parser.add_argument("--size", type=int, action="append", help="customers of a shop to score; may be repeated")
    parser.add_argument(
        "--stored", type=int, default=STORED_CUSTOMERS, help="customers in the stores that are compared"
    )
    chosen = parser.parse_args()
    capture_warnings()
    say = CommandConsole(json_output=False).report
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = chosen.work or Path(scratch)
        found = ServingResults(
            servers=_measure_servers(prepare_home(work, say), chosen.seconds, Path(scratch), say),
            stores=_measure_stores(chosen.stored, Path(scratch), say),
            stored_customers=chosen.stored,
            scales=_measure_scales(work, chosen.size or SIZES, say),
        )
    text = render_section(found)
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def _measure_servers(home: HomeFixture, seconds: float, scratch: Path, report: ProgressCallback) -> list[ServerResult]:
    customers = np.random.default_rng(0).permutation(home.customers).tolist()
    bodies = [request_body([customer]) for customer in customers[:BODY_COUNT]]
    thousand = request_body(customers[:1000])
    with servers.flywheel_server(home) as url:
        answer = _post(url, bodies[0])
        ours = _measure_loads(url, bodies, seconds, scratch)
        many = run_load(url, [thousand], 1, seconds, scratch)
    with servers.flywheel_server(home, access_log="true") as url:
        logged = _measure_loads(url, bodies, seconds, scratch)
    report("measured ours")
    with servers.uvicorn_server(answer, scratch) as url:
        bare = _measure_loads(url, bodies, seconds, scratch)
    report("measured bare uvicorn")
    model, rows = booster_in_mlflow(home, scratch)
    with servers.mlflow_server(model) as url:
        theirs = _measure_loads(url, rows, seconds, scratch)
    report("measured mlflow models serve")
    return [
        ServerResult("flywheel, three answers", ours, many),
        ServerResult("the same with its access log", logged, None),
        ServerResult("bare uvicorn, same bytes", bare, None),
        ServerResult("mlflow models serve, one booster", theirs, None),
    ]


def _measure_loads(url: str, bodies: Sequence[str], seconds: float, scratch: Path) -> list[LoadResult]:
    return [run_load(url, bodies, connections, seconds, scratch) for connections in CONNECTIONS]


def _measure_stores(count: int, scratch: Path, report: ProgressCallback) -> list[StoreResult]:
    feature_fixture.write_tables(scratch, count)
    found = [measure_packed_store(scratch, count), measure_feast_store(scratch, count)]
    for measured in (measure_packed_store, measure_feast_store):
        with servers.redis_server(scratch) as address:
            found.append(measured(scratch, count, address))
    report(f"measured the stores of {count:,} customers")
    return found


def _measure_scales(work: Path, sizes: Sequence[int], report: ProgressCallback) -> list[ScaleResult]:
    return measure_scales(work / "scale", sizes, report)


def request_body(customers: Sequence[str]) -> str:
    """What is asked of these customers."""
    return json.dumps({"customer_ids": list(customers)})


def _post(url: str, body: str) -> bytes:
    request = Request(url, data=body.encode(), headers={"Content-Type": "application/json"})  # noqa: S310 - our own
    with urlopen(request) as answered:  # noqa: S310
        answer: bytes = answered.read()
    return answer


if __name__ == "__main__":
    main()
