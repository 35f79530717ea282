"""Forecast verdicts: compares predicted totals with actual ones, and our ranking of customers with simple scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy.paired_comparison import BOOTSTRAP_DRAWS, bootstrap_samples
from benchmarks.accuracy.realised_outcomes import HorizonValues
from features.arrays import Floats
from training import metrics

TOTAL_TOLERANCE = 0.25
NEGLIGIBLE_DIFFERENCE = 0.01


@dataclass(frozen=True)
class Total:
    """A predicted total over all customers, next to the actual total and the simple forecasts."""

    shop: str
    as_of: str
    quantity: str
    days: int
    tier: str  # with a star if the horizon is extrapolated
    predicted: float
    low: float  # 95 % interval of ours / actual, by bootstrap over customers
    high: float
    actual: float
    persistence: float
    btyd: float

    @property
    def ratio(self) -> float:
        """Ours over actual; infinite if the actual total is zero."""
        return self.predicted / self.actual if self.actual else np.inf

    def ratio_of(self, forecast: float) -> float:
        """Another forecast over actual; NaN if the actual total is zero."""
        return forecast / self.actual if self.actual else np.nan

    @property
    def verdict(self) -> str:
        """The verdict, by the first rule that applies: ok, sampling error, no worse than simple forecasts, FAIL."""
        if not np.isfinite(self.predicted):
            return "FAIL"
        if abs(self.predicted - self.actual) <= TOTAL_TOLERANCE * self.actual:
            return "ok"
        if self.low <= 1 <= self.high:
            return "sampling"
        best = min(abs(self.persistence - self.actual), abs(self.btyd - self.actual))
        return "no worse" if abs(self.predicted - self.actual) <= best * 1.01 else "FAIL"


@dataclass(frozen=True)
class Ranking:
    """The quality of our ranking of customers, next to a simple score's."""

    shop: str
    as_of: str
    measure: str
    days: int
    tier: str
    value: float
    baseline: str
    baseline_value: float
    low: float  # 95 % interval of ours less theirs, paired bootstrap over customers
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or FAIL by the interval; significantly worse by a negligible difference is ``negligible``."""
        if self.high >= 0:
            return "win" if self.low > 0 else "tie"
        return "negligible" if self.baseline_value - self.value < NEGLIGIBLE_DIFFERENCE else "FAIL"


@dataclass(frozen=True)
class HorizonComparison:
    """One horizon at one shop, and the tiers that answer it."""

    shop: str
    as_of: str
    days: int
    tiers: Mapping[str, str]  # model -> tier
    is_extrapolated: bool  # beyond the longest learned horizon

    def totals(
        self, forecast: HorizonValues, actual: HorizonValues, persistence: HorizonValues, btyd: HorizonValues
    ) -> Iterator[Total]:
        """Compare buyers, orders and spend, where both the scores and the log have them."""
        for name, kind, model in (
            ("buyers", "ordered", "next_purchase"),
            ("orders", "orders", "ltv"),
            ("spend", "spend", "ltv"),
        ):
            predicted, realised, repeated, btyd_values = (
                values.get(kind) for values in (forecast, actual, persistence, btyd)
            )
            if predicted is None or realised is None or repeated is None or btyd_values is None:
                continue
            low, high = ratio_interval(predicted, realised)
            sums = [float(values.sum()) for values in (realised, repeated, btyd_values)]
            tier = self.tiers[model] + "*" * self.is_extrapolated
            yield Total(self.shop, self.as_of, name, self.days, tier, float(predicted.sum()), low, high, *sums)

    def rankings(
        self, forecast: HorizonValues, actual: HorizonValues, btyd: HorizonValues, simple_scores: Mapping[str, Floats]
    ) -> Iterator[Ranking]:
        """Compare buyers by AUC and spend by Gini with each simple score and BTYD."""
        for measure, kind, model, rule in (
            ("AUC", "ordered", "churn", metrics.auc),
            ("Gini", "spend", "ltv", metrics.normalised_gini),
        ):
            predicted, realised, btyd_values = (horizon_values.get(kind) for horizon_values in (forecast, actual, btyd))
            if (
                predicted is None
                or realised is None
                or btyd_values is None
                or not 0 < np.count_nonzero(realised) < len(realised)
            ):
                continue
            for baseline, score in {**simple_scores, "BTYD": btyd_values}.items():
                values = (
                    rule(predicted, realised),
                    baseline,
                    rule(score, realised),
                    *paired_interval(rule, predicted, score, realised),
                )
                yield Ranking(self.shop, self.as_of, measure, self.days, self.tiers[model], *values)


def ratio_interval(predicted: Floats, actual: Floats) -> tuple[float, float]:
    """Return the 95 % interval of the ratio of the sums, (n,) each."""
    counts = np.random.default_rng(0).multinomial(
        len(predicted), np.full(len(predicted), 1 / len(predicted)), BOOTSTRAP_DRAWS
    )
    below = counts @ actual
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(below > 0, counts @ predicted / below, np.inf)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def paired_interval(
    measure: Callable[[Floats, Floats], float], scores: Floats, baseline_scores: Floats, actual: Floats
) -> tuple[float, float]:
    """Return the 95 % interval of how much better our ranking is."""
    gains = [
        measure(scores[sample], actual[sample]) - measure(baseline_scores[sample], actual[sample])
        for sample in bootstrap_samples(len(actual))
    ]
    low, high = np.nanquantile(gains, [0.025, 0.975]) if np.isfinite(gains).any() else (-np.inf, np.inf)
    return float(low), float(high)
