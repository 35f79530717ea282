"""Results benchmark: the error and the power of what an experiment's results say.

``python -m benchmarks.experiments.results_run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from benchmarks.experiments.peeking import measure_peeking
from benchmarks.experiments.random_halves import measure_random_halves
from benchmarks.experiments.sample_ratios import measure_sample_ratios
from benchmarks.reporting.markdown import format_number, replace_section, table
from pipelines.registration.lineage import git_commit

TITLE = "Results of experiments"
HALVES_RUNS, PEEKING_RUNS, RATIO_RUNS = 1_000, 20_000, 2_000
DATA = Path("../shared/data")
HALVES = (
    "The 21,306 customers of Hillstrom's campaign who got no e-mail, split into random halves: 5 % should be found. "
    "The covariates are recency, past spend, bought men's or womenswear before, and new."
)
PEEKING = (
    "2,000 customers a day for 28 days, an even split, 5 % order; *power* is with +10 %. *Overstated* is the mean "
    "estimate at the moment of the decision, over the truth."
)
RATIOS = "Watched daily for 28 days; an alarm is an e-value over 1,000."


def main() -> None:
    """Run the results benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments.results_run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--data", type=Path, default=DATA, help="the folder of the public data sets")
    arguments = parser.parse_args()
    text = measure_results(arguments.data)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_results(data: Path) -> str:
    """Measure the results of experiments; return the section of the page."""
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {HALVES_RUNS:,} random halves, "
        f"{PEEKING_RUNS:,} runs of looks, {RATIO_RUNS:,} of each split."
    )
    return "\n\n".join([
        f"## {TITLE}\n\n{measured}",
        f"### Random halves of real customers\n\n{HALVES}\n\n{_halves_table(data)}",
        f"### Looks\n\n{PEEKING}\n\n{_peeking_table()}",
        f"### Sample ratio\n\n{RATIOS}\n\n{_ratio_table()}",
    ])  # fmt: skip


def _halves_table(data: Path) -> str:
    rows = measure_random_halves(data, HALVES_RUNS)
    if not rows:
        return f"Not measured: {data} does not have the campaign."
    cells = [(row.outcome, row.estimator, f"{row.found:.1%}", format_number(row.half_width)) for row in rows]
    return table(("outcome", "estimator", "effect found", "half-width of the interval"), cells)


def _peeking_table() -> str:
    cells = [
        (row.rule, f"{row.wrong:.1%}", f"{row.power:.1%}", f"{row.day:.0f}", f"{row.overstated:.2f}")
        for row in measure_peeking(PEEKING_RUNS)
    ]
    return table(("rule", "decides without a difference", "power", "day", "overstated"), cells)


def _ratio_table() -> str:
    cells = [
        (row.split, f"{row.per_day:,}", f"{row.found:.2%}", f"{row.day:.0f}" if isfinite(row.day) else "")
        for row in measure_sample_ratios(RATIO_RUNS)
    ]
    return table(("split", "customers a day", "found", "day, median"), cells)


if __name__ == "__main__":
    main()
