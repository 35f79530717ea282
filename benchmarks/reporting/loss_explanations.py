"""Why a row was lost, or a bar missed, in one sentence: read off the figures, never written beforehand."""

from __future__ import annotations

import numpy as np

from benchmarks.accuracy.paired_comparison import Line
from benchmarks.accuracy.targets import Bar
from benchmarks.reporting.markdown import number
from features.arrays import Floats
from training import metrics

FEW = 5
ALIKE = 0.99


def why(line: Line) -> str:
    """What the figures say of a loss."""
    theirs = line.case.others.get(line.anchor)
    if theirs is None:
        return "the anchor has no answer"
    if line.measure in {"abs(bias)", "decile MAPE"}:
        return _total(line, theirs)
    if line.measure in {"RMSE", "MAE of the median", "Brier"}:
        return _errors(line, theirs)
    if line.case.aside:
        return line.case.aside
    return _order(line, theirs)


def short(line: Line, bar: Bar) -> str:
    """What the figures say of a bar missed: by how much, and what our other rungs and the anchor have there."""
    limit = bar.least if bar.least is not None else bar.most
    off = "" if limit is None else f", {abs(line.ours - limit):.4g} short"
    alone = ", ".join(f"{name} {number(value)}" for name, value in line.alone.items())
    said = f"{number(line.ours)}{off}; {line.anchor} has {number(line.theirs)}; our rungs alone: {alone}"
    return f"{said}; {line.case.aside}" if line.case.aside else f"{said}; {_drift(line)}".removesuffix("; ")


def _drift(line: Line) -> str:
    last = line.case.others.get("last window")
    if last is None:
        return ""
    bias, growth = metrics.bias(line.case.ours, line.case.actual), line.case.actual.mean() / last.mean() - 1
    return f"ours is {_percent(bias)} off the total; customers spent {_percent(growth)} against the window before"


def _total(line: Line, theirs: Floats) -> str:
    ours, actual = line.case.ours, line.case.actual
    said = _foresaw(ours, theirs, actual)
    if drift := _drift(line).partition("; ")[2]:
        said += f"; {drift}"
    if line.measure == "decile MAPE":
        said += f"; {_worst_decile(line.case.ours, actual)}"
    return said


def _foresaw(ours: Floats, theirs: Floats, actual: Floats) -> str:
    mine, other = (_percent(metrics.bias(answer, actual)) for answer in (ours, theirs))
    return f"ours is {mine} off the total, the anchor {other}"


def _worst_decile(predicted: Floats, actual: Floats) -> str:
    parts = np.array_split(np.argsort(predicted, kind="stable"), 10)
    errors = [metrics.bias(predicted[part], actual[part]) for part in parts]
    worst = int(np.nanargmax(np.abs(errors)))
    share = actual[parts[worst]].sum() / actual.sum()
    said = f"worst in decile {worst + 1} of 10 by forecast ({_percent(errors[worst])})"
    return f"{said}, which holds {share:.1%} of the amount"


def _errors(line: Line, theirs: Floats) -> str:
    ours, actual = line.case.ours, line.case.actual
    power = 1 if line.measure.startswith("MAE") else 2
    gap = np.abs(ours - actual) ** power - np.abs(theirs - actual) ** power
    largest = np.sort(gap)[-FEW:].sum()
    said = _foresaw(ours, theirs, actual)
    if gap.sum() <= 0:
        return said
    if largest >= gap.sum():
        return f"{said}; without the {FEW} customers of the largest gap, of {len(actual):,}, ours would be ahead"
    return f"{said}; the {FEW} customers of the largest gap, of {len(actual):,}, make {largest / gap.sum():.0%} of it"


def _order(line: Line, theirs: Floats) -> str:
    alike = float(np.corrcoef(_places(line.case.ours), _places(theirs))[0, 1])
    apart = f"{abs(line.ours - line.theirs):.4f} apart"
    if abs(alike) > ALIKE:
        return f"{apart}; the two rank customers alike (rank correlation {alike:.4f})"
    return f"{apart}; the two rank customers differently (rank correlation {alike:.2f})"


def _places(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - count / 2)[place]


def _percent(share: float) -> str:
    return f"{share:+.1%}"
