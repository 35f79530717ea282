"""Attack page: the table of one run as docs/attacks.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from benchmarks.attacks.results import AttackResult, SkippedGroup
from benchmarks.reporting.markdown import table

_HEAD = ("group", "attack", "tries", "server errors", "kills", "lost", "silently wrong", "holds", "remarks")
_INTRODUCTION = """# Attacks and faults

`make attack` trains a small simulated shop, starts the service on loopback with one key of each scope, and attacks it
and its home. Each attack gets a copy of the home of its own. It ends by itself within a quarter of an hour.

- **Server errors**: answers with status 500, lost connections, processes that a damaged file ends, and commands that
  fail after a kill. A refusal with a reason (429, 503, 507) is not one.
- **Kills**: processes that were ended with SIGKILL at a random moment.
- **Lost**: acknowledged denials and erasures that are gone, refused ones on a full disk, routes that a key opens though
  it must not, and scores that counts tell.
- **Silently wrong**: answers that differ from those before the damage and do not say so. An answer that says that the
  features or the consents are unavailable, and a customer who counts as one who said no, are right.

What is not defended here, such as TLS, single sign-on and the network around the service, is in
[Deploy](how-to/deploy.md). Why damage and a full disk are handled as they are:
[decision 66](decisions/0066-damaged-files-and-full-disks.md).
"""


def render_page(
    results: Sequence[AttackResult], skipped: Sequence[SkippedGroup], at: datetime, commit: str, seconds: float
) -> str:
    """The page with the figures of one run."""
    rows = [
        (
            result.group,
            result.attack,
            *(f"{number:,}" for number in _counts(result)),
            "yes" if result.holds else "**no**",
            result.note,
        )
        for result in results
    ]
    totals = [f"{sum(numbers):,}" for numbers in zip(*map(_counts, results), strict=True)] or ["0"] * 5
    rows.append(("**all**", "", *totals, "yes" if all(result.holds for result in results) else "**no**", ""))
    method = f"Measured {at:%Y-%m-%d} at commit `{commit[:12]}`, in {seconds / 60:.0f} minutes on two cores."
    lines = [_INTRODUCTION, "## Figures\n", f"{method}\n", table(_HEAD, rows)]
    if skipped:
        lines += ["", "Not tried in this run:", "", *(f"- {group.group}: {group.reason}" for group in skipped)]
    return "\n".join(lines) + "\n"


def _counts(result: AttackResult) -> tuple[int, int, int, int, int]:
    return result.tries, result.server_errors, result.kills, result.lost, result.silently_wrong
