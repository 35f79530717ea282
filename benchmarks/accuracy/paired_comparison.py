"""Ours against each anchor on the same customers: the difference, its interval, and who won."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers

BOOTSTRAP_DRAWS = 300


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
    tier: str
    ours: Floats  # (n,)
    by_tier: Mapping[str, Floats]  # (n,) by rung: what each of ours would have said
    actual: Floats  # (n,)
    baselines: Mapping[str, Floats | None]  # (n,) by anchor; None where it would not fit
    note: str = ""  # what else the figures of this case say, where it is lost


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One row of the table."""

    case: Case
    measure: str
    by_tier: Mapping[str, float]  # every rung of ours by itself
    ours: float
    baseline: str
    theirs: float  # NaN where the anchor would not fit
    low: float  # 95 % interval of how much better ours is
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss, by the paired interval."""
        if not np.isfinite(self.theirs):
            return "anchor failed"
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def compare_to_baselines(case: Case, measures: Sequence[Measure]) -> Iterator[ComparisonRow]:
    """Every measure beside every anchor; the interval is a paired bootstrap over customers."""
    fitted = {name: theirs for name, theirs in case.baselines.items() if theirs is not None}
    drawn = _bootstrap_values(case, measures, fitted)
    for measure in measures:
        value = measure.rule(case.ours, case.actual)
        alone = {rung: measure.rule(answer, case.actual) for rung, answer in case.by_tier.items()}
        for name in case.baselines:
            theirs = measure.rule(fitted[name], case.actual) if name in fitted else float("nan")
            low, high = _difference_interval(drawn, measure, name) if name in fitted else (float("nan"), float("nan"))
            yield ComparisonRow(
                case=case,
                measure=measure.name,
                by_tier=alone,
                ours=value,
                baseline=name,
                theirs=theirs,
                low=low,
                high=high,
            )


def _bootstrap_values(
    case: Case, measures: Sequence[Measure], baselines: Mapping[str, Floats]
) -> dict[tuple[str, str], Floats]:
    """Every measure of everybody's answers, (DRAWS,) each, over the same resampled customers; ours is named ''."""
    answers = {"": case.ours, **baselines}
    found: dict[tuple[str, str], list[float]] = {(one.name, who): [] for one in measures for who in answers}
    for drawn in bootstrap_samples(len(case.actual)):
        actual = case.actual[drawn]
        for who, answer in answers.items():
            for one in measures:
                found[one.name, who].append(one.rule(answer[drawn], actual))
    return {key: np.array(values) for key, values in found.items()}


def bootstrap_samples(customers: int) -> Iterator[Integers]:
    """Which customers are drawn, (customers,) with replacement, so many times; the same every time."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, customers, customers) for _ in range(BOOTSTRAP_DRAWS))


def _difference_interval(
    bootstrap_values: Mapping[tuple[str, str], Floats], measure: Measure, baseline: str
) -> tuple[float, float]:
    gain = bootstrap_values[measure.name, ""] - bootstrap_values[measure.name, baseline]
    low, high = np.nanquantile(gain if measure.higher_is_better else -gain, [0.025, 0.975])
    return float(low), float(high)
