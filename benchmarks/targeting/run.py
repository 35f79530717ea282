"""Targeting, measured: who redeems coupons next, and whether reminders come before the orders they announce.

Run by itself with ``python -m benchmarks.targeting.run``: it writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.accuracy.paired_comparison import DRAWS, Line
from benchmarks.datasets import LOGS, Log
from benchmarks.reporting.markdown import number, replace_section, table
from benchmarks.targeting.coupon_redemption import DAYS, MEASURES, ORDERS, SHARE, by_signal, crowds, redeemers
from benchmarks.targeting.reminders import WEEK, Reminded, reminded
from features.history import Cutoff
from pipelines.cli.console import Screen, keep_warnings_off_the_screen
from pipelines.registration.fingerprint import git_commit
from pipelines.run_context import Job
from pipelines.steps import evaluate
from pipelines.steps.evaluate import Tested

TITLE = "Targeting"
BEFORE = date(2017, 5, 7)  # its window is over where the first test's begins


def main() -> None:
    """Measure targeting alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.targeting.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    keep_warnings_off_the_screen()
    log = next(log for log in LOGS if log.name == "complete-journey")
    with tempfile.TemporaryDirectory(prefix="flywheel-targeting-") as scratch:
        text = measure(log, chosen.work or Path(scratch), Screen(machine=False))
    replace_section(chosen.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure(log: Log, work: Path, screen: Screen) -> str:
    """The log's section of the page."""
    job = log.job(work, screen.say)
    tested = evaluate.test(job)
    screen.say("who redeems")
    found = list(redeemers(log.name, job, tested))
    lead = job.description.business.lead_days
    with_categories = [(str(one.origin), one.categories) for one in tested.tests if one.categories is not None]
    weeks = [line for origin, said in with_categories for line in reminded(origin, said, lead)]
    parts = [_how(log, lead), _redeemers(found), _crowds(job, tested), _signals(job), _reminders(weeks, lead)]
    return f"## {TITLE}\n\n" + "\n\n".join(parts)


def _how(log: Log, lead: int) -> str:
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` on {log.name}, protocol T: all that is "
        "learned was known before each origin. Intervals are of how much better ours is: paired bootstrap over "
        f"customers, {DRAWS} draws for who redeems, 1,000 for reminders, 95 %; lead_days = {lead}."
    )


def _redeemers(found: Sequence[Line]) -> str:
    rows = []
    for line in found:
        base = float(line.case.actual.mean())
        lift = number(line.ours / base) if line.measure != MEASURES[0].name else ""
        rows.append((
            line.case.origin, line.case.rung, line.measure, f"**{number(line.ours)}**", lift, line.anchor,
            number(line.theirs), f"{number(line.low)} to {number(line.high)}", line.verdict,
        ))  # fmt: skip
    head = ("origin", "ours", "measure", "ours", "lift", "baseline", "baseline's", "better by, 95 %", "verdict")
    shares = {line.case.origin: f"{line.case.actual.mean():.1%} on {line.case.origin}" for line in found}
    note = (
        f"Of those who had ordered by the origin, these redeem a coupon within {DAYS} days: "
        f"{', '.join(shares.values())}. {SHARE} is a share per order; whether a customer redeems at "
        "all depends on how often they come as well."
    )
    return f"### Who redeems a coupon next\n\n{note}\n\n{table(head, rows)}"


def _crowds(job: Job, tested: Tested) -> str:
    rows = []
    for one in crowds(job, tested):
        counts = f"{one.members:,} of {one.customers:,}"
        rows.append((one.origin, counts, *(number(share) for share in (one.redeem, one.others, one.found))))
    head = ("origin", "crowd", "of them redeem", "of the others", "share of all who redeem")
    return f"### The price-sensitive crowd\n\n{table(head, rows)}"


def _signals(job: Job) -> str:
    rows = [row for day in (BEFORE, *sorted(job.laid.origins)) for row in _by_signal(job, day)]
    head = ("origin", "signal", *(f"{name}: {one.name}" for name in (SHARE, ORDERS) for one in MEASURES))
    note = f"Were the log to tell one thing alone of a discounted order. What follows {BEFORE} ends before the tests."
    return f"### Which signal of price\n\n{note}\n\n{table(head, rows)}"


def _by_signal(job: Job, day: date) -> Iterator[tuple[str, ...]]:
    for signal, scores, came in by_signal(job, Cutoff.of(day, job.description.zone)):
        figures = (number(one.rule(scores[name], came)) for name in (SHARE, ORDERS) for one in MEASURES)
        yield str(day), signal, *figures


def _reminders(found: Sequence[Reminded], lead: int) -> str:
    rows = [
        (
            one.origin, f"{one.lines:,}", f"{one.bought:,}", f"{one.reminders:,}", one.measure,
            f"**{number(one.ours)}**", one.rival, number(one.theirs),
            f"{number(one.low)} to {number(one.high)}", one.verdict,
        )
        for one in found
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
