"""Planning: what an experiment can show before it starts, from the scores table, the log and the consents of today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from features.consents.consent import PROFILING, ReachRequest
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.holdout import holdout_mask
from serving.experiments.baselines import NoBaseline, metric_baseline, with_mean
from serving.experiments.customer_pool import ScoredCustomers, eligible_request
from serving.experiments.decision_time import DecisionTime
from serving.experiments.predicted_means import predicted_mean
from serving.experiments.screening import Secrets
from serving.schemas.experiments import ExperimentPlan, HoldoutPower, MaturityPlan, SharedCustomers, SmallestEffect
from training.experiments.estimators.power import Baseline, smallest_effect
from training.experiments.record.assignment import group_owners
from training.experiments.record.experiment import Experiment, Metric
from training.experiments.record.global_holdout import GlobalHoldout, global_holdout_on, relative_half_width
from training.experiments.record.started_experiment import StartedExperiment

ASKED_NOTE = "Sizes hold if everybody who is available is asked before the last decision that counts."
FLOOR_NOTE = "An adaptive split is computed at its floor, which is what an arm gets at least."
UNPROFILED_NOTE = "Customers without consent to profiling may take part too; they are not counted."


@dataclass(frozen=True, kw_only=True)
class Planning:
    """The plan of one experiment at one moment."""

    record: Experiment
    running: Sequence[StartedExperiment]  # the other experiments that run today
    scored: ScoredCustomers
    consent_filter: ConsentFilter
    home: Path
    secrets: Secrets
    time: DecisionTime
    smallest_audience: int  # fewer customers are not told

    def plan(self) -> ExperimentPlan:
        """The plan.

        Raises:
            InvalidAudienceRequest: the filter does not fit the scores table.
        """
        self.scored.check_column(self.record.segments)
        maturity = [self._maturity(metric) for metric in self.record.metrics]
        return ExperimentPlan(
            eligible=self._disclosed_count(int(self._eligible.sum())),
            available=self._disclosed_count(int(self._available.sum())),
            smallest_effects=[
                self._smallest_effect(metric, plan) for metric, plan in zip(self.record.metrics, maturity, strict=True)
            ],
            maturity=maturity,
            shares_customers_with=[self._shared_customers(other) for other in self.running],
            global_holdout=self._holdout_power(),
            notes=[*self._notes(maturity), ASKED_NOTE],
        )

    @cached_property
    def _eligible(self) -> Booleans:
        return self._eligible_for(self.record)

    @cached_property
    def _available(self) -> Booleans:
        """The eligible customers in no hold-out and in no other experiment of the exclusion group, (customers,)."""
        rows = np.flatnonzero(self._eligible)
        ids = self.scored.columns.ids.take(pa.array(rows))
        is_taken = np.zeros(len(rows), np.bool_)
        for holdout in (self._global_holdout, self.record.eligible.holdout):
            if holdout is not None:
                is_taken |= holdout_mask(ids, holdout.share, holdout.name, self.secrets.holdout)
        group = [other.id for other in self.running if self._is_excluded(other)]
        if group and len(rows):
            owners = group_owners(
                ids.to_pylist(), str(self.record.excludes), [self.record.id, *group], self.secrets.assignment
            )
            is_taken |= owners != 0
        available = self._eligible.copy()
        available[rows[is_taken]] = False
        return available

    @cached_property
    def _global_holdout(self) -> GlobalHoldout | None:
        return global_holdout_on(self.home, self.time.day)

    @cached_property
    def _baselines(self) -> dict[str, Baseline | str]:
        """The baseline of each metric, or why there is none."""
        customers = self.scored.columns.ids.take(pa.array(np.flatnonzero(self._available)))
        return {metric.label: self._baseline(metric, customers) for metric in self.record.metrics}

    def _baseline(self, metric: Metric, customers: pa.StringArray) -> Baseline | str:
        if len(customers) < max(self.smallest_audience, 1):
            return "too few customers are available"
        mean = predicted_mean(self.scored.columns, metric, np.flatnonzero(self._available))
        if mean is not None and metric.kind == "order":
            return Baseline.of_rate(mean)
        try:
            past = metric_baseline(self.home / "history", metric, customers, self.scored.log_until)
        except NoBaseline as reason:
            return str(reason)
        return past if mean is None else with_mean(past, mean)

    def _eligible_for(self, record: Experiment) -> Booleans:
        request = eligible_request(record.eligible)
        reach = ReachRequest(request.purpose, request.channel)
        reachable = self.consent_filter.mask(self.scored.columns, reach, self.time.now)
        return self.scored.mask(record.eligible, self.consent_filter.id_case()) & reachable

    def _disclosed_count(self, count: int) -> int | None:
        return count if count >= self.smallest_audience else None

    def _is_excluded(self, other: StartedExperiment) -> bool:
        return self.record.excludes is not None and other.record.excludes == self.record.excludes

    def _shared_customers(self, other: StartedExperiment) -> SharedCustomers:
        if self._is_excluded(other):
            return SharedCustomers(experiment_id=other.id, excluded=True, customers=0)
        shared = int((self._available & self._eligible_for(other.record)).sum())
        return SharedCustomers(experiment_id=other.id, excluded=False, customers=self._disclosed_count(shared))

    def _maturity(self, metric: Metric) -> MaturityPlan:
        window, today = timedelta(days=metric.within_days), self.time.day
        last_decision_on = self.record.ends_on - window - timedelta(days=1)
        return MaturityPlan(
            metric=metric.label,
            first_on=today + window + timedelta(days=1),
            last_decision_on=last_decision_on,
            in_time=today <= last_decision_on,
        )

    def _smallest_effect(self, metric: Metric, maturity: MaturityPlan) -> SmallestEffect:
        baseline, customers = self._baselines[metric.label], int(self._available.sum())
        if isinstance(baseline, str) or not maturity.in_time or not baseline.variance:
            reason = baseline if isinstance(baseline, str) else "no customer has had it yet"
            return SmallestEffect(
                metric=metric.label,
                customers=self._disclosed_count(customers),
                baseline=None,
                absolute=None,
                relative=None,
                reason=reason if maturity.in_time else "no outcome is complete by the end",
            )
        allocation = self.record.allocation
        shares = [allocation.floor] * len(self.record.arms) if allocation.kind == "adaptive" else self.record.shares
        effect = smallest_effect(customers, shares, self.record.control or 0, baseline)
        return SmallestEffect(
            metric=metric.label,
            customers=customers,
            baseline=baseline.mean,
            absolute=effect,
            relative=effect / baseline.mean if baseline.mean > 0 else None,
            reason=None,
        )

    def _holdout_power(self) -> HoldoutPower | None:
        holdout, metric = self._global_holdout, self.record.outcome
        if holdout is None:
            return None
        baseline = self._baselines[metric.label]
        half_width = None
        if isinstance(baseline, Baseline) and metric.kind in ("order", "event"):
            half_width = relative_half_width(int(self._eligible.sum()), holdout.share, baseline.mean)
        return HoldoutPower(
            name=holdout.name, share=holdout.share, until=holdout.until, metric=metric.label,
            half_width=half_width if half_width is not None and np.isfinite(half_width) else None,
        )  # fmt: skip

    def _notes(self, maturity: Sequence[MaturityPlan]) -> list[str]:
        notes = [_late_note(plan, self.record.ends_on, self.time.day) for plan in maturity if not plan.in_time]
        if self.record.control is None:
            notes.append("No arm is the control, so that effects are differences from the first arm.")
        if self.record.allocation.kind == "adaptive":
            notes.append(FLOOR_NOTE)
        if self.record.eligible.filter is None and eligible_request(self.record.eligible).purpose != PROFILING:
            notes.append(UNPROFILED_NOTE)
        return notes


def _late_note(plan: MaturityPlan, ends_on: date, today: date) -> str:
    return (
        f"{plan.metric} does not mature in time: a decision of {today} counts on {plan.first_on}, and the experiment "
        f"ends on {ends_on}. Choose a later end, or a shorter window."
    )
