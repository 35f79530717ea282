"""Small shops drawn from a big one: what the product would have trained on them at one origin, and what it then says.

Draws are nested (200 in 1,000 in 5,000) and asked about the same customers, who are in none of them: what differs
between sizes is the size.
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
from training.dataset.point_in_time import Dataset, build_dataset
from training.dataset.population import known_customers
from training.dataset.readiness import readiness
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import evaluate_gate
from training.fitting.assemble import merge_tiers
from training.fitting.fit import buyer_mask, fit_tiers
from training.inference.forecast import Forecast
from training.model import HorizonPlan
from training.models import MODELS

TEST_CUSTOMERS = 500
GATE_ORIGINS = 1
GATED_DRAWS = 5  # draws of a size in which the gate is asked; the others are answered as most of these


@dataclass(frozen=True)
class Split:
    """Rows to learn from before an instant, and rows at that instant with what followed."""

    train: Rows
    test: Rows

    def restrict_to(self, train_customers: Integers, test_customers: Integers) -> Split:
        """Trained on some customers, asked about others."""
        return Split(
            self.train.select(np.isin(self.train.customer, train_customers)),
            self.test.select(np.isin(self.test.customer, test_customers)),
        )


@dataclass(frozen=True)
class LogAtOrigin:
    """A log as it stood at one origin, with all rows made once: draws only cut them."""

    log: str
    context: RunContext
    origin_split: Split  # at the origin: what is asked
    gate_splits: Sequence[Split]  # at earlier origins: what the gate goes by
    customer_ids: Sequence[str]  # customer ids by number

    def plan_and_tiers(self, customers: Integers) -> tuple[HorizonPlan, dict[str, tuple[str, ...]]]:
        """What readiness makes of a shop with these customers alone."""
        mine = [self.customer_ids[number] for number in customers]
        lines = self.context.history.lines
        alone = History(lines.filter(lines.customer_id.isin(mine)), None)
        found = readiness(
            alone, self.context.schedule, self.context.cutoffs, self.context.churn_days, self.context.horizons
        )
        return found.plan, {name: found.tiers_for(name) or found.tiers for name in MODELS}


@dataclass(frozen=True)
class DrawResult:
    """One shop of so many customers: what each rung says of those it was asked about, and which rungs answer."""

    size: int
    plan: HorizonPlan
    test: Rows
    forecasts: Mapping[str, Forecast]  # SERVED or a rung
    tiers: Mapping[str, str]


def stand_at_newest_origin(
    log: Log, full_context: RunContext, work: Path, report: Callable[[str], None]
) -> LogAtOrigin:
    """Stand at the newest origin of a log's rolling origins, as the product would have on that day."""
    job = replace(log, as_of=full_context.schedule.origins[0]).run_context(work, report)
    known = known_customers(job.home.features, job.cutoffs)
    data = build_dataset(known, job.cutoffs, full_context.history, PublishedFeatures(job))
    zone = job.config.zone
    before = [
        _split_at(data, job, Cutoff.from_day(origin, zone), job.now) for origin in job.schedule.origins[:GATE_ORIGINS]
    ]
    names = sorted(data.customer_numbers, key=lambda customer: data.customer_numbers[customer])
    return LogAtOrigin(log.name, job, _split_at(data, job, job.now, full_context.now), before, names)


def run_draws(
    at_origin: LogAtOrigin, sizes: Sequence[int], count: int, report: Callable[[str], None]
) -> Iterator[DrawResult]:
    """So many draws of every size; of everybody, where a size is more than there are, a quarter as many."""
    everybody = np.unique(at_origin.origin_split.test.customer)
    most = len(everybody) - TEST_CUSTOMERS
    judged: dict[int, list[dict[str, str]]] = {size: [] for size in sizes}
    for number in range(count):
        shuffled = np.random.default_rng(number).permutation(everybody)
        asked, rest = shuffled[:TEST_CUSTOMERS], shuffled[TEST_CUSTOMERS:]
        for size in sizes:
            if size <= most or number < max(count // 4, 1):
                yield _run_draw(at_origin, rest[:size], asked, judged[size])
        report(f"{at_origin.log}: draw {number + 1} of {count}")


def _run_draw(
    at_origin: LogAtOrigin, train_customers: Integers, test_customers: Integers, gate_choices: list[dict[str, str]]
) -> DrawResult:
    plan, tried = at_origin.plan_and_tiers(train_customers)
    tiers = max(tried.values(), key=len)
    if len(gate_choices) < GATED_DRAWS:
        tests = [
            _backtest_split(split.restrict_to(train_customers, train_customers), plan, tiers, at_origin)
            for split in at_origin.gate_splits
        ]
        gate_choices.append(
            {name: evaluate_gate(tests, model, tried[name], None)[-1].tier for name, model in MODELS.items()}
        )
        chosen = gate_choices[-1]
    else:
        usual = {name: Counter(one[name] for one in gate_choices).most_common(1)[0][0] for name in MODELS}
        chosen = {name: tier if tier in tried[name] else tried[name][0] for name, tier in usual.items()}
    split = at_origin.origin_split.restrict_to(train_customers, test_customers)
    fitted = fit_tiers(split.train, plan, tiers)
    ladders = {**{tier: one.tiered_model for tier, one in fitted.items()}, SERVED: merge_tiers(fitted, chosen)}
    said = {name: one.forecast(split.test.inputs, split.test.column("orders")) for name, one in ladders.items()}
    return DrawResult(len(train_customers), plan, split.test, said, chosen)


def _backtest_split(split: Split, plan: HorizonPlan, tiers: Sequence[str], at_origin: LogAtOrigin) -> Backtest:
    fitted = fit_tiers(split.train, plan, tuple(tiers))
    orders = split.test.column("orders")
    said = {tier: one.tiered_model.forecast(split.test.inputs, orders) for tier, one in fitted.items()}
    return Backtest(at_origin.context.schedule.origins[0], plan, split.test, said, fitted)


def _split_at(data: Dataset, context: RunContext, cutoff: Cutoff, limit: Cutoff) -> Split:
    plan, zone = context.readiness.plan, context.config.zone
    earlier = [Cutoff.from_day(day, zone) for day in context.schedule.cutoffs if day < cutoff.day]
    test = data.rows(limit, plan.outcome_horizons, [cutoff])
    return Split(data.rows(cutoff, plan.outcome_horizons, earlier), test.select(buyer_mask(test)))
