"""Subsamples: small shops drawn from a large log, trained as the product would train on them at one origin.

Draws are nested (200 in 1,000 in 5,000) and share test customers who are in none of them, so that sizes differ in size
alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.datasets import Log
from features.arrays import Integers
from features.history import History
from pipelines.run_context import RunContext
from pipelines.steps.evaluate import PublishedFeatures
from training.dataset.labels import orders_by_day
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import build_dataset
from training.dataset.population import known_customers
from training.dataset.readiness import readiness
from training.fitting.fit import buyer_mask, fit_tiers
from training.inference.forecast import Forecast

TEST_CUSTOMERS = 500
SERVED = "as served"  # by the tier that answers in that draw


@dataclass(frozen=True)
class LogAtOrigin:
    """A log as of one origin with all rows built once; draws select from them."""

    log: str
    context: RunContext
    train: Rows  # at every cutoff up to the origin, no outcome after it
    test: Rows  # buyers at the origin, with their outcomes after it
    customer_ids: Sequence[str]  # customer number -> id

    def history_of(self, customers: Integers) -> History:
        """Return the history of a shop of these customers alone."""
        customer_ids = [self.customer_ids[number] for number in customers]
        lines = self.context.history.lines
        return History(lines.filter(lines.customer_id.isin(customer_ids)), None)


@dataclass(frozen=True)
class DrawResult:
    """Predictions of every tier in one draw, and the tier that answers."""

    size: int
    plan: HorizonPlan
    test: Rows
    forecasts: Mapping[str, Forecast]  # SERVED or a tier -> forecast
    tier: str


def log_at_newest_origin(log: Log, full_context: RunContext, work: Path, report: Callable[[str], None]) -> LogAtOrigin:
    """Build a log as of its newest rolling origin, as the product would have seen it on that day."""
    context = replace(log, as_of=full_context.schedule.origins[0], origins=()).run_context(work, report)
    population, horizons = known_customers(context.home.features, context.cutoffs), context.readiness.plan
    data = build_dataset(population, context.cutoffs, full_context.history, PublishedFeatures(context))
    test = data.rows(full_context.now, horizons.outcome_horizons, [context.now])
    return LogAtOrigin(
        log.name,
        context,
        data.rows(context.now, horizons.outcome_horizons, context.cutoffs),
        test.select(buyer_mask(test)),
        sorted(data.customer_numbers, key=lambda customer: data.customer_numbers[customer]),
    )


def run_draws(
    at_origin: LogAtOrigin, sizes: Sequence[int], count: int, report: Callable[[str], None]
) -> Iterator[DrawResult]:
    """Run the draws of every size; a size beyond the log's customers gets a quarter as many draws, of all customers."""
    customers = np.unique(at_origin.test.customer)
    max_size = len(customers) - TEST_CUSTOMERS
    for number in range(count):
        shuffled = np.random.default_rng(number).permutation(customers)
        test_customers, rest = shuffled[:TEST_CUSTOMERS], shuffled[TEST_CUSTOMERS:]
        for size in sizes:
            if size <= max_size or number < max(count // 4, 1):
                yield _run_draw(at_origin, rest[:size], test_customers)
        report(f"{at_origin.log}: draw {number + 1} of {count}")


def _run_draw(at_origin: LogAtOrigin, train_customers: Integers, test_customers: Integers) -> DrawResult:
    """Train on a shop of some customers, with its own readiness, and predict for others."""
    context, history = at_origin.context, at_origin.history_of(train_customers)
    shop = readiness(history, context.schedule, context.cutoffs, context.churn_days, context.horizons)
    train = at_origin.train.select(np.isin(at_origin.train.customer, train_customers))
    train = replace(train, orders_by_day=orders_by_day(history, context.now))
    test = at_origin.test.select(np.isin(at_origin.test.customer, test_customers))
    fitted = fit_tiers(train, shop.plan, context.now.day_number, shop.tiers)
    forecasts = {
        name: fitted_tier.tiered_model.forecast(test.inputs, test.column("orders"))
        for name, fitted_tier in fitted.items()
    }
    return DrawResult(len(train_customers), shop.plan, test, {SERVED: forecasts[shop.tier], **forecasts}, shop.tier)
