"""Is a total right, and is a ranking as good as a simple one?"""

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
    """One sum over all customers, beside what then happened and what the simple forecasters say."""

    shop: str
    as_of: str
    quantity: str
    days: int
    tier: str  # with a star beyond the longest learned horizon
    ours: float
    low: float  # 95 % interval of ours / actual, by bootstrap over customers
    high: float
    actual: float
    persistence: float
    btyd: float

    @property
    def ratio(self) -> float:
        """Ours over actual; infinite where nothing happened."""
        return self.ours / self.actual if self.actual else np.inf

    def ratio_of(self, theirs: float) -> float:
        """Another forecast over what happened; NaN where nothing did."""
        return theirs / self.actual if self.actual else np.nan

    @property
    def verdict(self) -> str:
        """By the first rule that holds."""
        if not np.isfinite(self.ours):
            return "FAIL"
        if abs(self.ours - self.actual) <= TOTAL_TOLERANCE * self.actual:
            return "ok"
        if self.low <= 1 <= self.high:
            return "sampling"
        best = min(abs(self.persistence - self.actual), abs(self.btyd - self.actual))
        return "no worse" if abs(self.ours - self.actual) <= best * 1.01 else "FAIL"


@dataclass(frozen=True)
class Ranking:
    """Who is ranked above whom, beside a simple score."""

    shop: str
    as_of: str
    measure: str
    days: int
    tier: str
    ours: float
    baseline: str
    theirs: float
    low: float  # 95 % interval of ours less theirs, paired bootstrap over customers
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or FAIL, by the interval; surely worse, but by less than anybody would notice, is a hair."""
        if self.high >= 0:
            return "win" if self.low > 0 else "tie"
        return "hair" if self.theirs - self.ours < NEGLIGIBLE_DIFFERENCE else "FAIL"


@dataclass(frozen=True)
class HorizonComparison:
    """One horizon at one shop, and who answered it."""

    shop: str
    as_of: str
    days: int
    tiers: Mapping[str, str]  # question -> rung
    is_extrapolated: bool  # the learned horizons

    def totals(
        self, ours: HorizonValues, actual: HorizonValues, persistence: HorizonValues, btyd: HorizonValues
    ) -> Iterator[Total]:
        """Buyers, orders and spend: where the scores have them, and the log has."""
        for name, kind, model in (
            ("buyers", "ordered", "next_purchase"),
            ("orders", "orders", "ltv"),
            ("spend", "spend", "ltv"),
        ):
            mine, then, repeated, theirs = (one.get(kind) for one in (ours, actual, persistence, btyd))
            if mine is None or then is None or repeated is None or theirs is None:
                continue
            low, high = ratio_interval(mine, then)
            sums = [float(one.sum()) for one in (then, repeated, theirs)]
            rung = self.tiers[model] + "*" * self.is_extrapolated
            yield Total(self.shop, self.as_of, name, self.days, rung, float(mine.sum()), low, high, *sums)

    def rankings(
        self, ours: HorizonValues, actual: HorizonValues, btyd: HorizonValues, simple_scores: Mapping[str, Floats]
    ) -> Iterator[Ranking]:
        """Buyers by AUC, spend by Gini, beside each simple score and BTYD."""
        for measure, kind, model, rule in (
            ("AUC", "ordered", "churn", metrics.auc),
            ("Gini", "spend", "ltv", metrics.normalised_gini),
        ):
            mine, then, theirs = (one.get(kind) for one in (ours, actual, btyd))
            if mine is None or then is None or theirs is None or not 0 < np.count_nonzero(then) < len(then):
                continue
            for rival, score in {**simple_scores, "BTYD": theirs}.items():
                values = rule(mine, then), rival, rule(score, then), *paired_interval(rule, mine, score, then)
                yield Ranking(self.shop, self.as_of, measure, self.days, self.tiers[model], *values)


def ratio_interval(ours: Floats, actual: Floats) -> tuple[float, float]:
    """95 % interval of the ratio of the sums, (n,) each."""
    counts = np.random.default_rng(0).multinomial(len(ours), np.full(len(ours), 1 / len(ours)), BOOTSTRAP_DRAWS)
    below = counts @ actual
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(below > 0, counts @ ours / below, np.inf)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def paired_interval(
    measure: Callable[[Floats, Floats], float], ours: Floats, theirs: Floats, actual: Floats
) -> tuple[float, float]:
    """95 % interval of how much better ours ranks."""
    gains = [
        measure(ours[drawn], actual[drawn]) - measure(theirs[drawn], actual[drawn])
        for drawn in bootstrap_samples(len(actual))
    ]
    low, high = np.nanquantile(gains, [0.025, 0.975]) if np.isfinite(gains).any() else (-np.inf, np.inf)
    return float(low), float(high)
