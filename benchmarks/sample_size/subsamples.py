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
from pipelines.run_context import Job
from pipelines.steps.evaluate import PublishedFeatures
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import Dataset, dataset
from training.dataset.population import known_customers
from training.dataset.readiness import readiness
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import verdicts
from training.fitting.assemble import joined
from training.fitting.fit import buyers, fit_rungs
from training.inference.forecast import Forecast
from training.model import Plan
from training.models import MODELS

ASKED = 500
GATE_ORIGINS = 1
GATED = 5  # draws of a size in which the gate is asked; the others are answered as most of these


@dataclass(frozen=True)
class Split:
    """Rows to learn from before an instant, and rows at that instant with what followed."""

    train: Rows
    test: Rows

    def among(self, learnt: Integers, asked: Integers) -> Split:
        """Trained on some customers, asked about others."""
        return Split(
            self.train.at(np.isin(self.train.customer, learnt)), self.test.at(np.isin(self.test.customer, asked))
        )


@dataclass(frozen=True)
class Ground:
    """A log as it stood at one origin, with all rows made once: draws only cut them."""

    log: str
    job: Job
    after: Split  # at the origin: what is asked
    before: Sequence[Split]  # at earlier origins: what the gate goes by
    names: Sequence[str]  # customer ids by number

    def plan_and_tiers(self, learnt: Integers) -> tuple[Plan, dict[str, tuple[str, ...]]]:
        """What readiness makes of a shop with these customers alone."""
        mine = [self.names[number] for number in learnt]
        lines = self.job.history.lines
        alone = History(lines.filter(lines.customer_id.isin(mine)), None)
        found = readiness(alone, self.job.laid, self.job.cutoffs, self.job.churn_days, self.job.asked)
        return found.plan, {name: found.tiers_for(name) or found.tiers for name in MODELS}


@dataclass(frozen=True)
class Drawn:
    """One shop of so many customers: what each rung says of those it was asked about, and which rungs answer."""

    size: int
    plan: Plan
    test: Rows
    forecasts: Mapping[str, Forecast]  # SERVED or a rung
    tiers: Mapping[str, str]


def ground(log: Log, origin_of: Job, work: Path, say: Callable[[str], None]) -> Ground:
    """Stand at the newest origin of a log's rolling origins, as the product would have on that day."""
    job = replace(log, as_of=origin_of.laid.origins[0]).job(work, say)
    known = known_customers(job.home.features, job.cutoffs)
    data = dataset(known, job.cutoffs, origin_of.history, PublishedFeatures(job))
    zone = job.description.zone
    before = [_split(data, job, Cutoff.of(origin, zone), job.now) for origin in job.laid.origins[:GATE_ORIGINS]]
    names = sorted(data.numbers, key=lambda customer: data.numbers[customer])
    return Ground(log.name, job, _split(data, job, job.now, origin_of.now), before, names)


def draws(here: Ground, sizes: Sequence[int], count: int, say: Callable[[str], None]) -> Iterator[Drawn]:
    """So many draws of every size; of everybody, where a size is more than there are, a quarter as many."""
    everybody = np.unique(here.after.test.customer)
    most = len(everybody) - ASKED
    judged: dict[int, list[dict[str, str]]] = {size: [] for size in sizes}
    for number in range(count):
        shuffled = np.random.default_rng(number).permutation(everybody)
        asked, rest = shuffled[:ASKED], shuffled[ASKED:]
        for size in sizes:
            if size <= most or number < max(count // 4, 1):
                yield _drawn(here, rest[:size], asked, judged[size])
        say(f"{here.log}: draw {number + 1} of {count}")


def _drawn(here: Ground, learnt: Integers, asked: Integers, judged: list[dict[str, str]]) -> Drawn:
    plan, tried = here.plan_and_tiers(learnt)
    tiers = max(tried.values(), key=len)
    if len(judged) < GATED:
        tests = [_tested(split.among(learnt, learnt), plan, tiers, here) for split in here.before]
        judged.append({name: verdicts(tests, model, tried[name], None)[-1].tier for name, model in MODELS.items()})
        chosen = judged[-1]
    else:
        usual = {name: Counter(one[name] for one in judged).most_common(1)[0][0] for name in MODELS}
        chosen = {name: tier if tier in tried[name] else tried[name][0] for name, tier in usual.items()}
    split = here.after.among(learnt, asked)
    fitted = fit_rungs(split.train, plan, tiers)
    ladders = {**{tier: one.ladder for tier, one in fitted.items()}, SERVED: joined(fitted, chosen)}
    said = {name: one.forecast(split.test.inputs, split.test.column("orders")) for name, one in ladders.items()}
    return Drawn(len(learnt), plan, split.test, said, chosen)


def _tested(split: Split, plan: Plan, tiers: Sequence[str], here: Ground) -> Backtest:
    fitted = fit_rungs(split.train, plan, tuple(tiers))
    orders = split.test.column("orders")
    said = {tier: one.ladder.forecast(split.test.inputs, orders) for tier, one in fitted.items()}
    return Backtest(here.job.laid.origins[0], plan, split.test, said, fitted)


def _split(data: Dataset, job: Job, at: Cutoff, until: Cutoff) -> Split:
    plan, zone = job.readiness.plan, job.description.zone
    earlier = [Cutoff.of(day, zone) for day in job.laid.cutoffs if day < at.day]
    test = data.rows(until, plan.observed, [at])
    return Split(data.rows(at, plan.observed, earlier), test.at(buyers(test)))
