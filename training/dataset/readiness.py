"""What can be learned from this log today, at which horizons, and what would cure the rest: asked before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from features.arrays import Booleans
from features.history import Cutoff, History, instants
from training.dataset.labels import outcomes
from training.dataset.outcomes import Outcomes
from training.dataset.schedule import Schedule, days_needed
from training.model import Plan

SIMPLE = ("btyd", "cohort", "population")
FEWEST_CUSTOMERS = 500
FEWEST_OUTCOMES = 100
NO_CATEGORIES = (
    "next_purchase per category: the log has no categories; name the category column in [orders], until then "
    "by_category is null."
)


@dataclass(frozen=True)
class Answerable:
    """One question at one horizon."""

    model: str
    horizon_days: int
    trainable: bool  # by boosted trees, tested out of time
    tiers: tuple[str, ...]  # rungs that will be tried, highest first; empty where the question is refused
    customers: int  # customers who had ordered, at the newest cutoff whose window is over
    positives: int  # of whom this many did what the model predicts
    negatives: int
    missing: str  # empty where nothing is
    cure: str


@dataclass(frozen=True)
class _Count:
    """Customers who did, and who did not do, what a model predicts; of those who decide there are ``fewest``."""

    positives: int
    negatives: int
    fewest: int
    deciding: str

    @property
    def customers(self) -> int:
        return self.positives + self.negatives


@dataclass(frozen=True)
class Readiness:
    """What ``train`` will do with this log; it follows this report to the letter."""

    plan: Plan
    laid: Schedule
    answers: tuple[Answerable, ...]
    notes: tuple[str, ...] = ()  # what the log lacks for parts of an answer, and the cure

    @property
    def tiers(self) -> tuple[str, ...]:
        """The rungs to fit, highest first."""
        trees = ("ml",) if any("ml" in answer.tiers for answer in self.answers) else ()
        return (*trees, *SIMPLE)

    def tiers_for(self, model: str) -> tuple[str, ...]:
        """The rungs to try for a question, highest first."""
        mine = [answer for answer in self.answers if answer.model == model]
        return max((answer.tiers for answer in mine), key=len, default=())


def readiness(
    history: History, laid: Schedule, cutoffs: Sequence[Cutoff], churn_days: int, asked: Sequence[int]
) -> Readiness:
    """Count what there is to learn from, question by question and horizon by horizon.

    Args:
        history: the canonical log.
        laid: cutoffs and origins.
        cutoffs: the schedule's cutoffs as instants, ascending; the last is now.
        churn_days: horizon of churn.
        asked: ltv_days and churn_days.
    """
    learned = _testable(laid, asked)
    plan = Plan(churn_days, tuple(sorted({*asked, *learned})), learned, history.has_amounts)
    now = cutoffs[-1]
    newest = _newest(laid, cutoffs, plan)
    rows = known_buyers(history, newest)
    seen = outcomes(rows, newest, history, now, plan.observed)
    answers = [_churn(seen, laid, plan), _next_purchase(seen, laid, plan)]
    answers += [_ltv(seen, laid, plan, days) for days in sorted(asked)]
    return Readiness(plan, laid, tuple(answers), () if history.has_categories else (NO_CATEGORIES,))


def known_buyers(history: History, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
    """customer_id and position of everybody who had ordered by each cutoff."""
    lines, when = history.lines, instants(cutoffs)
    joined = lines.join(when, lines.known_at < when.cutoff)
    amount = {"amount": joined.amount.sum()} if history.has_amounts else {}
    orders = joined.group_by("position", "customer_id", "order_id").aggregate(lines=joined.count(), **amount)
    orders = orders.filter(orders.amount > 0) if history.has_amounts else orders
    buyers = orders.select("customer_id", "position").distinct().order_by("position", "customer_id")
    found: pd.DataFrame = buyers.to_pandas()
    return found


def _testable(laid: Schedule, asked: Sequence[int]) -> tuple[int, ...]:
    if laid.tested is None:
        return laid.learned(laid.as_of, (min(asked),))
    return tuple(days for days in asked if days <= laid.tested) or (laid.tested,)


def _newest(laid: Schedule, cutoffs: Sequence[Cutoff], plan: Plan) -> list[Cutoff]:
    trained = laid.trainings(laid.as_of, plan.learned[-1]) or laid.cutoffs[:1]
    return [cutoff for cutoff in cutoffs if cutoff.day == trained[-1]]


def _churn(seen: Outcomes, laid: Schedule, plan: Plan) -> Answerable:
    came = seen.ordered_within(plan.judged_churn_days)
    stayed, returned = int((came == 0).sum()), int((came == 1).sum())
    deciding = "who stayed away" if stayed < returned else "who came"
    found = _Count(stayed, returned, min(stayed, returned), deciding)
    return _answer("churn", plan.churn_days, found, laid, plan)


def _next_purchase(seen: Outcomes, laid: Schedule, plan: Plan) -> Answerable:
    days = plan.learned[-1]
    came = seen.ordered_within(days)
    return _answer("next_purchase", days, _of_those_who(came > 0, came == 0), laid, plan)


def _ltv(seen: Outcomes, laid: Schedule, plan: Plan, days: int) -> Answerable:
    if not plan.has_amounts:
        return Answerable(
            model="ltv",
            horizon_days=days,
            trainable=False,
            tiers=(),
            customers=len(seen.wait_days),
            positives=0,
            negatives=0,
            missing="the log has no amounts",
            cure="name the amount column in [orders]; expected orders are given all the same",
        )
    spend = seen.spend_within(plan.base(days))
    return _answer("ltv", days, _of_those_who(spend > 0, spend == 0), laid, plan)


def _of_those_who(did: Booleans, did_not: Booleans) -> _Count:
    return _Count(int(did.sum()), int(did_not.sum()), int(did.sum()), "who came")


def _answer(model: str, days: int, found: _Count, laid: Schedule, plan: Plan) -> Answerable:
    missing, cure = _missing(days, found, laid, plan)
    enough = bool(laid.origins) and found.customers >= FEWEST_CUSTOMERS and found.fewest >= FEWEST_OUTCOMES
    return Answerable(
        model=model,
        horizon_days=days,
        trainable=enough and not missing,
        tiers=(*(("ml",) if enough else ()), *SIMPLE),
        customers=found.customers,
        positives=found.positives,
        negatives=found.negatives,
        missing=missing,
        cure=cure,
    )


def _missing(days: int, found: _Count, laid: Schedule, plan: Plan) -> tuple[str, str]:
    if laid.tested is None or days > laid.tested:
        need, base = days_needed(days), plan.base(days)
        until = laid.as_of + timedelta(days=need - laid.span)
        rung = f"{base} days" if base != days else "simpler rungs"
        return (
            f"{need} days of log are needed to test {days} days ahead, there are {laid.span}",
            f"trainable on {until:%Y-%m-%d}; until then answered from {rung}",
        )
    if found.customers < FEWEST_CUSTOMERS:
        missing = f"{FEWEST_CUSTOMERS} customers are needed, there are {found.customers}"
        return missing, "answered from simpler rungs until then"
    if found.fewest < FEWEST_OUTCOMES:
        return (
            f"{FEWEST_OUTCOMES} customers {found.deciding} within {days} days are needed, there are {found.fewest}",
            "choose a horizon at which both happen often enough; answered from simpler rungs until then",
        )
    return "", ""
