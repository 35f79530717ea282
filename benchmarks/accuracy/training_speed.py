"""What training and answering cost, on one core and on all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from pipelines.run_context import RunContext
from pipelines.steps.evaluate import BacktestResult
from training.fitting.fit import fit_tiers

REPEATS = 5
MAX_ROWS = 20_000
MAX_SECONDS = {"complete-journey": 60.0, "cdnow": 20.0}
MAX_MICROSECONDS = 150.0


@dataclass(frozen=True)
class Speed:
    """Seconds to train every rung once, on all cores; microseconds of one core to answer one customer in bulk."""

    log: str
    rows: int
    train_seconds: float
    answer_microseconds: float

    @property
    def trains_in_time(self) -> bool | None:
        """None where no bar was set."""
        most = MAX_SECONDS.get(self.log)
        return None if most is None else self.train_seconds <= most

    @property
    def answers_in_time(self) -> bool:
        """All three answers of one customer."""
        return self.answer_microseconds <= MAX_MICROSECONDS


def measure_speed(log: str, context: RunContext, backtest_result: BacktestResult) -> Speed:
    """Train as for a release, then answer the newest origin's customers, the median of five times."""
    plan = context.readiness.plan
    before = [cutoff for cutoff in context.cutoffs if cutoff.day < context.as_of]
    rows = backtest_result.data.rows(context.now, plan.outcome_horizons, before)
    begun = time.perf_counter()
    fitted = fit_tiers(rows, plan, context.readiness.tiers)
    trained = time.perf_counter() - begun
    ladder = fitted[context.readiness.tiers[0]].tiered_model
    test = backtest_result.tests[0].rows
    inputs, orders = test.inputs[:MAX_ROWS], test.column("orders")[:MAX_ROWS]
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        ladder.forecast(inputs, orders)
        times.append(time.perf_counter() - begun)
    return Speed(log, len(rows), trained, 1e6 * median(times) / len(inputs))
