"""Judging of one simulated log: ranking, proper losses, calibration and totals, beside the anchors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.accuracy.anchors import Anchors
from benchmarks.accuracy.baselines import BaselineForecast
from benchmarks.accuracy.coherence_checks import incoherences
from benchmarks.accuracy.paired_comparison import Case, ComparisonRow, Measure, compare_to_baselines
from benchmarks.accuracy.proper_losses import log_loss, poisson_deviance, tweedie_deviance
from benchmarks.accuracy.visits import Visits, WindowOutcomes
from benchmarks.simulation.situation import FIRST_DAY, Situation
from features.arrays import Floats, Integers
from training import metrics

FIT_CUSTOMERS = 2_000  # for a model of four parameters; lifetimes is slow
SIMPLE_RANKINGS = ("recency", "frequency", "Pareto/NBD of lifetimes")
AUC = Measure("AUC", metrics.auc, higher_is_better=True)
GINI = Measure("Gini", metrics.normalised_gini, higher_is_better=True)
PROBABILITY = (Measure("Brier", metrics.brier), Measure("log loss", log_loss))
ORDERS = (Measure("Poisson deviance", poisson_deviance),)
SPEND = (Measure("Tweedie deviance", tweedie_deviance),)


@dataclass(frozen=True)
class Comparison:
    """One measure of ours beside one anchor's, and the 95 % interval of how much better ours is."""

    measure: str
    baseline: str
    value: float
    baseline_value: float
    low: float
    high: float
    verdict: str

    @classmethod
    def from_row(cls, row: ComparisonRow) -> Comparison:
        """Take the figures of a row, without its customers."""
        return cls(row.measure, row.baseline, row.value, row.baseline_value, row.low, row.high, row.verdict)


@dataclass(frozen=True)
class Judgement:
    """The figures of one log, and its comparisons."""

    customers: int
    figures: Mapping[str, float]
    comparisons: Sequence[Comparison]
    contradictions: Sequence[str]


@dataclass(frozen=True)
class _JudgedCustomers:
    """Ours, the outcomes and the anchors of the same n customers."""

    situation: Situation
    scores: pd.DataFrame
    actual: WindowOutcomes
    simple: Mapping[str, Floats]
    past_spend: Floats | None
    anchors: Sequence[BaselineForecast]

    def ours(self, column: str) -> Floats:
        """Return a column of the scores table, (n,)."""
        return self.scores[column].to_numpy(dtype=float, na_value=np.nan)

    @property
    def probability(self) -> Floats:
        """Our P(order within the horizon), (n,)."""
        return 1 - self.ours("churn_probability")

    def anchor_values(self, quantity: str) -> dict[str, Floats | None]:
        """Return one quantity of every anchor."""
        return {anchor.name: getattr(anchor, quantity) for anchor in self.anchors}


def judge_log(situation: Situation, lines: pd.DataFrame, scores: pd.DataFrame) -> Judgement:
    """Compare a scores table with the days that came after it was made."""
    visits = Visits.from_lines(lines.assign(day=(lines["ordered_at"] - np.datetime64(FIRST_DAY)).dt.days))
    known = visits.known_customers(situation.cut_day)
    answered = scores.set_index("customer_id").reindex(np.array(visits.customers)[known])
    missing = answered["churn_probability"].isna().to_numpy()
    judged = _judged_customers(situation, visits, known[~missing], answered[~missing].reset_index(drop=True))
    comparisons = [Comparison.from_row(row) for row in _compare(judged)]
    contradictions = list(incoherences(judged.scores, [situation.horizon], has_amounts=visits.amount is not None))
    figures = {
        **dict(_probability_figures(judged)),
        **dict(_totals(judged)),
        **{comparison.measure: comparison.value for comparison in comparisons},
        "AUC surely below": _sure_gap(comparisons),
        "contradictions": float(len(contradictions)),
        "customers without an answer": float(missing.sum()),
    }
    return Judgement(int((~missing).sum()), figures, comparisons, contradictions)


def _judged_customers(
    situation: Situation, visits: Visits, positions: Integers, scores: pd.DataFrame
) -> _JudgedCustomers:
    cut, days = situation.cut_day, situation.horizon
    histories, outcomes = visits.histories(cut, positions), visits.outcomes(cut, days)
    past = visits.before(cut)
    return _JudgedCustomers(
        situation,
        scores,
        WindowOutcomes(
            ordered=outcomes.ordered[positions],
            orders=outcomes.orders[positions],
            spend=None if outcomes.spend is None else outcomes.spend[positions],
        ),
        {"recency": past.with_orders().last_days()[positions], "frequency": histories.repeats + 1},
        None if past.amount is None else past.per_customer(past.amount)[positions],
        Anchors.fit(visits, cut, positions, histories, FIT_CUSTOMERS).forecasts(days),
    )


def _compare(judged: _JudgedCustomers) -> Iterator[ComparisonRow]:
    days, actual = judged.situation.horizon, judged.actual
    stays_away = judged.anchor_values("stays_away")
    ordered = {name: None if values is None else 1 - values for name, values in stays_away.items()}
    case = _case(judged, "ordered", judged.probability, actual.ordered, {**judged.simple, **ordered})
    if actual.ordered.min() == actual.ordered.max():
        return  # all came, or none did: only totals can be judged
    yield from compare_to_baselines(case, [AUC])
    yield from compare_to_baselines(_case(judged, "ordered", judged.probability, actual.ordered, ordered), PROBABILITY)
    orders = judged.ours(f"expected_orders_{days}d")
    yield from compare_to_baselines(
        _case(judged, "orders", orders, actual.orders, judged.anchor_values("orders")), ORDERS
    )
    if actual.spend is None or judged.past_spend is None:
        return
    spend, anchors = judged.ours(f"ltv_{days}d_mean"), judged.anchor_values("spend")
    yield from compare_to_baselines(_case(judged, "spend", spend, actual.spend, anchors), SPEND)
    ranks = {"past spend": judged.past_spend, **anchors}
    yield from compare_to_baselines(_case(judged, "spend", spend, actual.spend, ranks), [GINI])


def _case(
    judged: _JudgedCustomers,
    question: str,
    predictions: Floats,
    actual: Floats,
    baselines: Mapping[str, Floats | None],
) -> Case:
    return Case(
        log=judged.situation.name, protocol="S", origin=str(judged.situation.as_of), question=question, tier="",
        predictions=predictions, by_tier={}, actual=actual, baselines=baselines,
    )  # fmt: skip


def _probability_figures(judged: _JudgedCustomers) -> Iterator[tuple[str, float]]:
    probability = judged.probability
    yield "ECE", metrics.ece(probability, judged.actual.ordered)
    questions = [judged.ours(f"purchase_probability_{days}d") for days in (7, 14, 30, 60, 90)]
    is_constant = [bool(np.ptp(values) < 1e-12) for values in (probability, *questions)]
    yield "questions alike for all", float(sum(is_constant) if not all(is_constant) else 0)
    if not any(np.ptp(values) < 1e-12 for values in (probability, questions[2])):
        soon, later = (pd.Series(values).rank().to_numpy() for values in (questions[2], probability))
        yield "rank agreement", float(np.corrcoef(soon, later)[0, 1])


def _totals(judged: _JudgedCustomers) -> Iterator[tuple[str, float]]:
    days = judged.situation.horizon
    totals = [("buyers", judged.probability, judged.actual.ordered)]
    totals.append(("orders", judged.ours(f"expected_orders_{days}d"), judged.actual.orders))
    if judged.actual.spend is not None:
        totals.append(("revenue", judged.ours(f"ltv_{days}d_mean"), judged.actual.spend))
    for name, predicted, actual in totals:
        yield f"predicted {name}", float(predicted.sum())
        yield f"actual {name}", float(actual.sum())
        if actual.sum() > 0:
            yield name, float(predicted.sum() / actual.sum())


def _sure_gap(comparisons: Sequence[Comparison]) -> float:
    """Return by how much our AUC is below the best simple ranking that is surely better; 0 without one."""
    gaps = [
        comparison.baseline_value - comparison.value
        for comparison in comparisons
        if comparison.measure == AUC.name and comparison.verdict == "loss" and comparison.baseline in SIMPLE_RANKINGS
    ]
    return max(gaps, default=0.0)
