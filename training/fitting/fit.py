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
from training.fitting.btyd_tier import fit_btyd_tier, match_newest_totals
from training.fitting.calibration import fit_calibration, fit_spend_distribution
from training.fitting.cohort_tiers import fit_cohort_tier, fit_population_tier, fit_prospect_tier
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.fitting.seasonality import YearAgoSeasonality, fit_year_ago_seasonality
from training.inference.btyd import GammaPoisson
from training.inference.calibration import IDENTITY, CalibrationMap
from training.inference.extrapolation import Extrapolation
from training.inference.spend_distribution import SpendDistribution
from training.inference.tiered_model import HorizonLayout, TieredModel, churn_probability
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.cohort import CohortTier
from training.inference.tiers.trees import TreesTier
from training.model import Artifact, HorizonPlan, Trainers
from training.models import HEADS, MODELS
from training.models.churn import churn_label

TRAINERS = Trainers(fit_gradient_boosting, fit_btyd_tier)


@dataclass(frozen=True)
class FittedTier:
    """One rung answering all three questions, with what it was loaded from."""

    tier: str
    tiered_model: TieredModel
    artifacts: Mapping[str, Artifact]  # model name -> files; of the simple tiers those of the heads alone
    year_ago: YearAgoSeasonality | None = None


def buyer_mask(rows: Rows) -> Booleans:
    """Rows of customers who had ordered by their cutoff."""
    return rows.column("orders") >= 1


def fit_tiers(rows: Rows, plan: HorizonPlan, tiers: tuple[str, ...]) -> dict[str, FittedTier]:
    """Fit the asked tiers on the rows; no row's outcome reaches beyond the limit that the rows were made with."""
    bought = buyer_mask(rows)
    old, new = rows.select(bought), rows.select(~bought)
    population = fit_population_tier(old, plan)
    btyd = fit_btyd_tier(old, plan)
    shape = HorizonLayout(plan.evaluated_churn_days, plan.horizons, plan.learned, *_growth_exponents(old, plan), None)
    empty = TieredModel(
        {}, {}, fit_prospect_tier(new, population, plan), _extrapolation(btyd), None, IDENTITY, shape, None
    )
    a_year_ago = fit_year_ago_seasonality(old, plan, btyd)
    found = {}
    for tier in tiers:
        if tier == "ml":
            one = _fit_trees_tier(old, plan, empty, btyd)
        else:
            one = _fit_simple_tier(tier, _select_simple_tier(tier, old, plan, population, btyd), old, plan, empty)
        one = _with_heads(one, old, plan)
        found[tier] = replace(one, tiered_model=with_seasonality(one.tiered_model, a_year_ago), year_ago=a_year_ago)
    return found


def _with_heads(fitted: FittedTier, rows: Rows, plan: HorizonPlan) -> FittedTier:
    """The tier beside the answers of the models that the tiers do not answer by themselves."""
    files = {
        name: fitted.artifacts[name] if fitted.tier == "ml" else head.fit_simple(rows, plan)
        for name, head in HEADS.items()
    }
    heads = {name: HEADS[name].load(artifact, rows.names) for name, artifact in files.items()}
    return replace(
        fitted,
        tiered_model=replace(fitted.tiered_model, heads=heads),
        artifacts={**fitted.artifacts, **files},
    )


def with_seasonality(tiered_model: TieredModel, year_ago: YearAgoSeasonality | None) -> TieredModel:
    """The ladder, with the season that the days ahead were in a year ago."""
    return tiered_model if year_ago is None else replace(tiered_model, seasonality=year_ago.seasonality(tiered_model))


def _extrapolation(btyd: BtydTier) -> Extrapolation | None:
    return None if isinstance(btyd.model, GammaPoisson) else Extrapolation(btyd.names, btyd.model)


def _select_simple_tier(tier: str, rows: Rows, plan: HorizonPlan, population: CohortTier, btyd: BtydTier) -> Tier:
    if tier == "population" or not len(rows):
        return population
    return fit_cohort_tier(rows, plan) if tier == "cohort" else btyd


def _fit_simple_tier(tier: str, tier_model: Tier, rows: Rows, plan: HorizonPlan, template: TieredModel) -> FittedTier:
    ladder = _single_tier_model(template, tier, tier_model)
    if isinstance(tier_model, BtydTier):
        ladder = replace(ladder, calibration=_fit_btyd_calibration(rows, plan, tier_model))
        ladder = replace(
            ladder, tier_by_name={tier: match_newest_totals(tier_model, rows.newest_finished(plan.learned[-1]))}
        )
    if plan.has_amounts:
        ladder = _with_spend_distributions(
            ladder, [_in_sample_spend_distribution(rows, ladder, days) for days in plan.learned]
        )
    return FittedTier(tier, ladder, {})


def _single_tier_model(template: TieredModel, tier: str, tier_model: Tier) -> TieredModel:
    return replace(template, tier_by_model=dict.fromkeys(MODELS, tier), tier_by_name={tier: tier_model})


def _with_spend_distributions(tiered_model: TieredModel, distributions: Sequence[SpendDistribution]) -> TieredModel:
    return replace(
        tiered_model,
        layout=replace(tiered_model.layout, ratios=tuple(distributions)),
        prospect_distributions=tuple(distributions),
    )


def _fit_btyd_calibration(rows: Rows, plan: HorizonPlan, tier: Tier) -> CalibrationMap:
    newest = rows.newest_finished(plan.evaluated_churn_days)
    outcome = churn_label(newest.outcomes, plan.evaluated_churn_days)
    return fit_calibration(churn_probability(tier, newest.inputs, plan.evaluated_churn_days), outcome)


def _fit_trees_tier(rows: Rows, plan: HorizonPlan, template: TieredModel, btyd: BtydTier) -> FittedTier:
    of_all = replace(TRAINERS, btyd=lambda *_: btyd)
    parts = [(rows.select(rows.fold != 0), TRAINERS), (rows.select(rows.fold != 1), TRAINERS), (rows, of_all)]
    *halves, artefacts = _fit_models(parts, plan)
    unseen = rows.newest_finished(plan.evaluated_churn_days)
    churn = _out_of_fold_predictions(
        unseen, [TreesTier(half["churn"], rows.names, ()).churn_probability for half in halves]
    )
    calibration = fit_calibration(churn, churn_label(unseen.outcomes, plan.evaluated_churn_days))
    ladder, *folds = (
        replace(_single_tier_model(template, "ml", _trees_tier(files, rows, plan)), calibration=calibration)
        for files in (artefacts, *halves)
    )
    if plan.has_amounts:
        ladder = _with_spend_distributions(
            ladder, [_out_of_fold_spend_distribution(rows, folds, days) for days in plan.learned]
        )
    return FittedTier("ml", ladder, artefacts)


def _trees_tier(artifacts: Mapping[str, Artifact], rows: Rows, plan: HorizonPlan) -> TreesTier:
    files = {name: text for model in artifacts if model not in HEADS for name, text in artifacts[model].items()}
    return TreesTier(files, rows.names, plan.learned)


def _fit_models(parts: Sequence[tuple[Rows, Trainers]], plan: HorizonPlan) -> list[dict[str, Artifact]]:
    """Every model fitted on every part of the rows, as many at once as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        begun = [
            {name: pool.submit(model.fit, rows, plan, learners) for name, model in MODELS.items()}
            for rows, learners in parts
        ]
        return [{name: one.result() for name, one in fits.items()} for fits in begun]


def _out_of_fold_spend_distribution(rows: Rows, folds: Sequence[TieredModel], days: int) -> SpendDistribution:
    unseen = rows.newest_finished(days)
    within, mean = np.empty(len(unseen)), np.empty(len(unseen))
    for fold, ladder in enumerate(folds):
        mine = unseen.fold == fold
        within[mine], mean[mine] = _predict_horizon(ladder, unseen.select(mine), days)
    return fit_spend_distribution(within, mean, unseen.outcomes.spend_within(days))


def _in_sample_spend_distribution(rows: Rows, tiered_model: TieredModel, days: int) -> SpendDistribution:
    seen = rows.newest_finished(days)
    return fit_spend_distribution(*_predict_horizon(tiered_model, seen, days), seen.outcomes.spend_within(days))


def _predict_horizon(tiered_model: TieredModel, rows: Rows, days: int) -> tuple[Floats, Floats]:
    """P(order) and expected spend within a learned horizon, as the ladder would answer them."""
    (within, _, spend), at = tiered_model.predict_learned(rows.inputs), tiered_model.layout.learned.index(days)
    return within[:, at], np.full(len(rows), np.nan) if spend is None else spend[:, at]


def _out_of_fold_predictions(rows: Rows, predictors: Sequence[Callable[[Floats], Floats]]) -> Floats:
    found = np.empty(len(rows))
    for fold, predict in enumerate(predictors):
        found[rows.fold == fold] = predict(rows.inputs[rows.fold == fold])
    return found


def _growth_exponents(rows: Rows, plan: HorizonPlan) -> tuple[float, float]:
    """By which power of time the totals of orders and spend grew from half the longest learned horizon to all of it."""
    last = plan.learned[-1]
    half = max(last // 2, 1)
    over = rows.outcomes.follow_days >= last
    return (
        _growth_exponent(rows.outcomes.orders_within(half)[over], rows.outcomes.orders_within(last)[over], half, last),
        _growth_exponent(rows.outcomes.spend_within(half)[over], rows.outcomes.spend_within(last)[over], half, last),
    )


def _growth_exponent(early: Floats, late: Floats, half: int, last: int) -> float:
    first, second = float(np.nansum(early)), float(np.nansum(late))
    if first <= 0 or second <= first or half >= last:
        return 1.0
    return float(np.clip(math.log(second / first) / math.log(last / half), 0.3, 1.0))
