"""Measure everything, print it, write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.accuracy import cdnow_split, rolling_origin
from benchmarks.accuracy.cdnow_published_figures import published
from benchmarks.accuracy.training_speed import speed
from benchmarks.datasets import Log, at_hand
from benchmarks.reporting.markdown import section
from benchmarks.reporting.page import Measured, page
from benchmarks.sample_size import run
from benchmarks.serving.audiences import TITLE as AUDIENCES
from benchmarks.serving.report import SOAK
from benchmarks.serving.report import TITLE as SERVING
from benchmarks.targeting.run import TITLE as TARGETING
from features.ingestion.ingest import source_digest
from pipelines.cli.console import Screen, keep_warnings_off_the_screen
from pipelines.registration.fingerprint import git_commit
from pipelines.run_context import Job
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
    keep_warnings_off_the_screen()
    screen = Screen(machine=False)
    logs = [log for log in at_hand() if not chosen.log or log.name in chosen.log]
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        work = chosen.work or Path(scratch)
        found = _measured(work, logs, screen)
        climbed = run.measure(logs, chosen.draws, work, screen.say) if chosen.draws else ""
    served = [section(chosen.out, title) for title in (TARGETING, AUDIENCES, SERVING, SOAK)]
    text = page(found, climbed or section(chosen.out, run.TITLE), *served)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(text)
    print(text)  # noqa: T201 -- the table is the result


def _measured(work: Path, logs: Sequence[Log], screen: Screen) -> Measured:
    found = Measured(
        at=datetime.now(UTC),
        commit=git_commit(),
        lines=[],
        parameters=[],
        windows=[],
        intervals=[],
        speeds=[],
        digests={},
    )
    for log in logs:
        screen.say(f"== {log.name}")
        job = log.job(work, screen.say)
        found.digests[log.name] = source_digest(job.description)
        _rolled(log, job, found, screen)
        if log.name == "cdnow":
            _folded(job, found, screen)
    return found


def _rolled(log: Log, job: Job, found: Measured, screen: Screen) -> None:
    """Protocol T."""
    begun = time.perf_counter()
    tested = evaluate.test(job)
    screen.say(f"{len(tested.tests)} origins in {time.perf_counter() - begun:.0f} s; now the anchors")
    tiers = rolling_origin.answering(job, tested)
    found.speeds.append(speed(log.name, job, tested))
    found.lines.extend(rolling_origin.lines(log.name, tested, tiers))
    found.intervals.extend(rolling_origin.intervals(log.name, tested, tiers))


def _folded(job: Job, found: Measured, screen: Screen) -> None:
    """The published figures of CDNOW, and protocol C."""
    found.parameters.extend(published())
    for one in cdnow_split.windows(job, screen.say):
        screen.say(f"{one.log}: beside its anchors")
        found.windows.append(one)
        found.lines.extend(one.lines())
        found.intervals.append(one.interval())


if __name__ == "__main__":
    main()
