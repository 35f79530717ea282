"""Quality gate: what the newest test origin refutes, which models rank nobody, and whether the champion was better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Floats
from training import metrics
from training.evaluation.backtest import Backtest
from training.inference.forecast import TIERS
from training.inference.tiered_model import TieredModel
from training.model import Model
from training.models import MODELS
from training.totals import PredictedTotal

MAX_TOTAL_RATIO = 3.0  # by which a total may be off
MIN_TOTAL = 10.0  # below it chance alone moves a total threefold
CHANCE_AUC = 0.5
NORMAL_QUANTILE = 1.96  # of a 95 % interval


@dataclass(frozen=True)
class GateDecision:
    """Gate decision on one model: the tier that answers, and what the back-test says of it."""

    model: str
    tier: str
    reason: str
    refutations: tuple[str, ...] = ()  # sentences, empty where the newest origin refutes nothing
    ranks: bool = True  # False: at the test origins it ordered customers no better than chance
    blocking: tuple[str, ...] = ()  # the refutations of totals and of the ranking, with which nothing promotes itself


def evaluate_gate(tests: Sequence[Backtest], tier: str) -> dict[str, GateDecision]:
    """Judge a tier by its back-test: model name -> decision.

    Args:
        tests: back-tests with forecasts of the tier, newest first.
        tier: the tier that is to answer.
    """
    return {name: _evaluate_model(tests, model, tier) for name, model in MODELS.items()}


def stand_in_refutations(tests: Sequence[Backtest], stand_in: TieredModel) -> list[str]:
    """Sentences on the totals and rankings of a stand-in that the newest origin refutes, each after its model.

    The stand-in has the level of the window after that origin, so only its ranking, or a level that it could not take,
    can be refuted.

    Args:
        tests: back-tests, newest first.
        stand_in: the model that is to answer in place of the tested tier.
    """
    if not tests:
        return []
    newest, tier = tests[0], stand_in.tier_name
    forecast = stand_in.forecast(newest.rows.inputs, newest.rows.column("orders"))
    judged = replace(newest, forecasts={tier: forecast})
    return [
        f"{name}, on the level of the last window: {sentence}"
        for name, model in MODELS.items()
        for sentence in blocking_refutations(judged, model, tier)
    ]


def _evaluate_model(tests: Sequence[Backtest], model: Model, tier: str) -> GateDecision:
    if not tests:
        return GateDecision(model.name, tier, "no window after an origin is over yet, so nothing could be tested")
    blocking = blocking_refutations(tests[0], model, tier)
    refutations = (*blocking, *_calibration_refutations(tests[0], model, tier))
    ranks = _ranks_customers(tests, model, tier)
    if refutations:
        return GateDecision(model.name, tier, "; ".join(refutations), refutations, ranks, blocking)
    tested = f"tested at {len(tests)} origin{'s' if len(tests) > 1 else ''}, refuted by none"
    return GateDecision(
        model.name, tier, tested if ranks else f"{tested}; nobody is ranked: {_no_signal(model)}", (), ranks
    )


def _no_signal(model: Model) -> str:
    return f"the log holds no signal by which {model.name} could tell customers apart"


def blocking_refutations(test: Backtest, model: Model, tier: str) -> tuple[str, ...]:
    """Sentences on the totals and the ranking that the outcomes after an origin refute.

    Of each total, the longest horizon that is far off. No release with one of them promotes itself.

    Args:
        test: a back-test with a forecast of the tier.
        model: the question.
        tier: the tier that is to answer.
    """
    forecast, outcomes = test.forecasts[tier], test.rows.outcomes
    refuted_by_measure: dict[str, str] = {}
    for total in sorted(model.totals(outcomes, test.plan, forecast), key=lambda total: total.horizon_days):
        predicted, actual = float(total.mean.sum()), float(total.actual.sum())
        if _is_far_off(predicted, actual, MIN_TOTAL * _unit(total)):
            refuted_by_measure[total.measure] = (
                f"at {test.origin:%Y-%m-%d} it predicted {predicted:,.0f} {total.measure} within {total.horizon_days}"
                f" days, and {actual:,.0f} came"
            )
    found = list(refuted_by_measure.values())
    score, event = model.ranking(outcomes, test.plan, forecast)
    area, error = metrics.auc(score, event), chance_standard_error(event)
    if area + NORMAL_QUANTILE * error < CHANCE_AUC:
        found.append(f"at {test.origin:%Y-%m-%d} it ranked customers the wrong way round: AUC {area:.2f}")
    return tuple(found)


def _calibration_refutations(test: Backtest, model: Model, tier: str) -> list[str]:
    """A sentence on the probabilities, where they were off by more than is allowed, beyond chance."""
    if model.calibration is None:
        return []
    forecast, outcomes = test.forecasts[tier], test.rows.outcomes
    score, event = model.ranking(outcomes, test.plan, forecast)
    limit, off = model.calibration, model.metrics(outcomes, test.plan, forecast)[model.calibration.metric]
    chance = _chance_calibration_error(np.clip(score, 0.0, 1.0)) + NORMAL_QUANTILE * 0.5 / np.sqrt(len(event))
    if abs(off) <= limit.limit + chance:
        return []
    off_by = f"at {test.origin:%Y-%m-%d} its probabilities were off by {abs(off):.0%} on average"
    return [f"{off_by}: {limit.metric}, at most {limit.limit:.0%} is allowed"]


def _unit(total: PredictedTotal) -> float:
    """The size of one customer's outcome, by which a total is called small; as predicted where nobody came."""
    came = total.actual[total.actual > 0]
    if len(came):
        return float(np.median(came))
    expected = total.mean > 0
    return float(np.median(total.variance[expected] / total.mean[expected])) if expected.any() else 1.0


def _is_far_off(predicted: float, actual: float, least: float) -> bool:
    """Whether two totals differ more than threefold; totals below ``least`` are too small to tell."""
    low, high = min(predicted, actual), max(predicted, actual)
    return high >= least and high > MAX_TOTAL_RATIO * low


def _ranks_customers(tests: Sequence[Backtest], model: Model, tier: str) -> bool:
    """Whether the mean AUC is surely above chance, with the error of one origin: the origins share their customers."""
    areas, errors = [], []
    for test in tests:
        score, event = model.ranking(test.rows.outcomes, test.plan, test.forecasts[tier])
        area = metrics.auc(score, event)
        if not np.isnan(area):
            areas.append(area)
            errors.append(chance_standard_error(event))
    return bool(areas) and float(np.mean(areas)) - NORMAL_QUANTILE * float(np.mean(errors)) > CHANCE_AUC


def chance_standard_error(event: Floats) -> float:
    """Standard error of the AUC of a score without signal for an event, (n,); NaN without both outcomes.

    Mann & Whitney (1947). The error of the measured area itself is 0 where few events happen to lie first or last.
    """
    came, absent = float((event > 0.5).sum()), float((event <= 0.5).sum())
    return float(np.sqrt((came + absent + 1) / (12 * came * absent))) if came and absent else float("nan")


def _chance_calibration_error(probability: Floats) -> float:
    """The ECE that calibrated probabilities, (n,), have by chance in ten bins."""
    per_bin = max(len(probability) / 10, 1.0)
    return float(np.sqrt(2 / np.pi) * np.sqrt((probability * (1 - probability)).mean() / per_bin))


def lower_tiers(tiers: Mapping[str, str], champion: Mapping[str, str]) -> list[str]:
    """The models that a release would answer from a lower tier than the champion does."""
    return [
        name
        for name, tier in tiers.items()
        if name in champion and champion[name] in TIERS and TIERS.index(tier) > TIERS.index(champion[name])
    ]
