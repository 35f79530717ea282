"""Targeting, measured: who redeems coupons next, and whether reminders come before the orders they announce.

Run by itself with ``python -m benchmarks.targeting.run``: it writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS, ComparisonRow
from benchmarks.datasets import LOGS, Log
from benchmarks.reporting.markdown import format_number, replace_section, table
from benchmarks.targeting.coupon_redemption import (
    DAYS,
    MEASURES,
    ORDERS,
    SHARE,
    compare_redeemers,
    price_sensitive_segments,
    scores_by_signal,
)
from benchmarks.targeting.reminders import WEEK, ReminderComparison, compare_reminders
from features.history import Cutoff
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.lineage import git_commit
from pipelines.run_context import RunContext
from pipelines.steps import evaluate
from pipelines.steps.evaluate import BacktestResult

TITLE = "Targeting"
EARLIER_ORIGIN = date(2017, 5, 7)  # its window is over where the first test's begins


def main() -> None:
    """Measure targeting alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targeting.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    capture_warnings()
    log = next(log for log in LOGS if log.name == "complete-journey")
    with tempfile.TemporaryDirectory(prefix="flywheel-targeting-") as scratch:
        text = measure_targeting(log, chosen.work or Path(scratch), CommandConsole(json_output=False))
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_targeting(log: Log, work: Path, console: CommandConsole) -> str:
    """The log's section of the page."""
    job = log.run_context(work, console.report)
    tested = evaluate.run_backtest(job)
    console.report("who redeems")
    found = list(compare_redeemers(log.name, job, tested))
    lead = job.config.business.lead_days
    with_categories = [(str(one.origin), one.categories) for one in tested.tests if one.categories is not None]
    weeks = [line for origin, said in with_categories for line in compare_reminders(origin, said, lead)]
    parts = [
        _describe_method(log, lead),
        _redeemers_section(found),
        _price_sensitive_section(job, tested),
        _signals_section(job),
        _reminders_section(weeks, lead),
    ]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _describe_method(log: Log, lead: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {log.name}, protocol T: all that is "
        "learned was known before each origin. Intervals are of how much better ours is: paired bootstrap over "
        f"customers, {BOOTSTRAP_DRAWS} draws for who redeems, 1,000 for reminders, 95 %; lead_days = {lead}."
    )


def _redeemers_section(comparisons: Sequence[ComparisonRow]) -> str:
    rows = []
    for line in comparisons:
        base = float(line.case.actual.mean())
        lift = format_number(line.ours / base) if line.measure != MEASURES[0].name else ""
        rows.append((
            line.case.origin, line.case.tier, line.measure, f"**{format_number(line.ours)}**", lift, line.baseline,
            format_number(line.theirs), f"{format_number(line.low)} to {format_number(line.high)}", line.verdict,
        ))  # fmt: skip
    head = ("origin", "ours", "measure", "ours", "lift", "baseline", "baseline's", "better by, 95 %", "verdict")
    shares = {line.case.origin: f"{line.case.actual.mean():.1%} on {line.case.origin}" for line in comparisons}
    note = (
        f"Of those who had ordered by the origin, these redeem a coupon within {DAYS} days: "
        f"{', '.join(shares.values())}. {SHARE} is a share per order; whether a customer redeems at "
        "all depends on how often they come as well."
    )
    return f"### Who redeems a coupon next\n\n{note}\n\n{table(head, rows)}"


def _price_sensitive_section(context: RunContext, backtest_result: BacktestResult) -> str:
    rows = []
    for one in price_sensitive_segments(context, backtest_result):
        counts = f"{one.members:,} of {one.customers:,}"
        rows.append(
            (one.origin, counts, *(format_number(share) for share in (one.member_share, one.other_share, one.recall)))
        )
    head = ("origin", "crowd", "of them redeem", "of the others", "share of all who redeem")
    return f"### The price-sensitive crowd\n\n{table(head, rows)}"


def _signals_section(context: RunContext) -> str:
    rows = [row for day in (EARLIER_ORIGIN, *sorted(context.schedule.origins)) for row in _signal_rows(context, day)]
    head = ("origin", "signal", *(f"{name}: {one.name}" for name in (SHARE, ORDERS) for one in MEASURES))
    note = f"Were the log to tell one thing alone of a discounted order. What follows {EARLIER_ORIGIN} ends before the tests."
    return f"### Which signal of price\n\n{note}\n\n{table(head, rows)}"


def _signal_rows(context: RunContext, day: date) -> Iterator[tuple[str, ...]]:
    for signal, scores, came in scores_by_signal(context, Cutoff.from_day(day, context.config.zone)):
        figures = (format_number(one.rule(scores[name], came)) for name in (SHARE, ORDERS) for one in MEASURES)
        yield str(day), signal, *figures


def _reminders_section(comparisons: Sequence[ReminderComparison], lead: int) -> str:
    rows = [
        (
            one.origin, f"{one.lines:,}", f"{one.bought_lines:,}", f"{one.reminders:,}", one.measure,
            f"**{format_number(one.ours)}**", one.baseline, format_number(one.theirs),
            f"{format_number(one.low)} to {format_number(one.high)}", one.verdict,
        )
        for one in comparisons
    ]  # fmt: skip
    head = (
        "origin", "lines", "bought", "reminders", "measure", "ours", "baseline", "baseline's",
        "better by, 95 %", "verdict",
    )  # fmt: skip
    note = (
        f"Reminders due in the {WEEK} days from the origin on, per customer and category (at most eight of each "
        f"customer); right is one whose category is ordered within {WEEK + lead} days, at which they point. A baseline "
        "gives as many: the lines due soonest by the last order plus the customer's own median gap there, or those "
        "ordered on the most days."
    )
    return f"### Reminders per category\n\n{note}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
