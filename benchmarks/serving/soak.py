"""Does a worker grow, tire or err? Half the load that it can bear, for half an hour, its memory read every minute."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

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
    """Load a service and write what became of it into its section."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.soak", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--minutes", type=int, default=30)
    chosen = parser.parse_args()
    capture_warnings()
    say = CommandConsole(json_output=False).report
    with tempfile.TemporaryDirectory(prefix="flywheel-soak-") as scratch:
        home = prepare_home(chosen.work or Path(scratch), say)
        bodies = [request_body([one]) for one in np.random.default_rng(0).permutation(home.customers).tolist()]
        with servers.flywheel_server(home) as url:
            full = run_load(url, bodies, CONNECTIONS, 10, Path(scratch))
            # Each connection waits as long again as it takes to be answered at full load.
            pause = full.p50
            found = []
            for minute in range(chosen.minutes):
                found.append(
                    (
                        run_load(url, bodies, CONNECTIONS, MINUTE_SECONDS, Path(scratch), pause_milliseconds=pause),
                        worker_memory(url),
                    )
                )
                say(f"minute {minute + 1}: {found[-1][0].rate:.0f} a second, {found[-1][1]:.1f} MiB")
    text = render_section(full, found)
    replace_section(chosen.out, SOAK_TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def worker_memory(url: str) -> float:
    """Resident MiB of whoever listens at an address: the largest of its processes, the worker."""
    port = int(url.split(":")[2].partition("/")[0])
    listening = {
        one.pid for one in psutil.net_connections("tcp") if one.laddr and one.laddr.port == port and one.pid is not None
    }
    return max(float(psutil.Process(pid).memory_info().rss) for pid in listening) / 2**20


def render_section(full_load: LoadResult, minutes: Sequence[tuple[LoadResult, float]]) -> str:
    """Every fifth minute as a table."""
    rows = [
        (str(minute), f"{one.rate:,.0f}", f"{one.p50:.2f}", f"{one.p99:.1f}", str(one.errors), f"{size:.1f}")
        for minute, (one, size) in enumerate(minutes, start=1)
        if minute == 1 or minute % 5 == 0
    ]
    errors = sum(one.errors for one, _ in minutes)
    asked = sum(one.rate for one, _ in minutes) * MINUTE_SECONDS
    how = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {CONNECTIONS} connections that pause "
        f"between requests, one worker that bears {full_load.rate:,.0f} requests a second. {asked:,.0f} requests, "
        f"{errors} errors; memory {minutes[0][1]:.1f} MiB after the first minute and {minutes[-1][1]:.1f} after the last."
    )
    head = ("minute", "requests a second", "p50, ms", "p99, ms", "errors", "worker's memory, MiB")
    return f"## {SOAK_TITLE}\n\n{how}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
