"""Targeting benchmark: who redeems coupons, and whether reminders precede the orders that they announce.

``python -m benchmarks.targeting.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS, ComparisonRow
from benchmarks.datasets import Log, available_logs
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
from benchmarks.targeting.reminder_dates import DateComparison, compare_dates, reminder_dates
from benchmarks.targeting.reminders import WEEK, compare_reminders
from features.history import Cutoff
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.registration.backtest_result import BacktestResult
from pipelines.registration.lineage import git_commit
from pipelines.run_context import RunContext
from pipelines.steps import evaluate

TITLE = "Targeting"
EARLIER_ORIGIN = date(2017, 5, 7)  # its window ends before the first test's window begins


def main() -> None:
    """Run the targeting benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targeting.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    capture_warnings()
    with tempfile.TemporaryDirectory(prefix="flywheel-targeting-") as scratch:
        text = measure_targeting(available_logs(), arguments.work or Path(scratch), CommandConsole(json_output=False))
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_targeting(logs: Sequence[Log], work: Path, console: CommandConsole) -> str:
    """Measure targeting on every log, coupons and categories where there are any; return the section of the page."""
    parts, dates = [f"## {TITLE}", _describe_method(logs)], []
    for log in logs:
        context = log.run_context(work, console.report)
        backtest_result = evaluate.run_backtest(context)
        dates += [
            (log.name, str(test.origin), comparison)
            for test in backtest_result.tests
            for expected in reminder_dates(test, context.config.business.lead_days)
            for comparison in compare_dates(expected)
        ]
        if log.name == "complete-journey":
            console.report("comparing redeemers")
            parts += _coupon_sections(log, context, backtest_result)
            parts.append(_reminders_section(context, backtest_result))
    return "\n\n".join([*parts, _dates_section(dates)])


def _coupon_sections(log: Log, context: RunContext, backtest_result: BacktestResult) -> Iterator[str]:
    yield _redeemers_section(list(compare_redeemers(log.name, context, backtest_result)))
    yield _price_sensitive_section(context, backtest_result)
    yield _signals_section(context)


def _describe_method(logs: Sequence[Log]) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on "
        f"{', '.join(log.name for log in logs)}, coupons and categories on complete-journey alone, protocol T: "
        "training uses only data before each origin. Intervals are of how much better ours is: paired bootstrap over "
        f"customers, {BOOTSTRAP_DRAWS} draws for redemptions, 1,000 for reminders, 95 %."
    )


def _redeemers_section(comparisons: Sequence[ComparisonRow]) -> str:
    rows = []
    for row in comparisons:
        base_rate = float(row.case.actual.mean())
        lift = format_number(row.value / base_rate) if row.measure != MEASURES[0].name else ""
        rows.append((
            row.case.origin, row.case.tier, row.measure, f"**{format_number(row.value)}**", lift, row.baseline,
            format_number(row.baseline_value), f"{format_number(row.low)} to {format_number(row.high)}", row.verdict,
        ))  # fmt: skip
    head = ("origin", "ours", "measure", "ours", "lift", "baseline", "baseline's", "better by, 95 %", "verdict")
    shares = {row.case.origin: f"{row.case.actual.mean():.1%} on {row.case.origin}" for row in comparisons}
    note = (
        f"Of those who had ordered by the origin, these redeem a coupon within {DAYS} days: "
        f"{', '.join(shares.values())}. {SHARE} is a share per order; whether a customer redeems at "
        "all also depends on how often they order."
    )
    return f"### Who redeems a coupon next\n\n{note}\n\n{table(head, rows)}"


def _price_sensitive_section(context: RunContext, backtest_result: BacktestResult) -> str:
    rows = []
    for segment in price_sensitive_segments(context, backtest_result):
        counts = f"{segment.members:,} of {segment.customers:,}"
        rows.append(
            (
                segment.origin,
                counts,
                *(format_number(share) for share in (segment.member_share, segment.other_share, segment.recall)),
            )
        )
    head = ("origin", "segment", "members who redeem", "others who redeem", "share of all redeemers")
    return f"### The price-sensitive segment\n\n{table(head, rows)}"


def _signals_section(context: RunContext) -> str:
    rows = [row for day in (EARLIER_ORIGIN, *sorted(context.schedule.origins)) for row in _signal_rows(context, day)]
    head = ("origin", "signal", *(f"{name}: {measure.name}" for name in (SHARE, ORDERS) for measure in MEASURES))
    note = (
        "The scores if the log had only one signal of a discount. "
        f"The window after {EARLIER_ORIGIN} ends before the tests."
    )
    return f"### Scores by price signal\n\n{note}\n\n{table(head, rows)}"


def _signal_rows(context: RunContext, day: date) -> Iterator[tuple[str, ...]]:
    for signal, scores, redeemed in scores_by_signal(context, Cutoff.from_day(day, context.config.zone)):
        figures = (
            format_number(measure.rule(scores[name], redeemed)) for name in (SHARE, ORDERS) for measure in MEASURES
        )
        yield str(day), signal, *figures


def _reminders_section(context: RunContext, backtest_result: BacktestResult) -> str:
    lead_days = context.config.business.lead_days
    comparisons = [
        reminder
        for test in backtest_result.tests
        if test.categories is not None
        for reminder in compare_reminders(str(test.origin), test.categories, test.plan.evaluated_churn_days, lead_days)
    ]
    rows = [
        (
            reminder.origin, f"{reminder.lines:,}", f"{reminder.bought_lines:,}", f"{reminder.reminders:,}",
            reminder.measure, f"**{format_number(reminder.value)}**",
            reminder.baseline, format_number(reminder.baseline_value),
            f"{format_number(reminder.low)} to {format_number(reminder.high)}", reminder.verdict,
        )
        for reminder in comparisons
    ]  # fmt: skip
    head = (
        "origin", "lines", "bought", "reminders", "measure", "ours", "baseline", "baseline's",
        "better by, 95 %", "verdict",
    )  # fmt: skip
    note = (
        f"Reminders due in the {WEEK} days from the origin on, per customer and category (at most eight of each "
        f"customer); a reminder is right if its category is ordered within {WEEK + lead_days} days, at which it "
        "points. A baseline gives as many: the lines due soonest by last order plus the customer's own median gap, or "
        "those ordered on the most days."
    )
    return f"### Reminders per category\n\n{note}\n\n{table(head, rows)}"


def _dates_section(comparisons: Sequence[tuple[str, str, DateComparison]]) -> str:
    rows = [
        (
            log, origin, row.lines, f"{row.count:,}", f"{row.came:,}", row.measure,
            row.rule, f"**{format_number(row.value)}**", f"{row.reminders:,}",
            row.other, format_number(row.other_value), f"{row.other_reminders:,}",
            f"{format_number(row.low)} to {format_number(row.high)}", row.verdict,
        )
        for log, origin, row in comparisons
    ]  # fmt: skip
    head = (
        "log", "origin", "lines", "count", "came", "measure", "first", "first's", "reminders",
        "second", "second's", "reminders", "better by, 95 %", "verdict",
    )  # fmt: skip
    note = (
        "Expected dates of the next order of any kind and per category: the median (`p50`), the median given an order "
        "within the churn horizon (`p50_if_within`), the last order plus the own median gap, and the date that "
        "`remind_on` rests on: `p50_if_within` where `p50` lies within the horizon, else `p50`. The error is that "
        "among those who came within the horizon; no date is taken as later than it. A rule reminds of the orders that "
        "it expects within the horizon: precision is the share of its reminders that come at most `lead_days` before "
        "the order, recall the share of the orders within the horizon that have such a reminder."
    )
    return f"### Dates that reminders rest on\n\n{note}\n\n{table(head, rows)}"


if __name__ == "__main__":
    main()
