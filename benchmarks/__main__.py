"""Benchmark run: measures accuracy and speed on every log, prints the page, and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.accuracy import cdnow_split, rolling_origin
from benchmarks.accuracy.cdnow_published_figures import published_parameters
from benchmarks.accuracy.training_speed import measure_speed
from benchmarks.attendance.run import TITLE as ATTENDANCE
from benchmarks.attribution.run import TITLE as ATTRIBUTION
from benchmarks.datasets import LOGS, Log, available_logs
from benchmarks.economics.run import TITLE as ECONOMICS
from benchmarks.experiments.results_run import TITLE as RESULTS
from benchmarks.experiments.run import TITLE as ALLOCATION
from benchmarks.monitoring.run import TITLE as DRIFT
from benchmarks.reporting.markdown import replace_section, section
from benchmarks.reporting.page import BenchmarkResults, render_page
from benchmarks.sample_size import run
from benchmarks.serving.audiences import TITLE as AUDIENCES
from benchmarks.serving.report import SOAK_TITLE
from benchmarks.serving.report import TITLE as SERVING
from benchmarks.simulation.report import render_block
from benchmarks.simulation.run import JOBS, measure_logs
from benchmarks.simulation.section import TITLE as SIMULATED_TITLE
from benchmarks.simulation.section import render_section
from benchmarks.simulation.situations import SITUATIONS
from benchmarks.targeting.run import TITLE as TARGETING
from benchmarks.uplift.run import TITLE as UPLIFT
from features.ingestion.source_digests import source_digest
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit
from pipelines.run_context import RunContext
from pipelines.steps import evaluate

KINDS = ("simulated", "public")
PUBLIC = tuple(log.name for log in LOGS)


def main() -> None:
    """Run the benchmarks on every available log."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--only", choices=KINDS, help="only the logs of this kind; the rest of the page stays")
    parser.add_argument("--log", action="append", choices=(*PUBLIC, *SITUATIONS), help="only this log; may be repeated")
    parser.add_argument("--jobs", type=int, default=JOBS, help="simulated logs at the same time")
    parser.add_argument(
        "--draws", type=int, default=0, help="samples of customers at each size; 0 keeps the section as it is"
    )
    arguments = parser.parse_args()
    capture_warnings()
    console = CommandConsole(json_output=False)
    public, simulated = choose_logs(arguments.only, arguments.log or ())
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    if public:
        _write_public(public, arguments, console)
    if simulated:
        text = _simulated_section(simulated, arguments.jobs, console)
        replace_section(arguments.out, SIMULATED_TITLE, text)
        print(text)  # noqa: T201 -- the tables are the result


def choose_logs(kind: str | None, names: Sequence[str]) -> tuple[list[Log], list[str]]:
    """Return the public and the simulated logs to measure: of one kind or of both, all or those with these names."""
    public = [log for log in available_logs() if not names or log.name in names]
    simulated = [name for name in SITUATIONS if not names or name in names]
    return (public if kind != "simulated" else []), (simulated if kind != "public" else [])


def _write_public(logs: Sequence[Log], arguments: argparse.Namespace, console: CommandConsole) -> None:
    """Measure the public logs and write the page; the sections of other commands stay."""
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = arguments.work or Path(scratch)
        results = _measure_all(work, logs, console)
        sample_size_section = (
            run.measure_sample_sizes(logs, arguments.draws, work, console.report) if arguments.draws else ""
        )
    simulated = section(arguments.out, SIMULATED_TITLE)
    stored_sections = [
        section(arguments.out, title)
        for title in (
            TARGETING,
            ALLOCATION,
            RESULTS,
            UPLIFT,
            ECONOMICS,
            DRIFT,
            ATTRIBUTION,
            ATTENDANCE,
            AUDIENCES,
            SERVING,
            SOAK_TITLE,
        )
    ]
    text = render_page(results, simulated, sample_size_section or section(arguments.out, run.TITLE), *stored_sections)
    arguments.out.write_text(text)
    print(text)  # noqa: T201 -- the table is the result


def _simulated_section(names: Sequence[str], jobs: int, console: CommandConsole) -> str:
    results = []
    for result in measure_logs(names, jobs):
        results.append(result)
        console.report("\n".join(render_block(result)))
    return render_section(results)


def _measure_all(work: Path, logs: Sequence[Log], console: CommandConsole) -> BenchmarkResults:
    results = BenchmarkResults(
        measured_at=datetime.now(UTC),
        commit=git_commit(),
        rows=[],
        parameters=[],
        windows=[],
        intervals=[],
        speeds=[],
        digests={},
    )
    for log in logs:
        console.report(f"== {log.name}")
        context = log.run_context(work, console.report)
        results.digests[log.name] = source_digest(context.config)
        _measure_rolling_origins(log, context, results, console)
        if log.name == "cdnow":
            _measure_cdnow(context, results, console)
    return results


def _measure_rolling_origins(log: Log, context: RunContext, results: BenchmarkResults, console: CommandConsole) -> None:
    """Measure a log by protocol T: rolling origins."""
    started_at = time.perf_counter()
    backtest_result = evaluate.run_backtest(context)
    console.report(
        f"{len(backtest_result.tests)} origins in {time.perf_counter() - started_at:.0f} s; now the baselines"
    )
    results.speeds.append(measure_speed(log.name, context, backtest_result))
    results.rows.extend(rolling_origin.comparison_rows(log.name, context, backtest_result))
    results.intervals.extend(rolling_origin.interval_coverages(log.name, backtest_result, context.readiness.tier))


def _measure_cdnow(context: RunContext, results: BenchmarkResults, console: CommandConsole) -> None:
    """Measure CDNOW: the published figures, and protocol C (customer cross-validation)."""
    results.parameters.extend(published_parameters())
    for window in cdnow_split.cross_validate_cdnow(context, console.report):
        console.report(f"{window.log}: comparing with baselines")
        results.windows.append(window)
        results.rows.extend(window.comparison_rows())
        results.intervals.append(window.spend_coverage())


if __name__ == "__main__":
    main()
