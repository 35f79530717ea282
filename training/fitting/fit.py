"""Fitting every rung on the same rows, calibrated on customers it has not seen."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Rows
from training.fitting.btyd_tier import fit_btyd_rung, scaled
from training.fitting.calibration import fit_calibration, fit_spend_ratios
from training.fitting.cohort_tiers import fit_cohorts, fit_population, fit_prospects
from training.fitting.gradient_boosting import boost
from training.fitting.seasonality import YearAgo, year_ago
from training.inference.btyd import GammaPoisson
from training.inference.calibration import IDENTITY, CalibrationMap
from training.inference.extrapolation import Extension
from training.inference.spend_distribution import SpendRatios
from training.inference.tiered_model import Ladder, Shape, churn_probability
from training.inference.tiers.base import Rung
from training.inference.tiers.btyd import BtydRung
from training.inference.tiers.cohort import CohortsRung
from training.inference.tiers.trees import TreesRung
from training.model import Artefact, Learners, Plan
from training.models import MODELS
from training.models.churn import churned

LEARNERS = Learners(boost, fit_btyd_rung)


@dataclass(frozen=True)
class Fitted:
    """One rung answering all three questions, with what it was loaded from."""

    tier: str
    ladder: Ladder
    artefacts: Mapping[str, Artefact]  # model name -> files; empty for the simple rungs
    year_ago: YearAgo | None = None


def buyers(rows: Rows) -> Booleans:
    """Rows of customers who had ordered by their cutoff."""
    return rows.column("orders") >= 1


def fit_rungs(rows: Rows, plan: Plan, tiers: tuple[str, ...]) -> dict[str, Fitted]:
    """Fit the asked tiers on the rows; no row's outcome reaches beyond the limit that the rows were made with."""
    bought = buyers(rows)
    old, new = rows.at(bought), rows.at(~bought)
    population = fit_population(old, plan)
    btyd = fit_btyd_rung(old, plan)
    shape = Shape(plan.judged_churn_days, plan.asked, plan.learned, *_growth(old, plan), None)
    empty = Ladder({}, {}, fit_prospects(new, population, plan), _extension(btyd), None, IDENTITY, shape, None)
    a_year_ago = year_ago(old, plan, btyd)
    found = {}
    for tier in tiers:
        if tier == "ml":
            one = _fit_trees(old, plan, empty, btyd)
        else:
            one = _fit_simple(tier, _simple(tier, old, plan, population, btyd), old, plan, empty)
        found[tier] = replace(one, ladder=in_season(one.ladder, a_year_ago), year_ago=a_year_ago)
    return found


def in_season(ladder: Ladder, a_year_ago: YearAgo | None) -> Ladder:
    """The ladder, with the season that the days ahead were in a year ago."""
    return ladder if a_year_ago is None else replace(ladder, season=a_year_ago.season(ladder))


def _extension(btyd: BtydRung) -> Extension | None:
    return None if isinstance(btyd.model, GammaPoisson) else Extension(btyd.names, btyd.model)


def _simple(tier: str, rows: Rows, plan: Plan, population: CohortsRung, btyd: BtydRung) -> Rung:
    if tier == "population" or not len(rows):
        return population
    return fit_cohorts(rows, plan) if tier == "cohort" else btyd


def _fit_simple(tier: str, rung: Rung, rows: Rows, plan: Plan, empty: Ladder) -> Fitted:
    ladder = _with(empty, tier, rung)
    if isinstance(rung, BtydRung):
        ladder = replace(ladder, calibration=_btyd_calibration(rows, plan, rung))
        ladder = replace(ladder, rungs={tier: scaled(rung, rows.newest(plan.learned[-1]))})
    if plan.has_amounts:
        ladder = _with_ratios(ladder, [_seen_ratios(rows, ladder, days) for days in plan.learned])
    return Fitted(tier, ladder, {})


def _with(empty: Ladder, tier: str, rung: Rung) -> Ladder:
    return replace(empty, tiers=dict.fromkeys(MODELS, tier), rungs={tier: rung})


def _with_ratios(ladder: Ladder, ratios: Sequence[SpendRatios]) -> Ladder:
    return replace(ladder, shape=replace(ladder.shape, ratios=tuple(ratios)), prospect_ratios=tuple(ratios))


def _btyd_calibration(rows: Rows, plan: Plan, rung: Rung) -> CalibrationMap:
    newest = rows.newest(plan.judged_churn_days)
    outcome = churned(newest.outcomes, plan.judged_churn_days)
    return fit_calibration(churn_probability(rung, newest.inputs, plan.judged_churn_days), outcome)


def _fit_trees(rows: Rows, plan: Plan, empty: Ladder, btyd: BtydRung) -> Fitted:
    of_all = replace(LEARNERS, btyd=lambda *_: btyd)
    parts = [(rows.at(rows.fold != 0), LEARNERS), (rows.at(rows.fold != 1), LEARNERS), (rows, of_all)]
    *halves, artefacts = _heads(parts, plan)
    unseen = rows.newest(plan.judged_churn_days)
    churn = _each_fold(unseen, [TreesRung(half["churn"], rows.names, ()).churn for half in halves])
    calibration = fit_calibration(churn, churned(unseen.outcomes, plan.judged_churn_days))
    ladder, *folds = (
        replace(_with(empty, "ml", _trees(files, rows, plan)), calibration=calibration)
        for files in (artefacts, *halves)
    )
    if plan.has_amounts:
        ladder = _with_ratios(ladder, [_unseen_ratios(rows, folds, days) for days in plan.learned])
    return Fitted("ml", ladder, artefacts)


def _trees(artefacts: Mapping[str, Artefact], rows: Rows, plan: Plan) -> TreesRung:
    files = {name: text for artefact in artefacts.values() for name, text in artefact.items()}
    return TreesRung(files, rows.names, plan.learned)


def _heads(parts: Sequence[tuple[Rows, Learners]], plan: Plan) -> list[dict[str, Artefact]]:
    """Every model fitted on every part of the rows, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = [
            {name: pool.submit(model.fit, rows, plan, learners) for name, model in MODELS.items()}
            for rows, learners in parts
        ]
        return [{name: one.result() for name, one in fits.items()} for fits in begun]


def _unseen_ratios(rows: Rows, folds: Sequence[Ladder], days: int) -> SpendRatios:
    unseen = rows.newest(days)
    within, mean = np.empty(len(unseen)), np.empty(len(unseen))
    for fold, ladder in enumerate(folds):
        mine = unseen.fold == fold
        within[mine], mean[mine] = _answered(ladder, unseen.at(mine), days)
    return fit_spend_ratios(within, mean, unseen.outcomes.spend_within(days))


def _seen_ratios(rows: Rows, ladder: Ladder, days: int) -> SpendRatios:
    seen = rows.newest(days)
    return fit_spend_ratios(*_answered(ladder, seen, days), seen.outcomes.spend_within(days))


def _answered(ladder: Ladder, rows: Rows, days: int) -> tuple[Floats, Floats]:
    """P(order) and expected spend within a learned horizon, as the ladder would answer them."""
    (within, _, spend), at = ladder.at_learned(rows.inputs), ladder.shape.learned.index(days)
    return within[:, at], np.full(len(rows), np.nan) if spend is None else spend[:, at]


def _each_fold(rows: Rows, predictors: Sequence[Callable[[Floats], Floats]]) -> Floats:
    found = np.empty(len(rows))
    for fold, predict in enumerate(predictors):
        found[rows.fold == fold] = predict(rows.inputs[rows.fold == fold])
    return found


def _growth(rows: Rows, plan: Plan) -> tuple[float, float]:
    """By which power of time the totals of orders and spend grew from half the longest learned horizon to all of it."""
    last = plan.learned[-1]
    half = max(last // 2, 1)
    over = rows.outcomes.follow_days >= last
    return (
        _exponent(rows.outcomes.orders_within(half)[over], rows.outcomes.orders_within(last)[over], half, last),
        _exponent(rows.outcomes.spend_within(half)[over], rows.outcomes.spend_within(last)[over], half, last),
    )


def _exponent(early: Floats, late: Floats, half: int, last: int) -> float:
    first, second = float(np.nansum(early)), float(np.nansum(late))
    if first <= 0 or second <= first or half >= last:
        return 1.0
    return float(np.clip(math.log(second / first) / math.log(last / half), 0.3, 1.0))
