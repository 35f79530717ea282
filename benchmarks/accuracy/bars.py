"""Bars: limits on single figures of a log, set before they were measured, and those of the public logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite, isnan

from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.targets import GIFTS, GROCER, PARETO
from training import metrics

CALIBRATED_TOTAL, CALIBRATED_ECE = 0.05, 0.03
CALIBRATED = f"ECE where the total is within {CALIBRATED_TOTAL:.0%}"


@dataclass(frozen=True)
class Bar:
    """A limit on one figure of one log; ``origin`` tells the days of a public log apart."""

    log: str
    measure: str
    minimum: float = -inf
    maximum: float = inf
    origin: str = ""

    def __str__(self) -> str:
        if self.minimum > -inf and self.maximum < inf:
            return f"{self.minimum:g} to {self.maximum:g}"
        return f">= {self.minimum:g}" if self.minimum > -inf else f"<= {self.maximum:g}"

    def shortfall(self, value: float) -> float:
        """Return by how much a value, at four decimals as in the limits, misses; 0 if it does not, infinite for NaN."""
        rounded = round(value, 4) if isfinite(value) else value
        return inf if isnan(value) else max(self.minimum - rounded, rounded - self.maximum, 0.0)


@dataclass(frozen=True)
class BarResult:
    """A bar, and our figure."""

    bar: Bar
    value: float

    @property
    def shortfall(self) -> float:
        """By how much the figure misses the limit; 0 where it meets it."""
        return self.bar.shortfall(self.value)

    @property
    def is_met(self) -> bool:
        """Whether the figure meets the limit."""
        return self.shortfall == 0


GROCER_BARS = tuple(
    Bar(GROCER, f"churn 28 d, {measure}", minimum, maximum, origin)
    for origin, auc, brier in (
        ("2017-10-01", 0.886, 0.0978),
        ("2017-09-03", 0.883, 0.1009),
        ("2017-08-06", 0.873, 0.1065),
    )
    for measure, minimum, maximum in (("AUC", auc, inf), ("Brier", -inf, brier))
)
GIFTS_BARS = tuple(
    Bar(GIFTS, measure, minimum, maximum, origin)
    for origin, auc, gini, rmse in (
        ("2011-09-11", 0.742, 0.780, 2958),
        ("2011-08-14", 0.765, 0.811, 2540),
        ("2011-07-17", 0.767, 0.819, 2183),
    )
    for measure, minimum, maximum in (
        ("churn 90 d, AUC", auc, inf),
        ("spend 90 d, Gini", gini, inf),
        ("spend 90 d, RMSE", -inf, rmse),
    )
)
CDNOW_BARS = tuple(
    Bar("cdnow", measure, minimum, maximum, origin)
    for origin in ("1998-04-02", "1997-12-31", "1997-09-30")
    for measure, minimum, maximum in (
        ("churn 90 d, AUC above Pareto/NBD, upper end", 0.0, inf),
        ("orders 90 d, Poisson deviance over Pareto/NBD", -inf, 1.0),
    )
)
PUBLIC_BARS = (*GROCER_BARS, *GIFTS_BARS, *CDNOW_BARS)


def evaluate_public_bars(rows: Sequence[ComparisonRow]) -> list[BarResult]:
    """Compare our figures of the public logs with their limits; those of logs that were not measured are left out."""
    figures: dict[tuple[str, str, str], float] = {}
    for row in rows:
        key, question = (row.case.log, row.case.origin), row.case.question
        figures[*key, f"{question}, {row.measure}"] = row.value
        if row.baseline == PARETO:
            figures[*key, f"{question}, {row.measure} above Pareto/NBD, upper end"] = row.high
            figures[*key, f"{question}, {row.measure} over Pareto/NBD"] = row.value / row.baseline_value
    named = [bar for bar in PUBLIC_BARS if (bar.log, bar.origin, bar.measure) in figures]
    results = [BarResult(bar, figures[bar.log, bar.origin, bar.measure]) for bar in named]
    return [*results, *_calibrated_bars(rows)]


def calibrated_bar(log: str, figures: Mapping[str, float], origin: str = "") -> Iterator[BarResult]:
    """Yield the limit on the ECE of a log whose total of buyers, predicted over actual, is right; else nothing."""
    if abs(figures.get("buyers", inf) - 1) <= CALIBRATED_TOTAL:
        yield BarResult(Bar(log, CALIBRATED, maximum=CALIBRATED_ECE, origin=origin), figures["ECE"])


def _calibrated_bars(rows: Sequence[ComparisonRow]) -> Iterator[BarResult]:
    cases = {
        (row.case.log, row.case.origin): row.case
        for row in rows
        if row.measure == "ECE" and row.case.question.startswith("churn")
    }
    for (log, origin), case in cases.items():
        buyers = 1 + metrics.bias(1 - case.predictions, 1 - case.actual)
        yield from calibrated_bar(log, {"buyers": buyers, "ECE": metrics.ece(case.predictions, case.actual)}, origin)
