"""What our figures are held against: limits that were set beforehand, anchors to beat, and whether they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.accuracy.paired_comparison import Line

GROCER, GIFTS, TENTH, WHOLE = "complete-journey", "online-retail", "cdnow 1/10", "cdnow full"
PARETO, BG = "Pareto/NBD of lifetimes", "BG/NBD of lifetimes"
PARETO_VALUE, GAP = f"{PARETO} x Gamma-Gamma", "own median gap from today"

# Published, or measured by others when the bars were set; log, question, measure, anchor.
STATED = {
    (TENTH, "spend 273 d", "Gini", PARETO_VALUE): 0.660,
    (TENTH, "spend 273 d", "RMSE", PARETO_VALUE): 72.2,
    (TENTH, "spend 273 d", "abs(bias)", PARETO_VALUE): 0.148,
    (TENTH, "spend 273 d", "MAE of the median", PARETO_VALUE): 29.45,
    (TENTH, "orders 273 d", "RMSE", PARETO): 1.603,
    (TENTH, "orders 273 d", "r", PARETO): 0.630,
    (TENTH, "orders 273 d", "r", BG): 0.626,
    (WHOLE, "churn 273 d", "AUC", PARETO): 0.769,
    (WHOLE, "churn 273 d", "Brier", PARETO): 0.1632,
    (GROCER, "spend 91 d", "RMSE", "last window"): 275.0,
    (GROCER, "spend 91 d", "Gini", "last window"): 0.857,
    (GROCER, "spend 91 d", "decile MAPE", "last window"): 0.26,
    (GROCER, "churn 28 d", "AUC", BG): 0.845,
    (GROCER, "churn 28 d", "AUC", "frequency"): 0.840,
    (GROCER, "churn 28 d", "AUC", "recency"): 0.787,
    (GROCER, "next purchase", "MAE days", GAP): 9.10,
    (GROCER, "next purchase", "C", GAP): 0.693,
    (GIFTS, "churn 90 d", "AUC", "recency"): 0.683,
    (GIFTS, "churn 90 d", "AUC", "frequency"): 0.722,
}


@dataclass(frozen=True)
class Bar:
    """A limit on one of our figures, or anchors to be surely better than."""

    log: str
    question: str
    measure: str
    least: float | None = None
    most: float | None = None
    beats: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [
            *([f">= {self.least:g}"] if self.least is not None else []),
            *([f"<= {self.most:g}"] if self.most is not None else []),
            *([f"surely better than {' and '.join(self.beats)}"] if self.beats else []),
        ]
        return ", ".join(parts)

    def holds(self, lines: Sequence[Line]) -> bool:
        """Whether it is met by the lines of one measure at one origin."""
        value = lines[0].ours
        enough = self.least is None or value >= self.least
        little = self.most is None or value <= self.most
        return enough and little and all(one.verdict == "win" for one in lines if one.anchor in self.beats)


BARS = (
    Bar(TENTH, "spend 273 d", "Gini", least=0.68, beats=(PARETO_VALUE,)),
    Bar(TENTH, "spend 273 d", "RMSE", most=72),
    Bar(TENTH, "spend 273 d", "abs(bias)", most=0.13),
    Bar(TENTH, "spend 273 d", "MAE of the median", most=27),
    Bar(TENTH, "orders 273 d", "RMSE", most=1.61),
    Bar(WHOLE, "churn 273 d", "AUC", least=0.770),
    Bar(WHOLE, "churn 273 d", "Brier", most=0.160),
    Bar(WHOLE, "churn 273 d", "ECE", most=0.02),
    Bar(GROCER, "spend 91 d", "RMSE", most=267),
    Bar(GROCER, "spend 91 d", "Gini", least=0.868),
    Bar(GROCER, "spend 91 d", "decile MAPE", most=0.06),
    Bar(GROCER, "churn 28 d", "AUC", least=0.865),
    Bar(GROCER, "churn 28 d", "AP", least=0.48),
    Bar(GROCER, "churn 28 d", "ECE", most=0.02),
    Bar(GROCER, "next purchase", "MAE days", most=8.4),
    Bar(GROCER, "next purchase", "C", least=0.73),
    Bar(GROCER, "next purchase", "within 3 days", least=0.50),
    Bar(GIFTS, "churn 90 d", "AUC", beats=("recency", "frequency")),
)


@dataclass(frozen=True)
class Standing:
    """A bar, and how our figure stood against it at each origin, newest first."""

    bar: Bar
    at: tuple[tuple[Sequence[Line], bool], ...]  # the lines of one origin, and whether it holds there

    @property
    def met(self) -> bool:
        """Everywhere."""
        return all(holds for _, holds in self.at)

    @property
    def missed(self) -> list[Line]:
        """One line per origin where it does not hold: beside the anchor that did best."""
        return [min(lines, key=lambda line: line.high) for lines, holds in self.at if not holds]


def standings(found: Sequence[Line]) -> list[Standing]:
    """Every bar whose log was measured."""
    return [one for one in (_standing(bar, found) for bar in BARS) if one.at]


def stated(line: Line) -> float | None:
    """The anchor's figure as it was published or given with the bar."""
    return STATED.get((line.case.log, line.case.question, line.measure, line.anchor))


def bar_of(line: Line) -> Bar | None:
    """The bar on this line's figure."""
    key = line.case.log, line.case.question, line.measure
    return next((bar for bar in BARS if (bar.log, bar.question, bar.measure) == key), None)


def _standing(bar: Bar, found: Sequence[Line]) -> Standing:
    mine = [line for line in found if (one := bar_of(line)) is not None and one is bar]
    origins = dict.fromkeys(line.case.origin for line in mine)
    groups = [[line for line in mine if line.case.origin == origin] for origin in origins]
    return Standing(bar, tuple((lines, bar.holds(lines)) for lines in groups))
