"""Sample-size benchmark: trains on samples of 200, 1,000 and 5,000 customers of each log, and measures every tier.

``python -m benchmarks.sample_size.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

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
from benchmarks.sample_size.subsamples import SERVED, TEST_CUSTOMERS, log_at_newest_origin, run_draws
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit

TITLE = "Sample size"
SIZES = (200, 1_000, 5_000)
DRAWS = 20


def main() -> None:
    """Run the sample-size benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sample_size.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--log", action="append", help="only this log; may be repeated")
    parser.add_argument("--draws", type=int, default=DRAWS)
    arguments = parser.parse_args()
    capture_warnings()
    logs = [log for log in available_logs() if not arguments.log or log.name in arguments.log]
    with tempfile.TemporaryDirectory(prefix="flywheel-sample-size-") as scratch:
        text = measure_sample_sizes(
            logs, arguments.draws, arguments.work or Path(scratch), CommandConsole(json_output=False).report
        )
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_sample_sizes(logs: Sequence[Log], count: int, work: Path, report: Callable[[str], None]) -> str:
    """Measure every log's tiers at every size; return the section of the page."""
    results = [result for log in logs for result in _pooled_results(log, count, work, report)]
    parts = [_describe_method(count), _answering_table(results), _figures_table(results), _errors_table(results)]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _pooled_results(log: Log, count: int, work: Path, report: Callable[[str], None]) -> Iterator[PooledResult]:
    at_origin = log_at_newest_origin(log, log.run_context(work, report), work / "sample-size", report)
    draws = [(draw.size, draw.tier, draw_answers(draw)) for draw in run_draws(at_origin, SIZES, count, report)]
    for size in sorted({size for size, _, _ in draws}):
        of_size = [(tier, parts) for draw_size, tier, parts in draws if draw_size == size]
        yield from pool_draws(log.name, size, [tier for tier, _ in of_size], [parts for _, parts in of_size])


def _describe_method(count: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`. At the newest origin of each log, "
        f"{count} draws of customers of every size; readiness and tiers as in the product for a shop of these "
        f"customers alone, then predictions for {TEST_CUSTOMERS} customers of the same log who are in none of the "
        "draws, at the same origin. Draws are nested and share their test customers. A log with fewer customers than "
        f"a size gives all but those {TEST_CUSTOMERS}, in a quarter as many draws. Figures are "
        "of all draws pooled; AUC, Gini and RMSE are means over draws. Calibrated: ECE of "
        f"churn at most {MAX_ECE}, totals of buyers, orders and spend within {MAX_TOTAL_ERROR:.0%} of the actual, and "
        f"the interval of nominal 80 % covers at least {MIN_COVERAGE:.0%}."
    )


def _answering_table(results: Sequence[PooledResult]) -> str:
    rows = []
    for result in (result for result in results if result.tier == SERVED):
        answers = ", ".join(f"{tier} {times}" for tier, times in sorted(result.answering_tiers.items()))
        rows.append(
            (result.log, f"{result.size:,}", str(result.draws), answers, "; ".join(result.calibration_faults) or "yes")
        )
    return "### Tier that answers\n\n" + table(("log", "customers", "draws", "tier, draws", "calibrated"), rows)


def _figures_table(results: Sequence[PooledResult]) -> str:
    head = ("log", "customers", "tier", *results[0].figures, "not calibrated")
    rows = [
        (
            result.log,
            f"{result.size:,}",
            result.tier,
            *(format_number(value) for value in result.figures.values()),
            str(len(result.calibration_faults) or ""),
        )
        for result in results
    ]
    return "### Every tier\n\nBuyers, orders and spend are predicted totals over actual ones.\n\n" + table(head, rows)


def _errors_table(results: Sequence[PooledResult]) -> str:
    rows = []
    for log, tier in dict.fromkeys((result.log, result.tier) for result in results):
        by_size = [result for result in results if (result.log, result.tier) == (log, tier)]
        for question, name in ERRORS.items():
            means = " > ".join(
                f"{format_number(float(result.errors[question].mean()))} ({result.size:,})" for result in by_size
            )
            steps = [error_trend(small.errors[question], large.errors[question]) for small, large in pairwise(by_size)]
            rows.append((log, tier, f"{question}, {name}", means, ", ".join(steps)))
    head = ("log", "tier", "error", "mean over draws (customers)", "from size to size")
    note = "The loss by which releases are compared; a step falls or rises if its paired 95 % interval excludes zero."
    return f"### Does error fall with size?\n\n{note}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
