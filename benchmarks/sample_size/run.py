"""The ladder, measured: shops of 200, 1,000 and 5,000 customers drawn from each log, and what they would be told.

Run by itself with ``python -m benchmarks.sample_size.run``: it writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from benchmarks.accuracy.customer_cross_validation import SERVED
from benchmarks.datasets import Log, available_logs
from benchmarks.reporting.markdown import format_number, replace_section, table
from benchmarks.sample_size.pooled_results import (
    ERRORS,
    MAX_ECE,
    MAX_TOTAL_ERROR,
    MIN_COVERAGE,
    PooledResult,
    draw_answers,
    error_trend,
    pool_draws,
)
from benchmarks.sample_size.subsamples import GATED_DRAWS, TEST_CUSTOMERS, run_draws, stand_at_newest_origin
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit

TITLE = "The ladder"
SIZES = (200, 1_000, 5_000)
DRAWS = 20


def main() -> None:
    """Measure the ladder alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sample_size.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--log", action="append", help="only this log; may be repeated")
    parser.add_argument("--draws", type=int, default=DRAWS)
    chosen = parser.parse_args()
    capture_warnings()
    logs = [log for log in available_logs() if not chosen.log or log.name in chosen.log]
    with tempfile.TemporaryDirectory(prefix="flywheel-ladder-") as scratch:
        text = measure_sample_sizes(
            logs, chosen.draws, chosen.work or Path(scratch), CommandConsole(json_output=False).report
        )
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_sample_sizes(logs: Sequence[Log], count: int, work: Path, report: Callable[[str], None]) -> str:
    """Every log's rungs at every size, as a section of the page."""
    found = [one for log in logs for one in _pooled_results(log, count, work, report)]
    return f"## {TITLE}\n\n{_describe_method(count)}\n\n{_answering_table(found)}\n\n{_figures_table(found)}\n\n{_errors_table(found)}"


def _pooled_results(log: Log, count: int, work: Path, report: Callable[[str], None]) -> Iterator[PooledResult]:
    here = stand_at_newest_origin(log, log.run_context(work, report), work / "ladder", report)
    drawn = [(one.size, one.tiers, draw_answers(one)) for one in run_draws(here, SIZES, count, report)]
    for size in sorted({size for size, _, _ in drawn}):
        mine = [(tiers, parts) for one, tiers, parts in drawn if one == size]
        yield from pool_draws(log.name, size, [tiers for tiers, _ in mine], [parts for _, parts in mine])


def _describe_method(count: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`. At the newest origin of each log, "
        f"{count} draws of customers of every size; rungs, readiness and gate as the product has them for a shop of "
        f"these customers alone, then asked about {TEST_CUSTOMERS} customers of the same log who are in none of the draws, at "
        "the same origin. Draws are nested and asked about the same customers. A log with fewer customers than a size "
        f"gives all but those {TEST_CUSTOMERS}, in a quarter as many draws. The gate is asked at the newest earlier origin, in "
        f"the first {GATED_DRAWS} draws of a size; the others are answered by the rungs that most of these named. Figures "
        "are of all draws pooled; AUC, Gini and RMSE are means over draws. Calibrated: ECE of churn at most "
        f"{MAX_ECE}, totals of buyers, orders and spend within {MAX_TOTAL_ERROR:.0%} of the actual, and the "
        f"interval of nominal 80 % covers at least {MIN_COVERAGE:.0%}."
    )


def _answering_table(results: Sequence[PooledResult]) -> str:
    rows = []
    for one in (one for one in results if one.tier == SERVED):
        answers = "; ".join(
            f"{question}: " + ", ".join(f"{rung} {times}" for rung, times in sorted(counts.items()))
            for question, counts in one.answering_tiers.items()
        )
        rows.append((one.log, f"{one.size:,}", str(one.draws), answers, "; ".join(one.calibration_faults) or "yes"))
    return "### What answers\n\n" + table(("log", "customers", "draws", "rungs that answered", "calibrated"), rows)


def _figures_table(results: Sequence[PooledResult]) -> str:
    head = ("log", "customers", "rung", *results[0].figures, "amiss")
    rows = [
        (
            one.log,
            f"{one.size:,}",
            one.tier,
            *(format_number(value) for value in one.figures.values()),
            str(len(one.calibration_faults) or ""),
        )
        for one in results
    ]
    return "### Every rung\n\nBuyers, orders and spend are predicted totals over actual ones.\n\n" + table(head, rows)


def _errors_table(results: Sequence[PooledResult]) -> str:
    rows = []
    for log, rung in dict.fromkeys((one.log, one.tier) for one in results):
        mine = [one for one in results if (one.log, one.tier) == (log, rung)]
        for question, name in ERRORS.items():
            means = " > ".join(f"{format_number(float(one.errors[question].mean()))} ({one.size:,})" for one in mine)
            steps = [error_trend(small.errors[question], large.errors[question]) for small, large in pairwise(mine)]
            rows.append((log, rung, f"{question}, {name}", means, ", ".join(steps)))
    head = ("log", "rung", "error", "mean over draws (customers)", "from size to size")
    note = "The loss that the gate judges by; a step is called a fall or a rise where its paired 95 % interval says so."
    return f"### Does error fall with size?\n\n{note}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
