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
from benchmarks.datasets import Log, at_hand
from benchmarks.reporting.markdown import number, replace_section, table
from benchmarks.sample_size.pooled_results import (
    ERRORS,
    LARGEST_ECE,
    LARGEST_TOTAL_ERROR,
    LEAST_COVERAGE,
    Pooled,
    falls,
    pooled,
    said,
)
from benchmarks.sample_size.subsamples import ASKED, GATED, draws, ground
from pipelines.cli.console import Screen, keep_warnings_off_the_screen
from pipelines.registration.fingerprint import git_commit

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
    keep_warnings_off_the_screen()
    logs = [log for log in at_hand() if not chosen.log or log.name in chosen.log]
    with tempfile.TemporaryDirectory(prefix="flywheel-ladder-") as scratch:
        text = measure(logs, chosen.draws, chosen.work or Path(scratch), Screen(machine=False).say)
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure(logs: Sequence[Log], count: int, work: Path, say: Callable[[str], None]) -> str:
    """Every log's rungs at every size, as a section of the page."""
    found = [one for log in logs for one in _pools(log, count, work, say)]
    return f"## {TITLE}\n\n{_how(count)}\n\n{_verdicts(found)}\n\n{_figures(found)}\n\n{_errors(found)}"


def _pools(log: Log, count: int, work: Path, say: Callable[[str], None]) -> Iterator[Pooled]:
    here = ground(log, log.job(work, say), work / "ladder", say)
    drawn = [(one.size, one.tiers, said(one)) for one in draws(here, SIZES, count, say)]
    for size in sorted({size for size, _, _ in drawn}):
        mine = [(tiers, parts) for one, tiers, parts in drawn if one == size]
        yield from pooled(log.name, size, [tiers for tiers, _ in mine], [parts for _, parts in mine])


def _how(count: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`. At the newest origin of each log, "
        f"{count} draws of customers of every size; rungs, readiness and gate as the product has them for a shop of "
        f"these customers alone, then asked about {ASKED} customers of the same log who are in none of the draws, at "
        "the same origin. Draws are nested and asked about the same customers. A log with fewer customers than a size "
        f"gives all but those {ASKED}, in a quarter as many draws. The gate is asked at the newest earlier origin, in "
        f"the first {GATED} draws of a size; the others are answered by the rungs that most of these named. Figures "
        "are of all draws pooled; AUC, Gini and RMSE are means over draws. Calibrated: ECE of churn at most "
        f"{LARGEST_ECE}, totals of buyers, orders and spend within {LARGEST_TOTAL_ERROR:.0%} of the actual, and the "
        f"interval of nominal 80 % covers at least {LEAST_COVERAGE:.0%}."
    )


def _verdicts(found: Sequence[Pooled]) -> str:
    rows = []
    for one in (one for one in found if one.rung == SERVED):
        answers = "; ".join(
            f"{question}: " + ", ".join(f"{rung} {times}" for rung, times in sorted(counts.items()))
            for question, counts in one.answered.items()
        )
        rows.append((one.log, f"{one.size:,}", str(one.draws), answers, "; ".join(one.amiss) or "yes"))
    return "### What answers\n\n" + table(("log", "customers", "draws", "rungs that answered", "calibrated"), rows)


def _figures(found: Sequence[Pooled]) -> str:
    head = ("log", "customers", "rung", *found[0].figures, "amiss")
    rows = [
        (
            one.log,
            f"{one.size:,}",
            one.rung,
            *(number(value) for value in one.figures.values()),
            str(len(one.amiss) or ""),
        )
        for one in found
    ]
    return "### Every rung\n\nBuyers, orders and spend are predicted totals over actual ones.\n\n" + table(head, rows)


def _errors(found: Sequence[Pooled]) -> str:
    rows = []
    for log, rung in dict.fromkeys((one.log, one.rung) for one in found):
        mine = [one for one in found if (one.log, one.rung) == (log, rung)]
        for question, name in ERRORS.items():
            means = " > ".join(f"{number(float(one.errors[question].mean()))} ({one.size:,})" for one in mine)
            steps = [falls(small.errors[question], large.errors[question]) for small, large in pairwise(mine)]
            rows.append((log, rung, f"{question}, {name}", means, ", ".join(steps)))
    head = ("log", "rung", "error", "mean over draws (customers)", "from size to size")
    note = "The loss that the gate judges by; a step is called a fall or a rise where its paired 95 % interval says so."
    return f"### Does error fall with size?\n\n{note}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
