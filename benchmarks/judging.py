"""Is a total right, is a ranking as good as a simple one, do the answers agree with each other?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training import metrics

Floats = NDArray[np.float64]
NEAR = 0.25
HAIR = 0.01
DRAWS = 300
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Total:
    """One sum over all customers, beside what then happened and what the simple forecasters say."""

    shop: str
    as_of: str
    quantity: str
    days: int
    rung: str
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

    @property
    def verdict(self) -> str:
        """By the first rule that holds."""
        if not np.isfinite(self.ours):
            return "FAIL"
        if abs(self.ours - self.actual) <= NEAR * self.actual:
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
    rung: str
    ours: float
    rival: str
    theirs: float
    low: float  # 95 % interval of ours less theirs, paired bootstrap over customers
    high: float

    @property
    def verdict(self) -> str:
        """Win, tie or FAIL, by the interval; surely worse, but by less than anybody would notice, is a hair."""
        if self.high >= 0:
            return "win" if self.low > 0 else "tie"
        return "hair" if self.theirs - self.ours < HAIR else "FAIL"


def ratio_interval(ours: Floats, actual: Floats) -> tuple[float, float]:
    """95 % interval of the ratio of the sums, (n,) each."""
    counts = np.random.default_rng(0).multinomial(len(ours), np.full(len(ours), 1 / len(ours)), DRAWS)
    below = counts @ actual
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.where(below > 0, counts @ ours / below, np.inf)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def paired(
    measure: Callable[[Floats, Floats], float], ours: Floats, theirs: Floats, actual: Floats
) -> tuple[float, float]:
    """95 % interval of how much better ours ranks."""
    rng, gains = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(actual), len(actual))
        gains.append(measure(ours[drawn], actual[drawn]) - measure(theirs[drawn], actual[drawn]))
    low, high = np.nanquantile(gains, [0.025, 0.975]) if np.isfinite(gains).any() else (-np.inf, np.inf)
    return float(low), float(high)


def incoherences(scores: pd.DataFrame, horizons: list[int]) -> Iterator[str]:
    """What in a scores table contradicts itself, or is no number where one is due."""
    numbers = scores.select_dtypes("number")
    numbers = numbers.drop(columns=[name for name in numbers if name.startswith("ltv_") and numbers[name].isna().all()])
    for name in numbers.columns[~np.isfinite(numbers.astype(float)).all()]:
        yield f"{int((~np.isfinite(numbers[name].astype(float))).sum())} of {name} are no numbers"
    within = scores[[f"purchase_probability_{days}d" for days in (7, 14, 30, 60, 90)]].to_numpy(float)
    yield from _count("P(order) falls with time", (np.diff(within, axis=1) < -TOLERANCE).any(axis=1))
    for kind in ("expected_orders_{}d", "ltv_{}d_mean", "ltv_{}d_median", "ltv_{}d_p10", "ltv_{}d_p90"):
        values = scores[[kind.format(days) for days in horizons]].to_numpy(float)
        yield from _count(f"{kind} falls with time", (np.diff(values, axis=1) < -TOLERANCE).any(axis=1))
    for days in horizons:
        low, middle, high = (scores[f"ltv_{days}d_{name}"].to_numpy(float) for name in ("p10", "median", "p90"))
        yield from _count(
            f"{days} d: p10 above median above p90", (low > middle + TOLERANCE) | (middle > high + TOLERANCE)
        )
        if (name := f"purchase_probability_{days}d") in scores:
            ordered = scores[name].to_numpy(float)
            yield from _count(
                f"{days} d: fewer orders than P(order)", scores[f"expected_orders_{days}d"] < ordered - 1e-6
            )
            yield from _count(f"{days} d: a median above 0 at P(order) < 0.5", (ordered < 0.5) & (middle > 0))
    days = int(scores["churn_horizon_days"].iloc[0])
    if (name := f"purchase_probability_{days}d") in scores:
        yield from _count("churn is not 1 - P(order)", (1 - scores["churn_probability"] - scores[name]).abs() > 1e-6)


def coverage(scores: pd.DataFrame, days: int, spent: Floats) -> float:
    """Share of the customers whose spend lies between p10 and p90."""
    return metrics.coverage(
        scores[f"ltv_{days}d_p10"].to_numpy(float), scores[f"ltv_{days}d_p90"].to_numpy(float), spent
    )


def _count(what: str, wrong: NDArray[np.bool_] | pd.Series) -> Iterator[str]:
    if np.asarray(wrong).any():
        yield f"{int(np.asarray(wrong).sum())} customers: {what}"
