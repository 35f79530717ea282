"""Why a row was lost, or a bar missed, in one sentence: read off the figures, never written beforehand."""

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
    """What the figures say of a loss."""
    theirs = row.case.baselines.get(row.baseline)
    if theirs is None:
        return "the anchor has no answer"
    if row.measure in {"abs(bias)", "decile MAPE"}:
        return _explain_total(row, theirs)
    if row.measure in {"RMSE", "MAE of the median", "Brier"}:
        return _explain_error(row, theirs)
    if row.case.note:
        return row.case.note
    return _explain_ranking(row, theirs)


def explain_missed_target(row: ComparisonRow, target: Target) -> str:
    """What the figures say of a bar missed: by how much, and what our other rungs and the anchor have there."""
    limit = target.minimum if target.minimum is not None else target.maximum
    off = "" if limit is None else f", {abs(row.ours - limit):.4g} short"
    alone = ", ".join(f"{name} {format_number(value)}" for name, value in row.by_tier.items())
    said = f"{format_number(row.ours)}{off}; {row.baseline} has {format_number(row.theirs)}; our rungs alone: {alone}"
    return f"{said}; {row.case.note}" if row.case.note else f"{said}; {_describe_drift(row)}".removesuffix("; ")


def _describe_drift(row: ComparisonRow) -> str:
    last = row.case.baselines.get("last window")
    if last is None:
        return ""
    bias, growth = metrics.bias(row.case.ours, row.case.actual), row.case.actual.mean() / last.mean() - 1
    return f"ours is {_format_percent(bias)} off the total; customers spent {_format_percent(growth)} against the window before"


def _explain_total(row: ComparisonRow, theirs: Floats) -> str:
    ours, actual = row.case.ours, row.case.actual
    said = _describe_bias(ours, theirs, actual)
    if drift := _describe_drift(row).partition("; ")[2]:
        said += f"; {drift}"
    if row.measure == "decile MAPE":
        said += f"; {_describe_worst_decile(row.case.ours, actual)}"
    return said


def _describe_bias(ours: Floats, theirs: Floats, actual: Floats) -> str:
    mine, other = (_format_percent(metrics.bias(answer, actual)) for answer in (ours, theirs))
    return f"ours is {mine} off the total, the anchor {other}"


def _describe_worst_decile(predicted: Floats, actual: Floats) -> str:
    parts = np.array_split(np.argsort(predicted, kind="stable"), 10)
    errors = [metrics.bias(predicted[part], actual[part]) for part in parts]
    worst = int(np.nanargmax(np.abs(errors)))
    share = actual[parts[worst]].sum() / actual.sum()
    said = f"worst in decile {worst + 1} of 10 by forecast ({_format_percent(errors[worst])})"
    return f"{said}, which holds {share:.1%} of the amount"


def _explain_error(row: ComparisonRow, theirs: Floats) -> str:
    ours, actual = row.case.ours, row.case.actual
    power = 1 if row.measure.startswith("MAE") else 2
    gap = np.abs(ours - actual) ** power - np.abs(theirs - actual) ** power
    largest = np.sort(gap)[-OUTLIER_COUNT:].sum()
    said = _describe_bias(ours, theirs, actual)
    if gap.sum() <= 0:
        return said
    if largest >= gap.sum():
        return (
            f"{said}; without the {OUTLIER_COUNT} customers of the largest gap, of {len(actual):,}, ours would be ahead"
        )
    return f"{said}; the {OUTLIER_COUNT} customers of the largest gap, of {len(actual):,}, make {largest / gap.sum():.0%} of it"


def _explain_ranking(row: ComparisonRow, theirs: Floats) -> str:
    alike = float(np.corrcoef(_ranks(row.case.ours), _ranks(theirs))[0, 1])
    apart = f"{abs(row.ours - row.theirs):.4f} apart"
    if abs(alike) > SAME_RANKING_CORRELATION:
        return f"{apart}; the two rank customers alike (rank correlation {alike:.4f})"
    return f"{apart}; the two rank customers differently (rank correlation {alike:.2f})"


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - count / 2)[place]


def _format_percent(share: float) -> str:
    return f"{share:+.1%}"
