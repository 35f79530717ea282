"""Model card (Mitchell et al. 2019): use, performance, calibration, limits and data of a version, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from features.plausibility_note import PlausibilityNote
from training.evaluation.churn_rules import RuleResult
from training.evaluation.member_losses import QuestionLosses
from training.evaluation.quality_gate import GateDecision
from training.reporting.markdown_table import NOT_MEASURED, format_number, markdown_table
from training.reporting.member_section import member_lines
from training.reporting.metric_comparison import MetricComparison, comparison_lines

LIMITS = (
    "A prediction describes customers like this one, not this one: nobody should be refused anything because of it.",
    "It says who is likely to leave or buy, not whom an offer would change. Measure offers against a hold-out group.",
    "No demographic data is used: no age, gender, origin or address, nothing bought about a customer elsewhere.",
    "Shopping habits can stand in for them: compare how often groups you must not disadvantage are chosen.",
    "Not for credit, insurance, employment, personal prices, or any decision with legal effect.",
    "It knows nothing of what the log does not hold: a new range, a strike, a competitor's opening.",
)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Calibration errors at origins that the model had not seen."""

    ece: float | None = None  # mean gap over ten bins of equal mass; None for an amount
    decile_mape: float | None = None  # mean relative error over ten bins; None for a probability
    bias: float | None = None  # predicted total over actual total, less 1


@dataclass(frozen=True, kw_only=True)
class IntervalCoverage:
    """Share of outcomes inside their interval."""

    slice: str
    nominal: float
    observed: float
    customers: int


@dataclass(frozen=True, kw_only=True)
class PopulationSlice:
    """A group of customers with its own metric."""

    name: str
    customers: int
    metric: str
    value: float
    overall: float  # the same metric over all customers
    higher_is_better: bool = True


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The contents of a model card."""

    name: str
    question: str
    horizon: str
    gate: GateDecision  # with the tier that answers
    tested_tier: str
    use: str  # ``Model.intended_use``
    population: str
    customers: int
    trained_from: date  # first training origin
    trained_to: date  # last training origin
    known_until: date  # outcomes up to this day, exclusive, were used
    data_name: str
    data_digest: str
    data_rows: int
    feature_service: str
    features: Sequence[str]
    scores: Sequence[MetricComparison]
    calibration: Calibration
    members: Sequence[QuestionLosses] = ()  # of the average
    totals: Sequence[str] = ()  # a line for each
    coverage: Sequence[IntervalCoverage] = ()
    slices: Sequence[PopulationSlice] = ()
    rules: Sequence[RuleResult] = ()
    plausibility: Sequence[PlausibilityNote] = ()  # of the log
    treated_windows: str = ""  # how many label windows saw a treatment, as a sentence
    refresh: str = "Retrain weekly; score nightly. Older than the longest horizon, it must not be used."
    limits: Sequence[str] = LIMITS


def render_model_card(card: ModelCard) -> str:
    """The card as Markdown, most important first, since MLflow shows the first 5,000 characters."""
    sections = {
        f"{card.name}: {card.question}": _purpose_lines(card),
        "What the test says": _gate_lines(card.gate, card.tested_tier),
        "What looks implausible in the log": [f"- {note.label}: {note.sentence}" for note in card.plausibility],
        "How good it is": comparison_lines(card.scores),
        "Members of the average": member_lines(card.members),
        "Beside the rules in use": _rule_lines(card.rules),
        "Calibration": [*_calibration_lines(card.calibration), *card.totals],
        "Intervals": _coverage_lines(card.coverage),
        "Where it is weak": _slice_lines(card.slices),
        "Limits and ethical considerations": [f"- {limit}" for limit in card.limits],
        "Data": _data_lines(card),
        "Refresh": [card.refresh],
        "Features": [f"{len(card.features)} from `{card.feature_service}`: {', '.join(card.features)}."],
    }
    title, *others = (f"## {heading}\n\n" + "\n".join(lines) for heading, lines in sections.items() if lines)
    return "\n\n".join([title.removeprefix("#"), *others]) + "\n"


def _purpose_lines(card: ModelCard) -> list[str]:
    return [
        f"**Use.** {card.use}",
        "",
        f"**Horizon.** {card.horizon}, answered from the tier `{card.gate.tier}`.",
        f"**Scored.** {card.customers:,} customers: {card.population}.",
    ]


def _gate_lines(decision: GateDecision, tested_tier: str) -> list[str]:
    lines = [f"- Refuted by the newest test origin: {sentence}." for sentence in decision.refutations]
    if not decision.refutations:
        lines.append(f"- {decision.reason[0].upper()}{decision.reason[1:]}.")
    elif not decision.ranks:
        lines.append("- It ranks nobody: the log holds no signal that tells customers apart.")
    if decision.tier != tested_tier:
        lines.append(
            f"- `{decision.tier}` answers until a release stands the test. "
            f"The figures at the origins are those of `{tested_tier}`."
        )
    return lines


def _calibration_lines(calibration: Calibration) -> list[str]:
    lines = []
    if calibration.ece is not None:
        lines.append(f"- Probabilities are {100 * calibration.ece:.1f} points off on average (ECE).")
    if calibration.decile_mape is not None:
        lines.append(f"- Tenths of customers by prediction are {calibration.decile_mape:.1%} off on average.")
    if calibration.bias is not None:
        side = "above" if calibration.bias >= 0 else "below"
        lines.append(f"- The predicted total is {abs(calibration.bias):.1%} {side} the actual one.")
    return lines


def _coverage_lines(coverage: Sequence[IntervalCoverage]) -> list[str]:
    rows = [[each.slice, f"{each.customers:,}", f"{each.nominal:.0%}", f"{each.observed:.1%}"] for each in coverage]
    return markdown_table(["customers", "number", "promised", "inside"], rows) if rows else []


def _slice_lines(slices: Sequence[PopulationSlice]) -> list[str]:
    rows = [
        [
            each.name,
            f"{each.customers:,}",
            each.metric,
            format_number(each.value),
            format_number(each.overall),
            _weakness(each),
        ]
        for each in slices
    ]
    return markdown_table(["customers", "number", "metric", "here", "everyone", ""], rows) if rows else []


def _weakness(population_slice: PopulationSlice) -> str:
    sign = 1 if population_slice.higher_is_better else -1
    return "weaker" if sign * population_slice.value < sign * population_slice.overall else ""


def _rule_lines(rules: Sequence[RuleResult]) -> list[str]:
    head = ["rule", "origin", "flags", "precision", "recall", "model's precision", "model's recall", "better by, 95 %"]
    note = "Whom the business would call lapsed, and as many of the same customers by the model; better in precision."
    return [note, "", *markdown_table(head, [_rule_row(each) for each in rules])] if rules else []


def _rule_row(result: RuleResult) -> list[str]:
    shares = (result.share, result.precision, result.recall, result.model_precision, result.model_recall)
    gain = f"{_percentage_points(result.precision_gain.low)} to {_percentage_points(result.precision_gain.high)}"
    return [result.rule.replace("|", "\\|"), str(result.origin or "all"), *map(_format_percent, shares), gain]


def _format_percent(share: float) -> str:
    return f"{share:.1%}" if math.isfinite(share) else NOT_MEASURED


def _percentage_points(share: float) -> str:
    return f"{100 * share:+.1f}" if math.isfinite(share) else NOT_MEASURED


def _data_lines(card: ModelCard) -> list[str]:
    return [
        f"- `{card.data_name}`, {card.data_rows:,} rows, sha256 `{card.data_digest}`",
        f"- Origins from {card.trained_from} to {card.trained_to}; outcomes known before {card.known_until}.",
        *([f"- {card.treated_windows}"] if card.treated_windows else []),
    ]
