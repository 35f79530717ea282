"""Curve fitting: direct regressions at the days of the curve, and hazard trees over person-period rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Outcomes
from training.dataset.person_periods import person_periods
from training.dataset.plan import HorizonPlan
from training.fitting.average.btyd_answers import BtydAnswers
from training.fitting.average.cutoff_weights import SeasonWeights, cutoff_weights
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.average.curve import AveragedCurve, btyd_hazards
from training.inference.log_odds import logit
from training.inference.survival import PERIOD_INPUTS, period_inputs
from training.inference.tiers.lightgbm_runtime import Booster
from training.member import Target
from training.model import BoostingParams

CURVE_DAYS = 5
MAX_PERIOD_ROWS = 120_000
HAZARD_PARAMS: BoostingParams = {
    "objective": "binary",
    "num_iterations": 120,
    "learning_rate": 0.08,
    "num_leaves": 6,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
}


@dataclass(frozen=True)
class FittedCurve:
    """Fitted curve, with the text of its trees."""

    curve: AveragedCurve
    hazard_text: str


def curve_days(outcomes: Outcomes, plan: HorizonPlan) -> Floats:
    """Days of the curve, ascending from 0: about equally many orders between them, and every learned horizon."""
    last = float(plan.learned[-1])
    waits = outcomes.wait_days[outcomes.wait_days < np.minimum(outcomes.follow_days, last)]
    inner = np.ceil(np.quantile(waits, np.linspace(0, 1, CURVE_DAYS + 1)[1:-1])) if len(waits) else np.array([])
    learned = np.array([*plan.learned, plan.evaluated_churn_days], dtype=float)
    inner = inner[[bool(np.abs(learned - day).min() > 0.05 * last) for day in inner]] if len(inner) else inner
    days: Floats = np.unique(np.concatenate([[0.0], inner, learned]))
    return days


def fit_curve(answers: BtydAnswers, days: Floats, limit: int, season: SeasonWeights) -> FittedCurve:
    """Fit one regression at each day after the first, and the hazard trees on the periods between the days."""
    outcomes, cutoff = answers.rows.outcomes, answers.rows.cutoff
    direct = []
    for day in days[1:]:
        weight = cutoff_weights(cutoff, limit, float(day), season)
        mask = weight > 0
        columns = answers.question(float(day), mask).small_columns.values
        direct.append(
            fit_ridge_regression(Target.ORDER, columns, outcomes.ordered_within(float(day))[mask], weight[mask])
        )
    text = _fit_hazard_trees(answers, days, limit, season)
    curve = AveragedCurve(days, tuple(direct), Booster(text), np.zeros(len(days) - 1))
    newest = cutoff == cutoff.max()
    center = curve.log_odds([answers.question(float(day), newest) for day in days[1:]]).mean(axis=0)
    return FittedCurve(replace(curve, center=center), text)


def _fit_hazard_trees(answers: BtydAnswers, days: Floats, limit: int, season: SeasonWeights) -> str:
    rows = answers.rows
    row, period, event = person_periods(rows.outcomes, days)
    weight = _period_weights(rows.cutoff, row, period, days, limit, season)
    used = np.flatnonzero(weight > 0)
    if len(used) > MAX_PERIOD_ROWS:
        used = np.sort(np.random.default_rng(0).choice(used, MAX_PERIOD_ROWS, replace=False))
    row, period, event = row[used], period[used], event[used]
    positions = np.searchsorted(answers.days, days[1:])
    btyd = logit(btyd_hazards(answers.within[:, positions]))[row, period]
    inputs = np.column_stack([period_inputs(rows.inputs[row], rows.names, days, period), btyd])
    names = (*rows.names, *PERIOD_INPUTS, "btyd_hazard")
    return fit_gradient_boosting(inputs, event, HAZARD_PARAMS, names, weight=weight[used])


def _period_weights(
    cutoff: Integers, row: Integers, period: Integers, days: Floats, limit: int, season: SeasonWeights
) -> Floats:
    """Weight of each person-period row, (m,): that of its cutoff for a horizon that ends with the period."""
    weight = np.zeros(len(row))
    for position, day in enumerate(days[1:]):
        in_period = period == position
        weight[in_period] = cutoff_weights(cutoff, limit, float(day), season)[row[in_period]]
    return weight
