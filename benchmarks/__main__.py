"""Measure everything, print it, write docs/benchmarks.md."""

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
from benchmarks.datasets import Log, available_logs
from benchmarks.reporting.markdown import section
from benchmarks.reporting.page import BenchmarkResults, render_page
from benchmarks.sample_size import run
from benchmarks.serving.audiences import TITLE as AUDIENCES
from benchmarks.serving.report import SOAK_TITLE
from benchmarks.serving.report import TITLE as SERVING
from benchmarks.targeting.run import TITLE as TARGETING
from features.ingestion.ingest import source_digest
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit
from pipelines.run_context import RunContext
from pipelines.steps import evaluate


def main() -> None:
    """Run the benchmarks on every log at hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--log", action="append", help="only this log; may be repeated")
    parser.add_argument(
        "--draws", type=int, default=run.DRAWS, help="of the ladder at each size; 0 keeps its section as it is"
    )
    chosen = parser.parse_args()
    capture_warnings()
    screen = CommandConsole(json_output=False)
    logs = [log for log in available_logs() if not chosen.log or log.name in chosen.log]
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = chosen.work or Path(scratch)
        found = _measure_all(work, logs, screen)
        climbed = run.measure_sample_sizes(logs, chosen.draws, work, screen.report) if chosen.draws else ""
    served = [section(chosen.out, title) for title in (TARGETING, AUDIENCES, SERVING, SOAK_TITLE)]
    text = render_page(found, climbed or section(chosen.out, run.TITLE), *served)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text)
    print(text)  # noqa: T201 -- the table is the result


def _measure_all(work: Path, logs: Sequence[Log], console: CommandConsole) -> BenchmarkResults:
    found = BenchmarkResults(
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
        job = log.run_context(work, console.report)
        found.digests[log.name] = source_digest(job.config)
        _measure_rolling_origins(log, job, found, console)
        if log.name == "cdnow":
            _measure_cdnow(job, found, console)
    return found


def _measure_rolling_origins(log: Log, context: RunContext, results: BenchmarkResults, console: CommandConsole) -> None:
    """Protocol T."""
    begun = time.perf_counter()
    tested = evaluate.run_backtest(context)
    console.report(f"{len(tested.tests)} origins in {time.perf_counter() - begun:.0f} s; now the anchors")
    tiers = rolling_origin.answering_tiers(context, tested)
    results.speeds.append(measure_speed(log.name, context, tested))
    results.rows.extend(rolling_origin.comparison_rows(log.name, tested, tiers))
    results.intervals.extend(rolling_origin.interval_coverages(log.name, tested, tiers))


def _measure_cdnow(context: RunContext, results: BenchmarkResults, console: CommandConsole) -> None:
    """The published figures of CDNOW, and protocol C."""
    results.parameters.extend(published_parameters())
    for one in cdnow_split.cross_validate_cdnow(context, console.report):
        console.report(f"{one.log}: beside its anchors")
        results.windows.append(one)
        results.rows.extend(one.comparison_rows())
        results.intervals.append(one.spend_coverage())


if __name__ == "__main__":
    main()
