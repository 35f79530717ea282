"""Subsamples: small shops drawn from a large log, trained as the product would train on them at one origin.

Draws are nested (200 in 1,000 in 5,000) and share test customers who are in none of them, so that sizes differ in size
alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.accuracy.customer_cross_validation import SERVED
from benchmarks.datasets import Log
from features.arrays import Integers
from features.history import Cutoff, History
from pipelines.run_context import RunContext
from pipelines.steps.evaluate import PublishedFeatures
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import Dataset, build_dataset
from training.dataset.population import known_customers
from training.dataset.readiness import readiness
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import evaluate_gate
from training.fitting.assemble import merge_tiers
from training.fitting.fit import buyer_mask, fit_tiers
from training.inference.forecast import Forecast
from training.models import MODELS

TEST_CUSTOMERS = 500
GATE_ORIGINS = 1
GATED_DRAWS = 5  # draws of a size in which the gate is evaluated; the others use the most frequent choice of these


@dataclass(frozen=True)
class Split:
    """Training rows before an instant, and test rows at that instant with their outcomes."""

    train: Rows
    test: Rows

    def restrict_to(self, train_customers: Integers, test_customers: Integers) -> Split:
        """Return the split with some customers for training and others for testing."""
        return Split(
            self.train.select(np.isin(self.train.customer, train_customers)),
            self.test.select(np.isin(self.test.customer, test_customers)),
        )


@dataclass(frozen=True)
class LogAtOrigin:
    """A log as of one origin with all rows built once; draws select from them."""

    log: str
    context: RunContext
    origin_split: Split  # at the origin: training and test rows
    gate_splits: Sequence[Split]  # at earlier origins: what the gate evaluates
    customer_ids: Sequence[str]  # customer number -> id

    def plan_and_tiers(self, customers: Integers) -> tuple[HorizonPlan, dict[str, tuple[str, ...]]]:
        """Return the plan and the tiers that readiness allows for a shop of these customers alone."""
        customer_ids = [self.customer_ids[number] for number in customers]
        lines = self.context.history.lines
        history = History(lines.filter(lines.customer_id.isin(customer_ids)), None)
        shop_readiness = readiness(
            history, self.context.schedule, self.context.cutoffs, self.context.churn_days, self.context.horizons
        )
        return shop_readiness.plan, {name: shop_readiness.tiers_for(name) or shop_readiness.tiers for name in MODELS}


@dataclass(frozen=True)
class DrawResult:
    """Predictions of every tier in one draw, and the tiers that serve."""

    size: int
    plan: HorizonPlan
    test: Rows
    forecasts: Mapping[str, Forecast]  # SERVED or a tier -> forecast
    tiers: Mapping[str, str]


def log_at_newest_origin(log: Log, full_context: RunContext, work: Path, report: Callable[[str], None]) -> LogAtOrigin:
    """Build a log as of its newest rolling origin, as the product would have seen it on that day."""
    context = replace(log, as_of=full_context.schedule.origins[0]).run_context(work, report)
    population = known_customers(context.home.features, context.cutoffs)
    data = build_dataset(population, context.cutoffs, full_context.history, PublishedFeatures(context))
    zone = context.config.zone
    gate_splits = [
        _split_at(data, context, Cutoff.from_day(origin, zone), context.now)
        for origin in context.schedule.origins[:GATE_ORIGINS]
    ]
    customer_ids = sorted(data.customer_numbers, key=lambda customer: data.customer_numbers[customer])
    origin_split = _split_at(data, context, context.now, full_context.now)
    return LogAtOrigin(log.name, context, origin_split, gate_splits, customer_ids)


def run_draws(
    at_origin: LogAtOrigin, sizes: Sequence[int], count: int, report: Callable[[str], None]
) -> Iterator[DrawResult]:
    """Run the draws of every size; a size beyond the log's customers gets a quarter as many draws, of all customers."""
    customers = np.unique(at_origin.origin_split.test.customer)
    max_size = len(customers) - TEST_CUSTOMERS
    gate_choices: dict[int, list[dict[str, str]]] = {size: [] for size in sizes}
    for number in range(count):
        shuffled = np.random.default_rng(number).permutation(customers)
        test_customers, rest = shuffled[:TEST_CUSTOMERS], shuffled[TEST_CUSTOMERS:]
        for size in sizes:
            if size <= max_size or number < max(count // 4, 1):
                yield _run_draw(at_origin, rest[:size], test_customers, gate_choices[size])
        report(f"{at_origin.log}: draw {number + 1} of {count}")


def _run_draw(
    at_origin: LogAtOrigin, train_customers: Integers, test_customers: Integers, gate_choices: list[dict[str, str]]
) -> DrawResult:
    plan, available_tiers = at_origin.plan_and_tiers(train_customers)
    tiers = max(available_tiers.values(), key=len)
    if len(gate_choices) < GATED_DRAWS:
        tests = [
            _backtest_split(split.restrict_to(train_customers, train_customers), plan, tiers, at_origin)
            for split in at_origin.gate_splits
        ]
        gate_choices.append(
            {name: evaluate_gate(tests, model, available_tiers[name], None)[-1].tier for name, model in MODELS.items()}
        )
        chosen_tiers = gate_choices[-1]
    else:
        usual_tiers = {name: Counter(choice[name] for choice in gate_choices).most_common(1)[0][0] for name in MODELS}
        chosen_tiers = {
            name: tier if tier in available_tiers[name] else available_tiers[name][0]
            for name, tier in usual_tiers.items()
        }
    split = at_origin.origin_split.restrict_to(train_customers, test_customers)
    fitted = fit_tiers(split.train, plan, tiers)
    tiered_models = {
        **{tier: fitted_tier.tiered_model for tier, fitted_tier in fitted.items()},
        SERVED: merge_tiers(fitted, chosen_tiers),
    }
    forecasts = {
        name: model.forecast(split.test.inputs, split.test.column("orders")) for name, model in tiered_models.items()
    }
    return DrawResult(len(train_customers), plan, split.test, forecasts, chosen_tiers)


def _backtest_split(split: Split, plan: HorizonPlan, tiers: Sequence[str], at_origin: LogAtOrigin) -> Backtest:
    fitted = fit_tiers(split.train, plan, tuple(tiers))
    orders = split.test.column("orders")
    forecasts = {
        tier: fitted_tier.tiered_model.forecast(split.test.inputs, orders) for tier, fitted_tier in fitted.items()
    }
    return Backtest(at_origin.context.schedule.origins[0], plan, split.test, forecasts, fitted)


def _split_at(data: Dataset, context: RunContext, cutoff: Cutoff, limit: Cutoff) -> Split:
    plan, zone = context.readiness.plan, context.config.zone
    earlier = [Cutoff.from_day(day, zone) for day in context.schedule.cutoffs if day < cutoff.day]
    test = data.rows(limit, plan.outcome_horizons, [cutoff])
    return Split(data.rows(cutoff, plan.outcome_horizons, earlier), test.select(buyer_mask(test)))
