"""Page benchmark: a first view, updates, and predictions beside ten people; writes its section of docs/benchmarks.md.

``python -m benchmarks.web`` needs ``wrk`` and a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.reporting.markdown import replace_section, table
from benchmarks.serving.__main__ import request_body
from benchmarks.serving.home_fixture import HomeFixture, prepare_home
from benchmarks.serving.load_generator import run_load
from benchmarks.serving.servers import flywheel_server
from benchmarks.web.large_home import large_home
from benchmarks.web.slider_load import BUILDER, milliseconds_of, read_page, start_people, update, value_column
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit

TITLE = "The page"
PEOPLE, CONNECTIONS, PAUSE_MILLISECONDS, UPDATES = 10, 2, 10, 20


def main() -> None:
    """Measure the page on one machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="keep the trained home here")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--size", type=int, action="append", help="customers of the scores table; may be repeated")
    parser.add_argument("--seconds", type=float, default=20, help="seconds of each load")
    parser.add_argument("--rounds", type=int, default=5, help="loads without people and with them, in turn")
    arguments = parser.parse_args()
    capture_warnings()
    fixture = prepare_home(arguments.work, CommandConsole(json_output=False).report)
    sizes = arguments.size or [100_000, 1_000_000]
    rows = [_measure(fixture, size, arguments.seconds, arguments.rounds) for size in sizes]
    head = (
        "customers", "first view, ms", "next view, ms", "update, ms", "predictions p99, ms", "the same with ten people",
        "ratio", "their updates, ms",
    )  # fmt: skip
    method = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {os.cpu_count()} cores by `python "
        f"-m benchmarks.web`: medians. The first view is that of a fresh service. {PEOPLE} people move sliders, as "
        f"`benchmarks/web/slider_load.py` describes; predictions come over {CONNECTIONS} connections, each of which "
        f"waits {PAUSE_MILLISECONDS} ms between two."
    )
    text = f"## {TITLE}\n\n{method}\n\n{table(head, rows)}"
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def _measure(fixture: HomeFixture, customers: int, seconds: float, rounds: int) -> tuple[str, ...]:
    bodies = [request_body([customer]) for customer in fixture.customers[:1000]]
    with tempfile.TemporaryDirectory(prefix="flywheel-page-") as scratch:
        home = large_home(fixture, customers, Path(scratch) / "home")
        with flywheel_server(home) as url:
            address = url.split("/")[2]
            connection = HTTPConnection(address, timeout=60)
            first, page = read_page(connection, BUILDER)
            column = value_column(page)
            views = [read_page(connection, BUILDER)[0] for _ in range(5)]
            updates = [update(connection, column, number / 25, number) for number in range(1, UPDATES + 1)]
            quiet, busy, beside = list[float](), list[float](), list[float]()
            for _ in range(rounds):
                pause = PAUSE_MILLISECONDS
                quiet.append(run_load(url, bodies, CONNECTIONS, seconds, Path(scratch), pause_milliseconds=pause).p99)
                people = start_people(address, PEOPLE, seconds + 2)
                busy.append(run_load(url, bodies, CONNECTIONS, seconds, Path(scratch), pause_milliseconds=pause).p99)
                beside += milliseconds_of(people)
    alone, with_people = statistics.median(quiet), statistics.median(busy)
    times = (first, statistics.median(views), statistics.median(updates))
    return (
        f"{customers:,}", *(f"{time:,.0f}" for time in times), f"{alone:.2f}", f"{with_people:.2f}",
        f"{with_people / alone:.2f}", f"{statistics.median(beside):,.0f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
