"""Loss explanations: one sentence, computed from the figures, on why a comparison was lost or a target missed."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.targets import Target
from benchmarks.reporting.markdown import format_number
from features.arrays import Floats
from training import metrics

OUTLIER_COUNT = 5
SAME_RANKING_CORRELATION = 0.99


def explain_loss(row: ComparisonRow) -> str:
    """Explain a lost comparison."""
    baseline = row.case.baselines.get(row.baseline)
    if baseline is None:
        return "the baseline has no prediction"
    if row.measure in {"abs(bias)", "decile MAPE"}:
        return _explain_total(row, baseline)
    if row.measure in {"log loss", "Poisson deviance", "Tweedie deviance"}:
        return _describe_bias(row.case.predictions, baseline, row.case.actual)
    if row.measure in {"RMSE", "MAE of the median", "Brier"}:
        return _explain_error(row, baseline)
    if row.case.note:
        return row.case.note
    return _explain_ranking(row, baseline)


def explain_missed_target(row: ComparisonRow, target: Target) -> str:
    """Explain a missed target: by how much, and the figures of our other tiers and of the baseline."""
    limit = target.minimum if target.minimum is not None else target.maximum
    shortfall = "" if limit is None else f", {abs(row.value - limit):.4g} short"
    others = {name: value for name, value in row.by_tier.items() if name != row.case.tier}
    by_tier = ", ".join(f"{name} {format_number(value)}" for name, value in others.items())
    baseline = f"{row.baseline} has {format_number(row.baseline_value)}"
    text = f"{format_number(row.value)}{shortfall}; {baseline}; our other tiers: {by_tier}"
    return f"{text}; {row.case.note}" if row.case.note else f"{text}; {_describe_drift(row)}".removesuffix("; ")


def _describe_drift(row: ComparisonRow) -> str:
    last_window = row.case.baselines.get("last window")
    if last_window is None:
        return ""
    bias, growth = metrics.bias(row.case.predictions, row.case.actual), row.case.actual.mean() / last_window.mean() - 1
    return (
        f"ours is {_format_percent(bias)} off the total; "
        f"customers spent {_format_percent(growth)} against the window before"
    )


def _explain_total(row: ComparisonRow, baseline: Floats) -> str:
    predicted, actual = row.case.predictions, row.case.actual
    text = _describe_bias(predicted, baseline, actual)
    if drift := _describe_drift(row).partition("; ")[2]:
        text += f"; {drift}"
    if row.measure == "decile MAPE":
        text += f"; {_describe_worst_decile(row.case.predictions, actual)}"
    return text


def _describe_bias(predicted: Floats, baseline: Floats, actual: Floats) -> str:
    our_bias, baseline_bias = (_format_percent(metrics.bias(answer, actual)) for answer in (predicted, baseline))
    return f"ours is {our_bias} off the total, the baseline {baseline_bias}"


def _describe_worst_decile(predicted: Floats, actual: Floats) -> str:
    parts = np.array_split(np.argsort(predicted, kind="stable"), 10)
    errors = [metrics.bias(predicted[part], actual[part]) for part in parts]
    worst = int(np.nanargmax(np.abs(errors)))
    share = actual[parts[worst]].sum() / actual.sum()
    text = f"worst in decile {worst + 1} of 10 by forecast ({_format_percent(errors[worst])})"
    return f"{text}, which holds {share:.1%} of the amount"


def _explain_error(row: ComparisonRow, baseline: Floats) -> str:
    predicted, actual = row.case.predictions, row.case.actual
    power = 1 if row.measure.startswith("MAE") else 2
    gap = np.abs(predicted - actual) ** power - np.abs(baseline - actual) ** power
    largest = np.sort(gap)[-OUTLIER_COUNT:].sum()
    text = _describe_bias(predicted, baseline, actual)
    if gap.sum() <= 0:
        return text
    if largest >= gap.sum():
        return (
            f"{text}; without the {OUTLIER_COUNT} customers of the largest gap, of {len(actual):,}, ours would be ahead"
        )
    share = f"{largest / gap.sum():.0%}"
    return f"{text}; the {OUTLIER_COUNT} customers of the largest gap, of {len(actual):,}, make {share} of it"


def _explain_ranking(row: ComparisonRow, baseline: Floats) -> str:
    correlation = float(np.corrcoef(_ranks(row.case.predictions), _ranks(baseline))[0, 1])
    distance = f"{abs(row.value - row.baseline_value):.4f} apart"
    if abs(correlation) > SAME_RANKING_CORRELATION:
        return f"{distance}; the two rank customers alike (rank correlation {correlation:.4f})"
    return f"{distance}; the two rank customers differently (rank correlation {correlation:.2f})"


def _ranks(values: Floats) -> Floats:
    _, rank_index, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - count / 2)[rank_index]


def _format_percent(share: float) -> str:
    return f"{share:+.1%}"
