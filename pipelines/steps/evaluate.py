"""Rolling-origin back-test with baselines: as a table for people, as MLflow runs for reviewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from features.arrays import Floats
from features.errors import NotEnoughData
from features.online.arrow_rows import stored
from features.online.feature_rows import Stored
from pipelines.registration import churn_rules, fingerprint
from pipelines.run_context import Job
from pipelines.steps import publish
from training.dataset.point_in_time import Dataset, dataset
from training.dataset.population import known_customers
from training.evaluation.backtest import Backtest, Score, backtest, scores
from training.evaluation.churn_rule_limits import Limit
from training.evaluation.churn_rules import Judged
from training.evaluation.quality_gate import Verdict, verdicts
from training.models import MODELS
from training.reporting import report


@dataclass(frozen=True)
class Tested:
    """What the back-test found."""

    data: Dataset
    tests: list[Backtest]
    scores: list[Score]
    rules: Sequence[Judged] = ()
    flagged: Mapping[str, Floats] = field(default_factory=dict)  # by rule, (n,) of the newest test's rows
    limits: Sequence[Limit] = ()

    def beside_rules(self, job: Job, tier: str) -> Tested:
        """The same, with the business' own churn rules judged beside the rung that answers."""
        judged, flagged = churn_rules.judged(job, self.data, self.tests, tier)
        return replace(self, rules=judged, flagged=flagged, limits=job.rule_limits)


class PublishedFeatures:
    """Point-in-time features through Feast."""

    def __init__(self, job: Job) -> None:
        from features.store.client import CustomerFeatures

        publish.tables(job)
        self._store = CustomerFeatures.open(job.home.folder, job.views, publish.TTL_DAYS)
        self._store.apply()
        self._views = job.views

    def as_of(self, customers: pa.Table) -> Stored:
        """Features of (customer_id, event_timestamp) rows, in the order given."""
        return stored(self._store.as_of(customers), self._views)


def test(job: Job) -> Tested:
    """Back-test every rung that the log allows.

    Raises:
        NotEnoughData: an origin was asked for whose windows are not over, or before which there is nothing to learn.
    """
    _refuse_open_windows(job)
    published = PublishedFeatures(job)
    known = known_customers(job.home.features, job.cutoffs)
    job.say(f"joining the features of {known['customer_id'].nunique():,} customers point in time")
    data = dataset(known, job.cutoffs, job.history, published)
    ready = job.readiness
    tests = backtest(data, job.laid, ready.plan, ready.tiers, job.description.zone, job.say)
    return Tested(data, tests, scores(tests))


def verdicts_on(job: Job, tests: Sequence[Backtest], name: str) -> list[Verdict]:
    """What the gate says of the rungs for a question, highest first, down to the one that answers."""
    tiers = job.readiness.tiers_for(name) or job.readiness.tiers
    return verdicts(tests, MODELS[name], tiers, job.home.champion_tiers().get(name))


def _refuse_open_windows(job: Job) -> None:
    longest = job.readiness.plan.learned[-1]
    for origin in job.origins:
        if (job.as_of - origin).days < longest:
            raise NotEnoughData(
                f"The window of {longest} days after {origin} is not over on {job.as_of}. Expected an origin at least "
                f"{longest} days before --as-of: choose an earlier one, or shorter ltv_days."
            )
        if not job.laid.trainings(origin, longest):
            raise NotEnoughData(
                f"No window of {longest} days ends before {origin}: the log begins on {job.laid.first}. "
                "Choose a later origin, or shorter ltv_days."
            )


def run(job: Job) -> Tested:
    """Back-test, and log one MLflow run per question."""
    from training.registry import Run

    tested = test(job)
    if job.description.business.churn_rules:
        tested = tested.beside_rules(job, verdicts_on(job, tested.tests, "churn")[-1].tier)
    job.say("logging to MLflow")
    registry, mark = job.home.registry(), fingerprint.fingerprint(job)
    newest, tier = next(iter(tested.tests), None), job.readiness.tiers[0]
    for name in MODELS:
        artefact = newest.fitted[tier].artefacts.get(name, {}) if newest else {}
        rules = churn_rules.exhibit(name, tested)
        registry.log_run(
            Run(
                name=f"{name} back-test",
                experiment="evaluation",
                fingerprint=mark,
                params={"as_of": str(job.as_of), "tier": tier, "learned_days": str(job.readiness.plan.learned)},
                metrics=[*report.metrics_of(name, tested.scores), *rules.metrics],
                tags={"git_commit": fingerprint.git_commit()},
                figures={**(report.figures_of(name, newest, tier, artefact) if newest else {}), **rules.figures},
                tables={**report.category_tables(name, tested.scores), **rules.tables},
            )
        )
    return tested
