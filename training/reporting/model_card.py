"""Model card (Mitchell et al. 2019): use, performance, calibration, limits and data of a version, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.evaluation.churn_rules import RuleResult

LIMITS = (
    "A prediction describes customers like this one, not this one: nobody should be refused anything because of it.",
    "It says who is likely to leave or buy, not whom an offer would change. Measure offers against a hold-out group.",
    "No demographic data is used: no age, gender, origin or address, nothing bought about a customer elsewhere.",
    "Shopping habits can stand in for them: compare how often groups you must not disadvantage are chosen.",
    "Not for credit, insurance, employment, personal prices, or any decision with legal effect.",
    "It knows nothing of what the log does not hold: a new range, a strike, a competitor's opening.",
)

_NONE = "n/a"


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """One metric at one past origin, of the model and of the baselines on the same customers."""

    origin: date
    metric: str
    model: float
    baselines: Mapping[str, float]
    higher_is_better: bool = True


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
    totals: Sequence[str] = ()  # a line for each
    coverage: Sequence[IntervalCoverage] = ()
    slices: Sequence[PopulationSlice] = ()
    rules: Sequence[RuleResult] = ()
    refresh: str = "Retrain weekly; score nightly. Older than the longest horizon, it must not be used."
    limits: Sequence[str] = LIMITS


def render_model_card(card: ModelCard) -> str:
    """The card as Markdown, most important first, since MLflow shows the first 5,000 characters."""
    sections = {
        f"{card.name}: {card.question}": _purpose_lines(card),
        "How good it is": _performance_lines(card.scores),
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
        f"**Horizon.** {card.horizon}. **Scored.** {card.customers:,} customers: {card.population}.",
    ]


def _performance_lines(scores: Sequence[MetricComparison]) -> list[str]:
    if not scores:
        return ["Not judged: no past origin has a finished window."]
    names = list(dict.fromkeys(name for score in scores for name in score.baselines))
    head = ["origin", "metric", "model", *names, "result"]
    rows = [_score_row(score, names) for score in scores]
    return [_summary(scores), "", *_table(head, rows)]


def _score_row(score: MetricComparison, names: Sequence[str]) -> list[str]:
    arrow = "↑" if score.higher_is_better else "↓"
    baselines = [_format_number(score.baselines.get(name, math.nan)) for name in names]
    return [
        f"{score.origin}",
        f"{score.metric} {arrow}",
        f"**{_format_number(score.model)}**",
        *baselines,
        _result(score),
    ]


def _result(score: MetricComparison) -> str:
    lost, tied = _beaten_by(score), _tied_with(score)
    if lost:
        return f"loss to {', '.join(lost)}"
    if tied:
        return f"tie with {', '.join(tied)}"
    compared = math.isfinite(score.model) and any(math.isfinite(value) for value in score.baselines.values())
    return "win" if compared else _NONE


def _beaten_by(score: MetricComparison) -> list[str]:
    sign = 1 if score.higher_is_better else -1
    return [
        name
        for name, value in score.baselines.items()
        if sign * value > sign * score.model and _format_number(value) != _format_number(score.model)
    ]


def _tied_with(score: MetricComparison) -> list[str]:
    return [
        name for name, value in score.baselines.items() if _format_number(value) == _format_number(score.model) != _NONE
    ]


def _summary(scores: Sequence[MetricComparison]) -> str:
    results = [_result(score).split()[0] for score in scores]
    counts = {word: results.count(word) for word in ("win", "tie", "loss")}
    wins, ties, losses = (_count_noun(number, word) for word, number in counts.items())
    return f"Against the best baseline, at origins the model had not seen: {wins}, {ties}, {losses}."


def _count_noun(number: int, word: str) -> str:
    plural = {"loss": "losses"}.get(word, f"{word}s")
    return f"{number} {word if number == 1 else plural}"


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
    return _table(["customers", "number", "promised", "inside"], rows) if rows else []


def _slice_lines(slices: Sequence[PopulationSlice]) -> list[str]:
    rows = [
        [
            each.name,
            f"{each.customers:,}",
            each.metric,
            _format_number(each.value),
            _format_number(each.overall),
            _weakness(each),
        ]
        for each in slices
    ]
    return _table(["customers", "number", "metric", "here", "everyone", ""], rows) if rows else []


def _weakness(population_slice: PopulationSlice) -> str:
    sign = 1 if population_slice.higher_is_better else -1
    return "weaker" if sign * population_slice.value < sign * population_slice.overall else ""


def _rule_lines(rules: Sequence[RuleResult]) -> list[str]:
    head = ["rule", "origin", "flags", "precision", "recall", "model's precision", "model's recall", "better by, 95 %"]
    note = "Whom the business would call lapsed, and as many of the same customers by the model; better in precision."
    return [note, "", *_table(head, [_rule_row(each) for each in rules])] if rules else []


def _rule_row(result: RuleResult) -> list[str]:
    shares = (result.share, result.precision, result.recall, result.model_precision, result.model_recall)
    gain = f"{_percentage_points(result.precision_gain.low)} to {_percentage_points(result.precision_gain.high)}"
    return [result.rule.replace("|", "\\|"), str(result.origin or "all"), *map(_format_percent, shares), gain]


def _format_percent(share: float) -> str:
    return f"{share:.1%}" if math.isfinite(share) else _NONE


def _percentage_points(share: float) -> str:
    return f"{100 * share:+.1f}" if math.isfinite(share) else _NONE


def _data_lines(card: ModelCard) -> list[str]:
    return [
        f"- `{card.data_name}`, {card.data_rows:,} rows, sha256 `{card.data_digest}`",
        f"- Origins from {card.trained_from} to {card.trained_to}; outcomes known before {card.known_until}.",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [_cells(head), _cells(["---"] * len(head)), *(_cells(row) for row in rows)]


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _format_number(value: float) -> str:
    return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}" if math.isfinite(value) else _NONE
