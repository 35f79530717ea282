"""Soak test: half an hour at half load, with the worker's memory read every minute."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from benchmarks.reporting.markdown import replace_section, table
from benchmarks.serving import servers
from benchmarks.serving.__main__ import request_body
from benchmarks.serving.home_fixture import prepare_home
from benchmarks.serving.load_generator import LoadResult, run_load
from benchmarks.serving.report import SOAK_TITLE
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit

CONNECTIONS = 16
MINUTE_SECONDS = 60.0


def main() -> None:
    """Load a service and write latency, errors and memory into the section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.soak", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--minutes", type=int, default=30)
    arguments = parser.parse_args()
    capture_warnings()
    report = CommandConsole(json_output=False).report
    with tempfile.TemporaryDirectory(prefix="flywheel-soak-") as scratch:
        home = prepare_home(arguments.work or Path(scratch), report)
        bodies = [
            request_body([customer]) for customer in np.random.default_rng(0).permutation(home.customers).tolist()
        ]
        with servers.flywheel_server(home) as url:
            full = run_load(url, bodies, CONNECTIONS, 10, Path(scratch))
            # A pause as long as the response time at full load halves the load.
            pause = full.p50
            minutes = []
            for minute in range(arguments.minutes):
                minutes.append(
                    (
                        run_load(url, bodies, CONNECTIONS, MINUTE_SECONDS, Path(scratch), pause_milliseconds=pause),
                        worker_memory(url),
                    )
                )
                report(f"minute {minute + 1}: {minutes[-1][0].rate:.0f} a second, {minutes[-1][1]:.1f} MiB")
    text = render_section(full, minutes)
    replace_section(arguments.out, SOAK_TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def worker_memory(url: str) -> float:
    """Return the resident MiB of the largest process that listens at an address: the worker."""
    port = int(url.split(":")[2].partition("/")[0])
    process_ids = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.laddr and connection.laddr.port == port and connection.pid is not None
    }
    return max(float(psutil.Process(pid).memory_info().rss) for pid in process_ids) / 2**20


def render_section(full_load: LoadResult, minutes: Sequence[tuple[LoadResult, float]]) -> str:
    """Render every fifth minute as a table."""
    rows = [
        (str(minute), f"{load.rate:,.0f}", f"{load.p50:.2f}", f"{load.p99:.1f}", str(load.errors), f"{size:.1f}")
        for minute, (load, size) in enumerate(minutes, start=1)
        if minute == 1 or minute % 5 == 0
    ]
    errors = sum(load.errors for load, _ in minutes)
    requests = sum(load.rate for load, _ in minutes) * MINUTE_SECONDS
    method = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {CONNECTIONS} connections that pause "
        f"between requests, one worker that bears {full_load.rate:,.0f} requests a second. {requests:,.0f} requests, "
        f"{errors} errors; memory {minutes[0][1]:.1f} MiB after the first minute and {minutes[-1][1]:.1f} after the "
        "last."
    )
    head = ("minute", "requests a second", "p50, ms", "p99, ms", "errors", "worker's memory, MiB")
    return f"## {SOAK_TITLE}\n\n{method}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
