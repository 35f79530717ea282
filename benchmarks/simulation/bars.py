"""Bars: limits on figures of simulated and public logs, set before they were measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf, isnan

from benchmarks.simulation.situations import SITUATIONS

Figures = Mapping[str, float]
GROCER, GIFTS = "complete-journey", "online-retail"


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
        """Return by how much a value misses the limit; 0 where it meets it, infinite for no value."""
        return inf if isnan(value) else max(self.minimum - value, value - self.maximum, 0.0)


@dataclass(frozen=True)
class BarResult:
    """A bar, and our figure."""

    bar: Bar
    value: float

    @property
    def is_met(self) -> bool:
        """Whether the figure meets the limit."""
        return self.bar.shortfall(self.value) == 0


SIMULATED_BARS = (
    Bar("clocks", "Brier", maximum=0.095),
    Bar("clocks", "ECE", maximum=0.07),
    Bar("clocks", "AUC", minimum=0.92),
    Bar("clocks", "rank agreement", minimum=0.8),
    Bar("fading", "AUC", minimum=0.85),
    Bar("fading", "Brier", maximum=0.16),
    Bar("fading", "buyers", maximum=1.25),
    Bar("fading", "orders", maximum=1.6),
    Bar("fading", "revenue", maximum=1.4),
    Bar("fading2", "AUC", minimum=0.845),
    Bar("fading2", "Brier", maximum=0.17),
    Bar("fading2", "orders", 0.8, 1.2),
    Bar("novelty", "AUC", minimum=0.895),
    Bar("novelty", "Brier", maximum=0.14),
    Bar("novelty", "ECE", maximum=0.10),
    Bar("novelty", "orders", maximum=1.65),
    Bar("growing", "buyers", 0.85, 1.20),
    Bar("growing", "orders", 0.85, 1.20),
    Bar("growing", "revenue", 0.85, 1.20),
    Bar("shrinking", "buyers", 0.90, 1.10),
    Bar("shrinking", "orders", 0.90, 1.10),
    Bar("shrinking", "revenue", 0.90, 1.10),
    Bar("decline", "orders", maximum=1.35),
    Bar("decline", "revenue", maximum=1.35),
    Bar("seasonal", "buyers", 0.90, 1.10),
    Bar("seasonal", "ECE", maximum=0.03),
    Bar("seasonal", "orders", 0.80, 1.15),
    Bar("seasonal", "Brier", maximum=0.135),
    Bar("oneseason", "buyers", 0.90, 1.10),
    Bar("oneseason", "orders", 0.85, 1.15),
    Bar("halves", "Brier", maximum=0.017),
    Bar("stable10y", "Brier", maximum=0.107),
    Bar("tiny", "Brier", maximum=0.152),
    Bar("short60", "Brier", maximum=0.130),
    Bar("random", "Brier", maximum=0.250),
)

# Of the public logs' figures the names are "question, measure".
PUBLIC_BARS = (
    *(
        Bar(GROCER, f"churn 28 d, {measure}", minimum, maximum, origin)
        for origin, auc, brier in (
            ("2017-10-01", 0.886, 0.0978),
            ("2017-09-03", 0.883, 0.1009),
            ("2017-08-06", 0.873, 0.1065),
        )
        for measure, minimum, maximum in (("AUC", auc, inf), ("Brier", -inf, brier))
    ),
    *(
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
    ),
    *(
        Bar("cdnow", measure, minimum, maximum, origin)
        for origin in ("1998-04-02", "1997-12-31", "1997-09-30")
        for measure, minimum, maximum in (
            ("churn 90 d, AUC above Pareto/NBD's at best", 0.0, inf),
            ("orders 90 d, Poisson deviance over Pareto/NBD's", -inf, 1.0),
        )
    ),
)


def general_bars(log: str) -> Iterator[Bar]:
    """Yield the limits that hold for every simulated log.

    Totals within 25 %, or within 50 % where no window a year ago is over; ECE at most .05; a ranking nowhere surely
    more than .005 below that of recency, frequency or Pareto/NBD; P(order) of two horizons ranks customers alike, but
    not where an event is ahead; no question answered alike for all while another's is not; no contradiction.
    """
    situation = SITUATIONS[log]
    margin = 0.25 if situation.cut_day >= 365 + situation.horizon else 0.5
    for total in ("buyers", "orders", "revenue"):
        yield Bar(log, total, 1 - margin, 1 + margin)
    yield Bar(log, "ECE", maximum=0.05)
    yield Bar(log, "AUC surely below", maximum=0.005)
    if log != "burst":
        yield Bar(log, "rank agreement", minimum=0.5)
    for faults in ("questions alike for all", "contradictions", "customers without an answer"):
        yield Bar(log, faults, maximum=0)


def evaluate_bars(log: str, figures: Figures) -> list[BarResult]:
    """Compare the figures of a simulated log with its own limits and the general ones, where there is a figure."""
    bars = [*(bar for bar in SIMULATED_BARS if bar.log == log), *general_bars(log)]
    return [BarResult(bar, figures[bar.measure]) for bar in bars if bar.measure in figures]
