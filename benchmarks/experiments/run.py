"""Experiments benchmark: adaptive allocation in simulated markets, whose truth is known.

``python -m benchmarks.experiments.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.experiments.allocation import (
    LossRow,
    TruthRow,
    loss_cases,
    measure_change_test,
    measure_loss,
    measure_truths,
)
from benchmarks.reporting.markdown import format_met, replace_section, table
from pipelines.registration.lineage import git_commit

TITLE = "Adaptive allocation"
LOSS_RUNS, TRUTH_RUNS = 400, 2000
METHOD = (
    "Four arms convert 5 % with +0, +0, +10 and +20 %; 1,000 customers a day come for 60 days, for 90 where outcomes "
    "take 28 days or the winner changes. Other outcomes take up to 7 days. The loss that remains is the conversions "
    "lost against always the best arm, over those that an even split loses. The floor is 2 % where none is named; the "
    "warm-up is 100 units and 40 conversions an arm, which a shop of 50 customers a day does not reach. *Pooled means* "
    "compare the plain means of the arms, and what has not come yet counts as no."
)
TRUTHS = (
    "The base rate rises from 3 to 9 % in 60 days. *Weighted* is the difference of the last arm from control, weighted "
    "by 1 / probability; *pooled* is the difference of the plain means. Shares of the runs; nominal are 5 % and 95 %."
)
CHANGE = (
    "The test that the effects of the arms are the same in both halves of the experiment, looked at once, is below .05 "
    "in "
)


def main() -> None:
    """Run the experiments benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.experiments.run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    text = measure_allocation(LOSS_RUNS, TRUTH_RUNS)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_allocation(loss_runs: int, truth_runs: int) -> str:
    """Measure adaptive allocation; return the section of the page."""
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}`: {loss_runs:,} runs of each loss, "
        f"{truth_runs:,} of each truth."
    )
    losses = [measure_loss(case, loss_runs) for case in loss_cases()]
    return "\n\n".join([
        f"## {TITLE}\n\n{measured} {METHOD}",
        f"### Loss that remains\n\n{_loss_table(losses)}",
        f"### What is measured under a trend\n\n{TRUTHS}\n\n{_truth_table(measure_truths(truth_runs))}",
        f"### Evidence of change\n\n{CHANGE}{_describe_shares(measure_change_test(loss_runs))}.",
    ])  # fmt: skip


def _loss_table(losses: Sequence[LossRow]) -> str:
    rows = [
        (
            row.case.market, row.case.policy, f"{row.mean:.3f} ± {row.half_width:.3f}", f"{row.high:.2f}",
            "" if row.case.highest is None else f"<= {row.case.highest:.2f}", format_met(row.is_met),
        )
        for row in losses
    ]  # fmt: skip
    return table(("market", "policy", "loss that remains", "95th percentile", "bar", "met"), rows)


def _truth_table(truths: Sequence[TruthRow]) -> str:
    rows = [
        (
            row.truth, row.policy,
            *(
                f"{share:.1%}"
                for share in (
                    row.concentrated, row.weighted_rejects, row.weighted_covers, row.pooled_rejects, row.pooled_covers
                )
            ),
        )
        for row in truths
    ]  # fmt: skip
    head = (
        "truth", "policy", "an arm above 90 %", "weighted excludes 0", "weighted covers", "pooled excludes 0",
        "pooled covers",
    )  # fmt: skip
    return table(head, rows)


def _describe_shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{share:.1%} of the runs ({market})" for market, share in shares.items())


if __name__ == "__main__":
    main()
