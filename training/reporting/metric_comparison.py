"""Metric comparison: a model beside its baselines at past origins, with its losses as plain as its wins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from training.reporting.markdown_table import NOT_MEASURED, format_number, markdown_table


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """One metric at one past origin, of the model and of the baselines on the same customers."""

    origin: date
    metric: str
    model: float
    baselines: Mapping[str, float]
    higher_is_better: bool = True


def comparison_lines(scores: Sequence[MetricComparison]) -> list[str]:
    """The comparisons as a table below a count of wins, ties and losses."""
    if not scores:
        return ["Not judged: no past origin has a finished window."]
    names = list(dict.fromkeys(name for score in scores for name in score.baselines))
    head = ["origin", "metric", "model", *names, "result"]
    rows = [_score_row(score, names) for score in scores]
    return [_summary(scores), "", *markdown_table(head, rows)]


def _score_row(score: MetricComparison, names: Sequence[str]) -> list[str]:
    arrow = "↑" if score.higher_is_better else "↓"
    baselines = [format_number(score.baselines.get(name, math.nan)) for name in names]
    return [
        f"{score.origin}",
        f"{score.metric} {arrow}",
        f"**{format_number(score.model)}**",
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
    return "win" if compared else NOT_MEASURED


def _beaten_by(score: MetricComparison) -> list[str]:
    sign = 1 if score.higher_is_better else -1
    return [
        name
        for name, value in score.baselines.items()
        if sign * value > sign * score.model and format_number(value) != format_number(score.model)
    ]


def _tied_with(score: MetricComparison) -> list[str]:
    printed = format_number(score.model)
    return [name for name, value in score.baselines.items() if format_number(value) == printed != NOT_MEASURED]


def _summary(scores: Sequence[MetricComparison]) -> str:
    results = [_result(score).split()[0] for score in scores]
    counts = {word: results.count(word) for word in ("win", "tie", "loss")}
    wins, ties, losses = (_count_noun(number, word) for word, number in counts.items())
    return f"Against the best baseline, at origins the model had not seen: {wins}, {ties}, {losses}."


def _count_noun(number: int, word: str) -> str:
    plural = {"loss": "losses"}.get(word, f"{word}s")
    return f"{number} {word if number == 1 else plural}"
