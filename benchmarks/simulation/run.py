"""Simulation benchmark: runs the whole product on simulated logs, whose future is known, and judges its answers.

``python -m benchmarks.simulation.run --log clocks --log fading --jobs 1 --json out.json`` prints a block per log.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from benchmarks.simulation.log_result import LogResult, measure_log
from benchmarks.simulation.report import render_block
from benchmarks.simulation.situations import SITUATIONS

JOBS = 2
THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def main() -> None:
    """Measure the requested logs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation.run", description=__doc__)
    parser.add_argument("--log", action="append", choices=SITUATIONS, help="only this log; may be repeated")
    parser.add_argument("--jobs", type=int, default=JOBS, help="logs at the same time")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    arguments = parser.parse_args()
    results = []
    for result in measure_logs(arguments.log or list(SITUATIONS), arguments.jobs):
        results.append(result)
        print("\n".join(render_block(result)), flush=True)  # noqa: T201 -- the figures are the result
        if arguments.json:
            arguments.json.write_text(json.dumps([_payload(result) for result in results], indent=1))
    met, bars = (sum(len(result.bars) - len(result.missed_bars) * drop for result in results) for drop in (1, 0))
    losses, failures = sum(len(result.losses) for result in results), sum(bool(result.failure) for result in results)
    print(f"{len(results)} logs: {met} of {bars} bars met, {losses} losses, {failures} failures")  # noqa: T201


def measure_logs(names: Sequence[str], jobs: int) -> Iterator[LogResult]:
    """Measure logs in processes of their own, of one thread each; the results come in the order of the names."""
    for variable in THREAD_LIMITS:  # threads of two fits at once would wait for each other
        os.environ[variable] = "1"
    if jobs == 1:
        yield from map(measure_log, names)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), max_tasks_per_child=1) as executor:
        yield from executor.map(measure_log, names)


def _payload(result: LogResult) -> dict[str, object]:
    bars = [
        {"measure": bar_result.bar.measure, "limit": str(bar_result.bar), "value": bar_result.value,
         "shortfall": bar_result.shortfall}
        for bar_result in result.bars
    ]  # fmt: skip
    return {**asdict(result), "bars": bars}


if __name__ == "__main__":
    main()
