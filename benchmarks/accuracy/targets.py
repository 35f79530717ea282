"""Benchmark targets: limits that were set beforehand, baselines to beat, and whether our figures meet them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.accuracy.paired_comparison import ComparisonRow

GROCER, GIFTS, TENTH, WHOLE = "complete-journey", "online-retail", "cdnow 1/10", "cdnow full"
PARETO, BG = "Pareto/NBD of lifetimes", "BG/NBD of lifetimes"
PARETO_VALUE, GAP = f"{PARETO} x Gamma-Gamma", "own median gap from today"

# Published, or measured by others when the targets were set; key: log, question, measure, baseline.
REFERENCE_FIGURES = {
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
class Target:
    """A limit on one of our figures, or baselines to beat with significance."""

    log: str
    question: str
    measure: str
    minimum: float | None = None
    maximum: float | None = None
    baselines_to_beat: tuple[str, ...] = ()

    def __str__(self) -> str:
        conditions = [
            *([f">= {self.minimum:g}"] if self.minimum is not None else []),
            *([f"<= {self.maximum:g}"] if self.maximum is not None else []),
            *([f"surely better than {' and '.join(self.baselines_to_beat)}"] if self.baselines_to_beat else []),
        ]
        return ", ".join(conditions)

    def is_met_by(self, rows: Sequence[ComparisonRow]) -> bool:
        """Return whether the rows of one measure at one origin meet the target."""
        value = rows[0].value
        enough = self.minimum is None or value >= self.minimum
        little = self.maximum is None or value <= self.maximum
        return enough and little and all(row.verdict == "win" for row in rows if row.baseline in self.baselines_to_beat)


TARGETS = (
    Target(TENTH, "spend 273 d", "Gini", minimum=0.68, baselines_to_beat=(PARETO_VALUE,)),
    Target(TENTH, "spend 273 d", "RMSE", maximum=72),
    Target(TENTH, "spend 273 d", "abs(bias)", maximum=0.13),
    Target(TENTH, "spend 273 d", "MAE of the median", maximum=27),
    Target(TENTH, "orders 273 d", "RMSE", maximum=1.61),
    Target(WHOLE, "churn 273 d", "AUC", minimum=0.770),
    Target(WHOLE, "churn 273 d", "Brier", maximum=0.160),
    Target(WHOLE, "churn 273 d", "ECE", maximum=0.02),
    Target(GROCER, "spend 91 d", "RMSE", maximum=267),
    Target(GROCER, "spend 91 d", "Gini", minimum=0.868),
    Target(GROCER, "spend 91 d", "decile MAPE", maximum=0.06),
    Target(GROCER, "churn 28 d", "AUC", minimum=0.865),
    Target(GROCER, "churn 28 d", "AP", minimum=0.48),
    Target(GROCER, "churn 28 d", "ECE", maximum=0.02),
    Target(GROCER, "next purchase", "MAE days", maximum=8.4),
    Target(GROCER, "next purchase", "C", minimum=0.73),
    Target(GROCER, "next purchase", "within 3 days", minimum=0.50),
    Target(GIFTS, "churn 90 d", "AUC", baselines_to_beat=("recency", "frequency")),
)


@dataclass(frozen=True)
class TargetResult:
    """A target, and whether our figure meets it at each origin, newest first."""

    target: Target
    by_origin: tuple[tuple[Sequence[ComparisonRow], bool], ...]  # rows of one origin, and whether it is met

    @property
    def is_met(self) -> bool:
        """Whether the target is met at every origin."""
        return all(holds for _, holds in self.by_origin)

    @property
    def missed_rows(self) -> list[ComparisonRow]:
        """The row with the best baseline at each origin where the target is missed."""
        return [min(rows, key=lambda row: row.high) for rows, holds in self.by_origin if not holds]


def evaluate_targets(rows: Sequence[ComparisonRow]) -> list[TargetResult]:
    """Evaluate every target whose log was measured."""
    return [result for result in (_evaluate_target(target, rows) for target in TARGETS) if result.by_origin]


def reference_figure(row: ComparisonRow) -> float | None:
    """Return the baseline's figure as published, or as given with the target."""
    return REFERENCE_FIGURES.get((row.case.log, row.case.question, row.measure, row.baseline))


def target_of(row: ComparisonRow) -> Target | None:
    """Return the target on this row's figure, if there is one."""
    key = row.case.log, row.case.question, row.measure
    return next((target for target in TARGETS if (target.log, target.question, target.measure) == key), None)


def _evaluate_target(target: Target, rows: Sequence[ComparisonRow]) -> TargetResult:
    target_rows = [row for row in rows if (row_target := target_of(row)) is not None and row_target is target]
    origins = dict.fromkeys(row.case.origin for row in target_rows)
    groups = [[row for row in target_rows if row.case.origin == origin] for origin in origins]
    return TargetResult(target, tuple((origin_rows, target.is_met_by(origin_rows)) for origin_rows in groups))
