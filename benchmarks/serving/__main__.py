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
from benchmarks.serving.batch_scaling import Scale, scales
from benchmarks.serving.home_fixture import Served, served
from benchmarks.serving.load_generator import Load, load
from benchmarks.serving.mlflow_baseline import booster_in_mlflow
from benchmarks.serving.online_stores import Store, feasts_own, packed
from benchmarks.serving.report import TITLE, Found, Server, page
from pipelines.cli.console import Screen, keep_warnings_off_the_screen

CONNECTIONS = (1, 16, 64)
SIZES = (10_000, 100_000, 1_000_000)
STORED = 100_000
BODIES = 1_000
Say = Callable[[str], None]


def main() -> None:
    """Everything, from one run on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--seconds", type=float, default=10, help="of load at each number of connections")
    parser.add_argument("--size", type=int, action="append", help="customers of a shop to score; may be repeated")
    parser.add_argument("--stored", type=int, default=STORED, help="customers in the stores that are compared")
    chosen = parser.parse_args()
    keep_warnings_off_the_screen()
    say = Screen(machine=False).say
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = chosen.work or Path(scratch)
        found = Found(
            servers=_servers(served(work, say), chosen.seconds, Path(scratch), say),
            stores=_stores(chosen.stored, Path(scratch), say),
            stored=chosen.stored,
            scales=_scales(work, chosen.size or SIZES, say),
        )
    text = page(found)
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the tables are the result


def _servers(home: Served, seconds: float, scratch: Path, say: Say) -> list[Server]:
    customers = np.random.default_rng(0).permutation(home.customers).tolist()
    bodies = [body([customer]) for customer in customers[:BODIES]]
    thousand = body(customers[:1000])
    with servers.ours(home) as url:
        answer = _asked(url, bodies[0])
        ours = _loads(url, bodies, seconds, scratch)
        many = load(url, [thousand], 1, seconds, scratch)
    with servers.ours(home, access_log="true") as url:
        logged = _loads(url, bodies, seconds, scratch)
    say("measured ours")
    with servers.bare(answer, scratch) as url:
        bare = _loads(url, bodies, seconds, scratch)
    say("measured bare uvicorn")
    model, rows = booster_in_mlflow(home, scratch)
    with servers.mlflow_serve(model) as url:
        theirs = _loads(url, rows, seconds, scratch)
    say("measured mlflow models serve")
    return [
        Server("flywheel, three answers", ours, many),
        Server("the same with its access log", logged, None),
        Server("bare uvicorn, same bytes", bare, None),
        Server("mlflow models serve, one booster", theirs, None),
    ]


def _loads(url: str, bodies: Sequence[str], seconds: float, scratch: Path) -> list[Load]:
    return [load(url, bodies, connections, seconds, scratch) for connections in CONNECTIONS]


def _stores(count: int, scratch: Path, say: Say) -> list[Store]:
    feature_fixture.write_tables(scratch, count)
    found = [packed(scratch, count), feasts_own(scratch, count)]
    for measured in (packed, feasts_own):
        with servers.redis(scratch) as address:
            found.append(measured(scratch, count, address))
    say(f"measured the stores of {count:,} customers")
    return found


def _scales(work: Path, sizes: Sequence[int], say: Say) -> list[Scale]:
    return scales(work / "scale", sizes, say)


def body(customers: Sequence[str]) -> str:
    """What is asked of these customers."""
    return json.dumps({"customer_ids": list(customers)})


def _asked(url: str, body: str) -> bytes:
    request = Request(url, data=body.encode(), headers={"Content-Type": "application/json"})  # noqa: S310 - our own
    with urlopen(request) as answered:  # noqa: S310
        answer: bytes = answered.read()
    return answer


if __name__ == "__main__":
    main()
