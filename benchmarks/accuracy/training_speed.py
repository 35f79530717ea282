"""Training and inference speed: seconds to train all tiers, and microseconds to predict one customer in bulk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.fitting.fit import fit_tiers

REPEATS = 5
MAX_ROWS = 20_000
MAX_SECONDS = {"complete-journey": 60.0, "cdnow": 20.0}
MAX_MICROSECONDS = 150.0


@dataclass(frozen=True)
class Speed:
    """Seconds to train every tier once on all cores, and microseconds of one core per customer in bulk."""

    log: str
    rows: int
    train_seconds: float
    answer_microseconds: float

    @property
    def trains_in_time(self) -> bool | None:
        """Whether training meets its target; None without a target."""
        limit = MAX_SECONDS.get(self.log)
        return None if limit is None else self.train_seconds <= limit

    @property
    def answers_in_time(self) -> bool:
        """Whether all three predictions of one customer meet their target."""
        return self.answer_microseconds <= MAX_MICROSECONDS


def measure_speed(log: str, context: RunContext, backtest_result: BacktestResult) -> Speed:
    """Time one training of every tier, then the predictions for the newest origin's customers, the median of five."""
    plan = context.readiness.plan
    rows = backtest_result.data.rows(context.now, plan.outcome_horizons, list(context.cutoffs))
    started_at = time.perf_counter()
    fitted = fit_tiers(rows, plan, context.now.day_number, context.readiness.tiers)
    train_seconds = time.perf_counter() - started_at
    tiered_model = fitted[context.readiness.tier].tiered_model
    test = backtest_result.tests[0].rows
    inputs, orders = test.inputs[:MAX_ROWS], test.column("orders")[:MAX_ROWS]
    times = []
    for _ in range(REPEATS):
        started_at = time.perf_counter()
        tiered_model.forecast(inputs, orders)
        times.append(time.perf_counter() - started_at)
    return Speed(log, len(rows), train_seconds, 1e6 * median(times) / len(inputs))
