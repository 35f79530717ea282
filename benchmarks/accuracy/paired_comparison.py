"""Ours against each anchor on the same customers: the difference, its interval, and who won."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers

DRAWS = 300


@dataclass(frozen=True)
class Measure:
    """A rule over (predicted, actual), and which way is better."""

    name: str
    rule: Callable[[Floats, Floats], float]
    higher_is_better: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """Our answers to one question about some customers, those of others, and what then happened."""

    log: str
    protocol: str  # T: rolling origins; C: folds of customers inside one window
    origin: str
    question: str
    rung: str
    ours: Floats  # (n,)
    alone: Mapping[str, Floats]  # (n,) by rung: what each of ours would have said
    actual: Floats  # (n,)
    others: Mapping[str, Floats | None]  # (n,) by anchor; None where it would not fit
    aside: str = ""  # what else the figures of this case say, where it is lost


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of the table."""

    case: Case
    measure: str
    alone: Mapping[str, float]  # every rung of ours by itself
    ours: float
    anchor: str
    theirs: float  # NaN where the anchor would not fit
    low: float  # 95 % interval of how much better ours is
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss, by the paired interval."""
        if not np.isfinite(self.theirs):
            return "anchor failed"
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def lines(case: Case, measures: Sequence[Measure]) -> Iterator[Line]:
    """Every measure beside every anchor; the interval is a paired bootstrap over customers."""
    fitted = {name: theirs for name, theirs in case.others.items() if theirs is not None}
    drawn = _drawn(case, measures, fitted)
    for measure in measures:
        value = measure.rule(case.ours, case.actual)
        alone = {rung: measure.rule(answer, case.actual) for rung, answer in case.alone.items()}
        for name in case.others:
            theirs = measure.rule(fitted[name], case.actual) if name in fitted else float("nan")
            low, high = _interval(drawn, measure, name) if name in fitted else (float("nan"), float("nan"))
            yield Line(
                case=case, measure=measure.name, alone=alone, ours=value, anchor=name, theirs=theirs, low=low, high=high
            )


def _drawn(case: Case, measures: Sequence[Measure], others: Mapping[str, Floats]) -> dict[tuple[str, str], Floats]:
    """Every measure of everybody's answers, (DRAWS,) each, over the same resampled customers; ours is named ''."""
    answers = {"": case.ours, **others}
    found: dict[tuple[str, str], list[float]] = {(one.name, who): [] for one in measures for who in answers}
    for drawn in redrawn(len(case.actual)):
        actual = case.actual[drawn]
        for who, answer in answers.items():
            for one in measures:
                found[one.name, who].append(one.rule(answer[drawn], actual))
    return {key: np.array(values) for key, values in found.items()}


def redrawn(customers: int) -> Iterator[Integers]:
    """Which customers are drawn, (customers,) with replacement, so many times; the same every time."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, customers, customers) for _ in range(DRAWS))


def _interval(drawn: Mapping[tuple[str, str], Floats], measure: Measure, anchor: str) -> tuple[float, float]:
    gain = drawn[measure.name, ""] - drawn[measure.name, anchor]
    low, high = np.nanquantile(gain if measure.higher_is_better else -gain, [0.025, 0.975])
    return float(low), float(high)
