"""What can be learned from this log today, at which horizons, and what would cure the rest: asked before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from features.history import Cutoff, History, instants
from training.labels import outcomes
from training.model import Plan
from training.outcomes import Outcomes
from training.schedule import LONGEST_WARMUP, Schedule

SIMPLE = ("btyd", "cohort", "population")
FEWEST_CUSTOMERS = 500
FEWEST_OUTCOMES = 100


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
class Readiness:
    """What ``train`` will do with this log; it follows this report to the letter."""

    plan: Plan
    laid: Schedule
    answers: tuple[Answerable, ...]

    @property
    def tiers(self) -> tuple[str, ...]:
        """The rungs to fit, highest first."""
        trees = ("ml",) if any(answer.trainable for answer in self.answers) else ()
        return (*trees, *SIMPLE)

    def tiers_for(self, model: str) -> tuple[str, ...]:
        """The rungs to try for a question, highest first."""
        mine = [answer for answer in self.answers if answer.model == model]
        return max((answer.tiers for answer in mine), key=len, default=())


def readiness(history: History, laid: Schedule, cutoffs: Sequence[Cutoff], churn_days: int, asked: Sequence[int]) -> Readiness:
    """Count what there is to learn from, question by question and horizon by horizon.

    Args:
        history: the canonical log.
        laid: cutoffs and origins.
        cutoffs: the schedule's cutoffs as instants, ascending; the last is now.
        churn_days: horizon of churn.
        asked: ltv_days and churn_days.
    """
    plan = Plan(churn_days, tuple(asked), _testable(laid, asked), history.has_amounts)
    now = cutoffs[-1]
    newest = _newest(laid, cutoffs, plan)
    rows = known_buyers(history, newest)
    seen = outcomes(rows, newest, history, now, plan.observed)
    answers = [_churn(seen, laid, plan), _next_purchase(seen, laid, plan)]
    answers += [_ltv(seen, laid, plan, days) for days in sorted(asked)]
    return Readiness(plan, laid, tuple(answers))


def known_buyers(history: History, cutoffs: Sequence[Cutoff]) -> pd.DataFrame:
    """customer_id and position of everybody who had ordered by each cutoff."""
    lines, when = history.lines, instants(cutoffs)
    joined = lines.join(when, lines.known_at < when.cutoff)
    amount = {"amount": joined.amount.sum()} if history.has_amounts else {}
    orders = joined.group_by("position", "customer_id", "order_id").aggregate(lines=joined.count(), **amount)
    orders = orders.filter(orders.amount > 0) if history.has_amounts else orders
    return orders.select("customer_id", "position").distinct().order_by("position", "customer_id").to_pandas()


def _testable(laid: Schedule, asked: Sequence[int]) -> tuple[int, ...]:
    if laid.tested is None:
        return laid.learned(laid.as_of, (min(asked),))
    return tuple(days for days in asked if days <= laid.tested)


def _newest(laid: Schedule, cutoffs: Sequence[Cutoff], plan: Plan) -> list[Cutoff]:
    trained = laid.trainings(laid.as_of, plan.learned[-1]) or laid.cutoffs[:1]
    return [cutoff for cutoff in cutoffs if cutoff.day == trained[-1]]


def _churn(seen: Outcomes, laid: Schedule, plan: Plan) -> Answerable:
    label = seen.ordered_within(plan.churn_days)
    return _answer("churn", plan.churn_days, int((label == 0).sum()), int((label == 1).sum()), laid, plan)


def _next_purchase(seen: Outcomes, laid: Schedule, plan: Plan) -> Answerable:
    days = plan.learned[-1]
    label = seen.ordered_within(days)
    return _answer("next_purchase", days, int((label == 1).sum()), int((label == 0).sum()), laid, plan, both=False)


def _ltv(seen: Outcomes, laid: Schedule, plan: Plan, days: int) -> Answerable:
    base = plan.base(days)
    if not plan.has_amounts:
        count = len(seen.wait_days)
        return Answerable(
            "ltv", days, False, (), count, 0, 0,
            "the log has no amounts", "name the amount column in [orders]; expected orders are given all the same",
        )  # fmt: skip
    spend = seen.spend_within(base)
    return _answer("ltv", days, int((spend > 0).sum()), int((spend == 0).sum()), laid, plan, both=False)


def _answer(
    model: str, days: int, positives: int, negatives: int, laid: Schedule, plan: Plan, both: bool = True
) -> Answerable:
    customers = positives + negatives
    missing, cure = _missing(days, customers, positives, negatives, laid, plan, both)
    enough = _enough(customers, positives, negatives, laid, both)
    tiers = (*(("ml",) if enough else ()), *SIMPLE)
    return Answerable(model, days, enough and not missing, tiers, customers, positives, negatives, missing, cure)


def _enough(customers: int, positives: int, negatives: int, laid: Schedule, both: bool) -> bool:
    rarer = min(positives, negatives) if both else positives
    return bool(laid.origins) and customers >= FEWEST_CUSTOMERS and rarer >= FEWEST_OUTCOMES


def _missing(
    days: int, customers: int, positives: int, negatives: int, laid: Schedule, plan: Plan, both: bool
) -> tuple[str, str]:
    if laid.tested is None or days > laid.tested:
        need = 2 * days + min(LONGEST_WARMUP, max(laid.span // 4, 1))
        until = laid.as_of + timedelta(days=need - laid.span)
        base = plan.base(days)
        return (
            f"{need} days of log are needed to test {days} days ahead, there are {laid.span}",
            f"trainable on {until:%Y-%m-%d}; until then answered from {base} days" if base != days
            else f"trainable on {until:%Y-%m-%d}; until then answered from simpler rungs",
        )  # fmt: skip
    if customers < FEWEST_CUSTOMERS:
        return f"{FEWEST_CUSTOMERS} customers are needed, there are {customers}", "answered from simpler rungs until then"
    rarer = min(positives, negatives) if both else positives
    if rarer < FEWEST_OUTCOMES:
        which = "who came" if not both or positives > negatives else "who stayed away"
        return (
            f"{FEWEST_OUTCOMES} customers {which} within {days} days are needed, there are {rarer}",
            "choose a horizon at which both happen often enough; answered from simpler rungs until then",
        )
    return "", ""
