"""Measure everything, print the table, write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.logs import at_hand
from benchmarks.markdown import page
from benchmarks.speed import Speed, speed
from benchmarks.temporal import lines
from features.ingestion import source_digest
from pipelines import evaluate
from pipelines.screen import Screen, keep_warnings_off_the_screen
from pipelines.trace import git_commit


def main() -> None:
    """Run the benchmarks on every log at hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the homes here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--log", action="append", help="only this log; may be repeated")
    chosen = parser.parse_args()
    keep_warnings_off_the_screen()
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        _measure(chosen.work or Path(scratch), chosen.out, chosen.log)


def _measure(work: Path, out: Path, only: list[str] | None) -> None:
    screen = Screen(machine=False)
    found, speeds, digests = [], list[Speed](), {}
    for log in (log for log in at_hand() if not only or log.name in only):
        screen.say(f"== {log.name}")
        job = log.job(work, screen.say)
        digests[log.name] = source_digest(job.description)
        begun = time.perf_counter()
        tested = evaluate.test(job)
        screen.say(f"{len(tested.tests)} origins in {time.perf_counter() - begun:.0f} s; now the anchors")
        found += list(lines(log.name, job, tested))
        speeds.append(speed(log.name, job, tested))
    text = page(found, speeds, digests, datetime.now(UTC), git_commit())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text)
    print(text)  # noqa: T201 -- the table is the result


if __name__ == "__main__":
    main()
