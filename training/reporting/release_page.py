"""Release page: what a reviewer needs to promote a release or not, as Markdown for MLflow, the verdict first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.evaluation.band_changes import BandChanges
from training.evaluation.drift import SHIFTED, FeatureDrift
from training.evaluation.flagged import FlaggedCustomers
from training.evaluation.paired_comparison import PairedComparison
from training.reporting.markdown_table import format_number, markdown_table

MAX_DRIFTS = 6
ALIAS_NOTE = (
    "Or give it the alias `champion` above: while `flywheel ui` runs, it then serves within seconds, if the gate has "
    "nothing against it."
)


@dataclass(frozen=True, kw_only=True)
class QuestionResult:
    """How one question is answered in the back-test: medians of its headline metric over the test origins."""

    name: str
    version: str  # of the model in MLflow
    metric: str
    higher_is_better: bool
    release: float
    champion: float | None  # at the origins of its own back-test; None without a champion
    baseline: str  # the best of the simple scores and tiers
    baseline_value: float
    comparison: PairedComparison | None


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The drifted features, and between which days."""

    since: str
    customers_then: int
    customers_now: int
    features: Sequence[FeatureDrift]


@dataclass(frozen=True, kw_only=True)
class ReleasePage:
    """The contents of the page of one release."""

    version: str
    champion: str | None  # the version that served when the release was trained
    passed: bool
    reasons: Sequence[str]  # why the gate rejects it, or what it found
    questions: Sequence[QuestionResult]
    reference: str  # what the paired comparison is with, and why
    flagged: Sequence[FlaggedCustomers]
    totals: Sequence[str]  # predicted and actual totals at the newest origin, a sentence each
    bands: BandChanges | None  # None where the champion cannot score today's customers
    without_bands: str  # why; empty where they are
    drift: Drift | None
    data: Sequence[str]  # window, size and origins, a sentence each
    figures: Mapping[str, str]  # caption -> address


def render_release_page(page: ReleasePage) -> str:
    """The page as Markdown; its first line is the verdict, which MLflow's list of versions shows."""
    sections = {
        "What to do": _decision_lines(page),
        "Of 100 flagged": [_flagged_line(flagged) for flagged in page.flagged],
        "Each question": _question_lines(page),
        "Whose band changes": _band_lines(page),
        "What drifted": _drift_lines(page.drift),
        "Data": [f"- {sentence}" for sentence in page.data],
        "Figures": [f"![{caption}]({address})\n" for caption, address in page.figures.items()],
    }
    parts = [f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections.items() if lines]
    return "\n\n".join([verdict(page), *parts]) + "\n"


def verdict(page: ReleasePage) -> str:
    """The verdict in one sentence of plain text, with the counts that support it."""
    decision = "May be promoted" if page.passed else "Rejected by the gate"
    best = page.flagged[0] if page.flagged else None
    if best is None:
        return f"{decision}: {page.reasons[0] if page.reasons else 'nothing could be tested yet'}."
    own, *others = best.hits
    beside = ", ".join(f"{other}: {best.per_hundred(other)}" for other in others)
    return f"{decision}: of 100 flagged, {best.per_hundred(own)} left{f' ({beside})' if beside else ''}."


def _decision_lines(page: ReleasePage) -> list[str]:
    lines = [f"- {reason}." for reason in page.reasons]
    serving = f"Release {page.champion} served" if page.champion else "No release served"
    judgement, option = ("has nothing against it", "") if page.passed else ("rejects it", " --force --why REASON")
    return [
        f"{serving} when this one was trained. The gate {judgement}:",
        "",
        *lines,
        "",
        "```sh",
        f"flywheel promote --version {page.version}{option}",
        "flywheel promote --rollback   # back to the release before",
        "```",
        "",
        ALIAS_NOTE,
    ]


def _flagged_line(flagged: FlaggedCustomers) -> str:
    own, *others = flagged.hits
    compared = "; ".join(f"{other}: **{flagged.per_hundred(other)}**" for other in others)
    return (
        f"- At {flagged.origin} {flagged.flagged} of {flagged.customers:,} customers were flagged as leaving within "
        f"{flagged.days} days. Of 100 flagged by {own}, **{flagged.per_hundred(own)}** left"
        f"{f'; {compared}' if compared else ''}. Of all customers {flagged.churned / flagged.customers:.0%} left."
    )


def _question_lines(page: ReleasePage) -> list[str]:
    head = ["question", "metric", "this release", "champion", "best simple score", "loss against the reference", ""]
    rows = [_question_row(question) for question in page.questions]
    note = (
        f"Medians over the test origins. Reference of the last columns: {page.reference} The change of the loss per "
        "customer (below 0 is better) has a paired 95 % interval."
    )
    totals = [f"- {sentence}" for sentence in page.totals]
    return [*markdown_table(head, rows), "", note, "", *totals] if rows else []


def _question_row(question: QuestionResult) -> list[str]:
    arrow = "↑" if question.higher_is_better else "↓"
    champion = "none" if question.champion is None else format_number(question.champion)
    compared = question.comparison
    return [
        f"[{question.name}](#/models/{question.name}/versions/{question.version})",
        f"{question.metric} {arrow}",
        f"**{format_number(question.release)}**",
        champion,
        f"{format_number(question.baseline_value)} ({question.baseline})",
        "n/a" if compared is None else _change(compared),
        "" if compared is None else compared.verdict,
    ]


def _change(comparison: PairedComparison) -> str:
    gain, low, high = comparison.relative
    return f"{-gain:+.1%} ({-high:+.1%} to {-low:+.1%})"


def _band_lines(page: ReleasePage) -> list[str]:
    if page.bands is None:
        return [page.without_bands] if page.without_bands else []
    bands, moves = page.bands, page.bands.moves()
    listed = "; ".join(f"**{count}** {before} → {after}" for before, after, count in moves)
    share, moved = bands.changed_customers / max(bands.customers, 1), f": {listed}" if listed else ""
    return [f"{bands.changed_customers:,} of today's {bands.customers:,} customers ({share:.1%}){moved}."]


def _drift_lines(drift: Drift | None) -> list[str]:
    if drift is None:
        return []
    compared = f"{drift.customers_now:,} customers now and {drift.customers_then:,} of {drift.since}"
    if not drift.features:
        return [f"No feature differs between {compared}, by more than chance explains."]
    rows = [
        [
            f"`{each.name}`",
            f"{each.psi:.2f}",
            format_number(each.reference_median),
            format_number(each.current_median),
            "shifted" if each.psi >= SHIFTED else "worth a look",
        ]
        for each in drift.features[:MAX_DRIFTS]
    ]
    more = len(drift.features) - len(rows)
    note = f"Population stability index between {compared}{f'; {more} more' if more > 0 else ''}."
    return [note, "", *markdown_table(["feature", "PSI", "median then", "now", ""], rows)]


def median(values: Sequence[float]) -> float:
    """The median of the finite values; NaN without one."""
    finite = sorted(value for value in values if math.isfinite(value))
    middle = len(finite) // 2
    return math.nan if not finite else (finite[middle] + finite[~middle]) / 2
