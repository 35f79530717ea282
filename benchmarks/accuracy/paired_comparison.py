"""Paired comparison: our predictions against each baseline on the same customers, with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers

BOOTSTRAP_DRAWS = 300


@dataclass(frozen=True)
class Measure:
    """A function of (predicted, actual), and whether higher is better."""

    name: str
    rule: Callable[[Floats, Floats], float]
    higher_is_better: bool = False


@dataclass(frozen=True, kw_only=True)
class Case:
    """Our predictions for one question, those of the baselines, and the outcomes of the same customers."""

    log: str
    protocol: str  # T: rolling origins; C: folds of customers inside one window
    origin: str
    question: str
    tier: str
    predictions: Floats  # (n,)
    by_tier: Mapping[str, Floats]  # tier -> predictions, (n,)
    actual: Floats  # (n,)
    baselines: Mapping[str, Floats | None]  # baseline -> predictions, (n,); None if it did not converge
    note: str = ""  # printed where the case is lost


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One measure of one case against one baseline."""

    case: Case
    measure: str
    by_tier: Mapping[str, float]  # value of each of our tiers alone
    value: float
    baseline: str
    baseline_value: float  # NaN if the baseline did not converge
    low: float  # 95 % interval of how much better ours is
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or loss by the paired interval."""
        if not np.isfinite(self.baseline_value):
            return "baseline failed"
        return "win" if self.low > 0 else "loss" if self.high < 0 else "tie"


def compare_to_baselines(case: Case, measures: Sequence[Measure]) -> Iterator[ComparisonRow]:
    """Compare every measure with every baseline; the interval is a paired bootstrap over customers."""
    fitted = {name: baseline_value for name, baseline_value in case.baselines.items() if baseline_value is not None}
    bootstrap_values = _bootstrap_values(case, measures, fitted)
    for measure in measures:
        value = measure.rule(case.predictions, case.actual)
        by_tier = {tier: measure.rule(answer, case.actual) for tier, answer in case.by_tier.items()}
        for name in case.baselines:
            baseline_value = measure.rule(fitted[name], case.actual) if name in fitted else float("nan")
            low, high = (
                _difference_interval(bootstrap_values, measure, name)
                if name in fitted
                else (float("nan"), float("nan"))
            )
            yield ComparisonRow(
                case=case,
                measure=measure.name,
                by_tier=by_tier,
                value=value,
                baseline=name,
                baseline_value=baseline_value,
                low=low,
                high=high,
            )


def _bootstrap_values(
    case: Case, measures: Sequence[Measure], baselines: Mapping[str, Floats]
) -> dict[tuple[str, str], Floats]:
    """Return every measure of all predictions, (DRAWS,) each, over the same resamples; ours has the name ''."""
    answers = {"": case.predictions, **baselines}
    draws: dict[tuple[str, str], list[float]] = {(measure.name, name): [] for measure in measures for name in answers}
    for sample in bootstrap_samples(len(case.actual)):
        actual = case.actual[sample]
        for name, answer in answers.items():
            for measure in measures:
                draws[measure.name, name].append(measure.rule(answer[sample], actual))
    return {key: np.array(values) for key, values in draws.items()}


def bootstrap_samples(customers: int) -> Iterator[Integers]:
    """Yield the indices of resampled customers, (customers,) with replacement, with a fixed seed."""
    rng = np.random.default_rng(0)
    return (rng.integers(0, customers, customers) for _ in range(BOOTSTRAP_DRAWS))


def _difference_interval(
    bootstrap_values: Mapping[tuple[str, str], Floats], measure: Measure, baseline: str
) -> tuple[float, float]:
    gain = bootstrap_values[measure.name, ""] - bootstrap_values[measure.name, baseline]
    low, high = np.nanquantile(gain if measure.higher_is_better else -gain, [0.025, 0.975])
    return float(low), float(high)
