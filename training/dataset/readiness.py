"""Readiness: a report before training on which horizons the log can train, and the remedy for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.arrays import Booleans
from features.history import Cutoff, History, cutoff_table
from features.orders import ORDER_KEYS, amount_sums, filter_placed
from training.dataset.first_year_notes import first_year_notes
from training.dataset.labels import outcomes
from training.dataset.outcomes import Outcomes
from training.dataset.plan import HorizonPlan
from training.dataset.schedule import Schedule
from training.dataset.shortage import NO_AMOUNTS, Shortage, few_customers, few_outcomes, short_log
from training.inference.forecast import AVERAGE, BTYD, POPULATION

COMPARED_TIERS = (BTYD, POPULATION)  # the simple tiers that are tested beside the average
MIN_CUSTOMERS = 30
MIN_OUTCOMES = 10
NO_CATEGORIES_NOTE = (
    "next_purchase per category: the log has no categories; name the category column in [orders], until then "
    "by_category is null."
)


@dataclass(frozen=True)
class HorizonReadiness:
    """Readiness of one model at one horizon."""

    model: str
    horizon_days: int
    trainable: bool  # by the average, tested out of time
    tier: str  # the tier that answers; empty where the model cannot be answered
    customers: int  # customers with an order, at the newest cutoff whose window is over
    positives: int  # customers among them with the predicted event
    negatives: int
    missing: str  # empty where nothing is missing
    remedy: str
    shortage: Shortage | None  # the same in numbers


@dataclass(frozen=True)
class _OutcomeCounts:
    """Customers with and without the predicted event; the limit applies to ``smaller_class``."""

    positives: int
    negatives: int
    smaller_class: int
    smaller_class_meaning: str

    @property
    def customers(self) -> int:
        return self.positives + self.negatives


@dataclass(frozen=True)
class Readiness:
    """The training plan for this log; ``train`` follows it exactly."""

    plan: HorizonPlan  # of the release
    tested_plan: HorizonPlan  # of the back-test: each horizon fits once before an origin and once after it
    schedule: Schedule
    answers: tuple[HorizonReadiness, ...]
    notes: tuple[str, ...] = ()  # missing parts of an answer, with the remedy

    @property
    def tier(self) -> str:
        """The tier that answers: one for all questions, so that no answer contradicts another."""
        tiers = [answer.tier for answer in self.answers if answer.tier]
        return max(tiers, key=(AVERAGE, BTYD, POPULATION).index)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers to test, the one that answers first."""
        return (self.tier, *(tier for tier in COMPARED_TIERS if tier != self.tier))


def readiness(
    history: History, schedule: Schedule, cutoffs: Sequence[Cutoff], churn_days: int, horizons: Sequence[int]
) -> Readiness:
    """Count the outcomes available for training, per model and horizon.

    Args:
        history: the canonical log.
        schedule: cutoffs and origins.
        cutoffs: the schedule's cutoffs as instants, ascending; the last is the present.
        churn_days: the churn horizon in days.
        horizons: ``ltv_days`` and ``churn_days`` of the configuration, in days.
    """
    newest = _newest_outcomes(history, schedule, cutoffs, schedule.trainable_horizons(schedule.as_of, horizons))
    learned = _learnable_horizons(newest)
    plan = HorizonPlan(churn_days, tuple(sorted({*horizons, *learned})), learned, history.has_amounts, schedule.step)
    tested = _testable_horizons(schedule, horizons, learned)
    tested_plan = replace(plan, horizons=tuple(sorted({*horizons, *tested})), learned=tested)
    answers = [_churn_readiness(newest, schedule, plan), _next_purchase_readiness(newest, schedule, plan)]
    answers += [_ltv_readiness(newest, schedule, plan, days) for days in sorted(horizons)]
    notes = first_year_notes(schedule.first, schedule.as_of, plan.horizons)
    notes += () if history.has_categories else (NO_CATEGORIES_NOTE,)
    return Readiness(plan, tested_plan, schedule, tuple(answers), notes)


def known_buyers(history: History, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
    """One row per cutoff and customer with an order before it: customer_id and the cutoff's position."""
    lines, cutoff_rows = history.lines, cutoff_table(cutoffs)
    known_lines = lines.join(cutoff_rows, lines.known_at < cutoff_rows.cutoff)
    orders = known_lines.group_by("position", *ORDER_KEYS).aggregate(
        lines=known_lines.count(), **amount_sums(known_lines)
    )
    buyers = filter_placed(orders).select("customer_id", "position").distinct().order_by("position", "customer_id")
    result: pd.DataFrame = buyers.to_pandas()
    return result


def _testable_horizons(schedule: Schedule, horizons: Sequence[int], learned: Sequence[int]) -> tuple[int, ...]:
    """The horizons to test: those that fit before and after an origin, and that the release learns."""
    if schedule.tested_horizon is None:
        return schedule.trainable_horizons(schedule.as_of, (min(horizons),))
    fits = tuple(days for days in horizons if days <= schedule.tested_horizon) or (schedule.tested_horizon,)
    return tuple(days for days in fits if days <= learned[-1]) or (learned[-1],)


def _newest_outcomes(
    history: History, schedule: Schedule, cutoffs: Sequence[Cutoff], horizons: Sequence[int]
) -> dict[int, Outcomes]:
    """Outcomes within each horizon, ascending, of the customers at the newest cutoff whose window is over."""
    by_day = {cutoff.day: cutoff for cutoff in cutoffs}
    newest = [
        by_day[(schedule.training_cutoffs(schedule.as_of, days) or schedule.cutoffs[:1])[-1]] for days in horizons
    ]
    ascending = sorted(set(newest), key=cutoffs.index)
    rows = known_buyers(history, ascending)
    every = outcomes(rows, ascending, history, cutoffs[-1], tuple(horizons))
    position = rows["position"].to_numpy()
    return {
        days: every.select(position == ascending.index(cutoff))
        for days, cutoff in sorted(zip(horizons, newest, strict=True), key=lambda pair: pair[0])
    }


def _learnable_horizons(newest: Mapping[int, Outcomes]) -> tuple[int, ...]:
    """The horizons up to the first one whose newest finished window has too few customers or orders; never none.

    A young shop had few customers when the window of a long horizon began. Such a horizon is extrapolated, so that the
    average can answer the shorter ones.
    """
    enough = [
        len(observed.wait_days) >= MIN_CUSTOMERS and np.nansum(observed.ordered_within(days)) >= MIN_OUTCOMES
        for days, observed in newest.items()
    ]
    return tuple(newest)[: max(1, (*enough, False).index(False))]


def _churn_readiness(newest: Mapping[int, Outcomes], schedule: Schedule, plan: HorizonPlan) -> HorizonReadiness:
    days = plan.evaluated_churn_days
    ordered = newest[plan.base_horizon(days)].ordered_within(days)
    stayed, returned = int((ordered == 0).sum()), int((ordered == 1).sum())
    deciding = "who stayed away" if stayed < returned else "who came"
    counts = _OutcomeCounts(stayed, returned, min(stayed, returned), deciding)
    return _horizon_readiness("churn", plan.churn_days, counts, schedule, plan)


def _next_purchase_readiness(newest: Mapping[int, Outcomes], schedule: Schedule, plan: HorizonPlan) -> HorizonReadiness:
    days = plan.learned[-1]
    ordered = newest[days].ordered_within(days)
    return _horizon_readiness("next_purchase", days, _outcome_counts(ordered > 0, ordered == 0), schedule, plan)


def _ltv_readiness(
    newest: Mapping[int, Outcomes], schedule: Schedule, plan: HorizonPlan, days: int
) -> HorizonReadiness:
    base = plan.base_horizon(days)
    if not plan.has_amounts:
        return HorizonReadiness(
            model="ltv",
            horizon_days=days,
            trainable=False,
            tier="",
            customers=len(newest[base].wait_days),
            positives=0,
            negatives=0,
            missing=NO_AMOUNTS.missing,
            remedy=NO_AMOUNTS.remedy,
            shortage=NO_AMOUNTS,
        )
    spend = newest[base].spend_within(base)
    return _horizon_readiness("ltv", days, _outcome_counts(spend > 0, spend == 0), schedule, plan)


def _outcome_counts(positive: Booleans, negative: Booleans) -> _OutcomeCounts:
    return _OutcomeCounts(int(positive.sum()), int(negative.sum()), int(positive.sum()), "who came")


def _horizon_readiness(
    model: str, days: int, counts: _OutcomeCounts, schedule: Schedule, plan: HorizonPlan
) -> HorizonReadiness:
    shortage = _shortage(days, counts, schedule, plan)
    return HorizonReadiness(
        model=model,
        horizon_days=days,
        trainable=shortage is None,
        tier=_answering_tier(counts),
        customers=counts.customers,
        positives=counts.positives,
        negatives=counts.negatives,
        missing=shortage.missing if shortage else "",
        remedy=shortage.remedy if shortage else "",
        shortage=shortage,
    )


def _answering_tier(counts: _OutcomeCounts) -> str:
    if counts.customers < MIN_CUSTOMERS:
        return POPULATION
    return AVERAGE if counts.smaller_class >= MIN_OUTCOMES else BTYD


def _shortage(days: int, counts: _OutcomeCounts, schedule: Schedule, plan: HorizonPlan) -> Shortage | None:
    if schedule.tested_horizon is None or days > schedule.tested_horizon:
        return short_log(days, schedule, plan)
    if counts.customers < MIN_CUSTOMERS:
        return few_customers(MIN_CUSTOMERS, counts.customers)
    if counts.smaller_class < MIN_OUTCOMES:
        return few_outcomes(MIN_OUTCOMES, counts.smaller_class, counts.smaller_class_meaning, days)
    return None
