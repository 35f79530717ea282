"""What training and answering cost, on one core and on all of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from pipelines.run_context import Job
from pipelines.steps.evaluate import Tested
from training.fitting.fit import fit_rungs

REPEATS = 5
MOST_ROWS = 20_000
MOST_SECONDS = {"complete-journey": 60.0, "cdnow": 20.0}
MOST_MICROSECONDS = 150.0


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
        most = MOST_SECONDS.get(self.log)
        return None if most is None else self.train_seconds <= most

    @property
    def answers_in_time(self) -> bool:
        """All three answers of one customer."""
        return self.answer_microseconds <= MOST_MICROSECONDS


def speed(log: str, job: Job, tested: Tested) -> Speed:
    """Train as for a release, then answer the newest origin's customers, the median of five times."""
    plan = job.readiness.plan
    before = [cutoff for cutoff in job.cutoffs if cutoff.day < job.as_of]
    rows = tested.data.rows(job.now, plan.observed, before)
    begun = time.perf_counter()
    fitted = fit_rungs(rows, plan, job.readiness.tiers)
    trained = time.perf_counter() - begun
    ladder = fitted[job.readiness.tiers[0]].ladder
    test = tested.tests[0].test
    inputs, orders = test.inputs[:MOST_ROWS], test.column("orders")[:MOST_ROWS]
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        ladder.forecast(inputs, orders)
        times.append(time.perf_counter() - begun)
    return Speed(log, len(rows), trained, 1e6 * median(times) / len(inputs))
