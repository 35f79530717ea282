"""Attendance benchmark: what estimators find for planted classes and invitations, and for campaigns of the log itself.

``python -m benchmarks.attendance.run`` writes its own section of docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.attendance.households import ATTENDEES, REASONS, open_home, read_households
from benchmarks.attendance.planted_classes import PLANTED, ClassRow, measure_classes
from benchmarks.attendance.planted_invitations import EFFECTS, InvitationRow, measure_invitations
from benchmarks.reporting.markdown import format_met, replace_section, table
from pipelines.cli.console import CommandConsole, capture_warnings
from pipelines.home import Home
from pipelines.registration.lineage import git_commit
from training.attendance.answering import AttendanceAnswer, AttendanceSource, answer_question
from training.attendance.effect import AttendanceEffect
from training.attendance.question import AttendanceQuestion
from training.experiments.refusal import Refusal

TITLE = "Effects of attending"
CLASS_RUNS = 100
DRAWS_PER_CLASS = 3  # invitations are drawn as many times as often
EVENTS = ("campaign_received", "coupon_redeemed")
LAST_DAY = date(2017, 12, 31)
CLASSES = (
    f"A class on a random day in the purchases of 2,469 households, where {ATTENDEES} attend; the window is 12 "
    "weeks. *Loyal*: by the spend of 24 weeks; *and active*: also by orders of the last two; *about to buy*: also by "
    "the spend of the next four, which nobody recorded. Without an effect: the bias, in USD a week, and how often 0 is "
    "outside the 95 % interval. *Pseudo* is what it finds for pseudo-attendees, and *passes* how often that lies "
    f"within one standard error of 0. Then with +{PLANTED:.0%}: how often it is found and covered. Bars: matched, bias "
    "up to 1.5 and rejected up to 10 %, found and covered 90 %; comparisons without matching pass in at most 20 % "
    "where the loyal and active attend."
)
INVITATIONS = (
    "Half of all are invited at random, and 20 % of those come, mostly those who are about to buy. The effect per "
    "attendee is in USD a week. Bars: found in at most 7 % without an effect, in 95 % with +30 %."
)
OWN_EVENTS = (
    "Events that the log has, which nobody drew at random, with the first of each household as attendance. No truth is "
    "known. What was found for pseudo-attendees stands beside; a redemption is part of an order, so it is refused."
)


def main() -> None:
    """Run the attendance benchmark alone."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attendance.run", description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the home here instead of in a temporary folder")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--runs", type=int, default=CLASS_RUNS, help="classes of each reason; three times the draws")
    arguments = parser.parse_args()
    capture_warnings()
    console = CommandConsole(json_output=False)
    with tempfile.TemporaryDirectory(prefix="flywheel-attendance-") as scratch:
        home = open_home(arguments.work or Path(scratch), console.report)
        text = measure_attendance(home, arguments.runs, console.report)
    replace_section(arguments.out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def measure_attendance(home: Home, runs: int, report: Callable[[str], None]) -> str:
    """Measure classes, invitations and the log's own events; return the section of the page."""
    purchases, rows, released = read_households(home), list[ClassRow](), list[str]()
    for reason in REASONS:
        report(f"classes: {reason}")
        of_reason, share = measure_classes(purchases, reason, runs)
        rows += of_reason
        released.append(f"{reason} {share:.0%}")
    invitations = []
    for effect in EFFECTS:
        report(f"invitations: +{effect:.0%}")
        invitations.append(measure_invitations(purchases, effect, DRAWS_PER_CLASS * runs))
    measured = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} at commit `{git_commit()[:12]}` in Complete Journey: {runs} runs of "
        f"each class, {DRAWS_PER_CLASS * runs} of each invitation."
    )
    return "\n\n".join([
        f"## {TITLE}\n\n{measured}",
        f"### Planted classes\n\n{CLASSES}\n\n{_class_table(rows)}\n\nAn answer is released in: {', '.join(released)}.",
        f"### Planted invitations\n\n{INVITATIONS}\n\n{_invitation_table(invitations)}",
        f"### Events of the log itself\n\n{OWN_EVENTS}\n\n{_event_table(home)}",
    ])  # fmt: skip


def _class_table(rows: Sequence[ClassRow]) -> str:
    head = (
        "who attends", "estimator", "bias", "rejected", "pseudo", "passes", f"+{PLANTED:.0%}", "found", "covered", "met"
    )  # fmt: skip
    cells = [
        (
            row.reason, row.estimator.replace("_", " "), f"{row.bias:+.2f}", f"{row.rejected:.2f}",
            f"{row.pseudo:+.2f}", f"{row.passed:.2f}", f"{row.truth:.1f}", f"{row.found:.2f}", f"{row.covered:.2f}",
            format_met(row.meets),
        )
        for row in rows
    ]  # fmt: skip
    return table(head, cells)


def _invitation_table(rows: Sequence[InvitationRow]) -> str:
    head = ("effect", "truth", "bias", "half-width", "found", "covered", "inviting found", "met")
    cells = [
        (
            f"+{row.effect:.0%}", f"{row.truth:.1f}", f"{row.bias:+.2f}", f"{row.half_width:.1f}", f"{row.found:.2f}",
            f"{row.covered:.2f}", f"{row.inviting_found:.2f}", format_met(row.meets),
        )
        for row in rows
    ]  # fmt: skip
    return table(head, cells)


def _event_table(home: Home) -> str:
    source = AttendanceSource(
        home=home.folder,
        zone=ZoneInfo("America/New_York"),
        today=LAST_DAY + timedelta(days=1),
        allowed_ids=lambda customer_ids: customer_ids,
    )
    head = ("event", "attendees", "ordered that day", "pseudo a week: matched", "plain differences", "answer a week")
    return table(head, [_event_cells(event, source) for event in EVENTS])


def _event_cells(event: str, source: AttendanceSource) -> tuple[str, ...]:
    answer = answer_question(AttendanceQuestion(event=event, outcome="spend", within_days=84), source)
    pseudo = {row.estimator: f"{row.pseudo.value:+.1f}" for row in answer.observed.diagnostics}
    share = "" if answer.ordered_that_day is None else f"{answer.ordered_that_day:.0%}"
    return (
        event, str(answer.compared), share, pseudo.get("matched", ""), pseudo.get("difference_in_differences", ""),
        _describe(answer),
    )  # fmt: skip


def _describe(answer: AttendanceAnswer) -> str:
    match answer.observed.answer:
        case Refusal() as refusal:
            return refusal.reason
        case AttendanceEffect() as effect:
            stated = effect.primary_estimate
            return f"{stated.value:+.1f} ({stated.low:+.1f} to {stated.high:+.1f})"


if __name__ == "__main__":
    main()
