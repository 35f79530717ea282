"""Tier fitting: every tier on the same rows, with calibration fitted on customers the model has not seen."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
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
from training.model import Artifact, Trainers
from training.models import HEADS, MODELS
from training.models.churn import churn_label

TRAINERS = Trainers(fit_gradient_boosting, fit_btyd_tier)


@dataclass(frozen=True)
class FittedTier:
    """A fitted tier: a tiered model that uses it for all three models, with its files and its seasonality."""

    tier: str
    tiered_model: TieredModel
    artifacts: Mapping[str, Artifact]  # model name -> files; for the simple tiers, those of the heads alone
    year_ago: YearAgoSeasonality | None = None


def buyer_mask(rows: Rows) -> Booleans:
    """Mask of the rows of customers with an order before the cutoff, (n,)."""
    return rows.column("orders") >= 1


def fit_tiers(rows: Rows, plan: HorizonPlan, tiers: tuple[str, ...]) -> dict[str, FittedTier]:
    """Fit the requested tiers; no outcome reaches beyond the limit with which the rows were made."""
    is_buyer = buyer_mask(rows)
    buyers, prospects = rows.select(is_buyer), rows.select(~is_buyer)
    population = fit_population_tier(buyers, plan)
    btyd = fit_btyd_tier(buyers, plan)
    layout = HorizonLayout(
        plan.evaluated_churn_days, plan.horizons, plan.learned, *growth_exponents(buyers, plan), None
    )
    template = TieredModel(
        {}, {}, fit_prospect_tier(prospects, population, plan), _extrapolation(btyd), None, IDENTITY, layout, None
    )
    year_ago = fit_year_ago_seasonality(buyers, plan, btyd)
    fitted = {}
    for tier in tiers:
        if tier == "ml":
            fitted_tier = _fit_trees_tier(buyers, plan, template, btyd)
        else:
            fitted_tier = _fit_simple_tier(
                tier, _select_simple_tier(tier, buyers, plan, population, btyd), buyers, plan, template
            )
        fitted_tier = _with_heads(fitted_tier, buyers, plan)
        fitted[tier] = replace(
            fitted_tier, tiered_model=with_seasonality(fitted_tier.tiered_model, year_ago), year_ago=year_ago
        )
    return fitted


def _with_heads(fitted: FittedTier, rows: Rows, plan: HorizonPlan) -> FittedTier:
    """Add the prediction heads of the models that the tiers do not answer."""
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
    """The tiered model with the seasonality of a year ago; unchanged without one."""
    return tiered_model if year_ago is None else replace(tiered_model, seasonality=year_ago.seasonality(tiered_model))


def _extrapolation(btyd: BtydTier) -> Extrapolation | None:
    return None if isinstance(btyd.model, GammaPoisson) else Extrapolation(btyd.names, btyd.model)


def _select_simple_tier(tier: str, rows: Rows, plan: HorizonPlan, population: CohortTier, btyd: BtydTier) -> Tier:
    if tier == "population" or not len(rows):
        return population
    return fit_cohort_tier(rows, plan) if tier == "cohort" else btyd


def _fit_simple_tier(tier: str, tier_model: Tier, rows: Rows, plan: HorizonPlan, template: TieredModel) -> FittedTier:
    tiered_model = _single_tier_model(template, tier, tier_model)
    if isinstance(tier_model, BtydTier):
        tiered_model = replace(tiered_model, calibration=_fit_btyd_calibration(rows, plan, tier_model))
        tiered_model = replace(
            tiered_model, tier_by_name={tier: match_newest_totals(tier_model, rows.newest_finished(plan.learned[-1]))}
        )
    if plan.has_amounts:
        tiered_model = _with_spend_distributions(
            tiered_model, [_in_sample_spend_distribution(rows, tiered_model, days) for days in plan.learned]
        )
    return FittedTier(tier, tiered_model, {})


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
    with_fitted_btyd = replace(TRAINERS, btyd=lambda *_: btyd)
    parts = [(rows.select(rows.fold != 0), TRAINERS), (rows.select(rows.fold != 1), TRAINERS), (rows, with_fitted_btyd)]
    *halves, artifacts = _fit_models(parts, plan)
    newest = rows.newest_finished(plan.evaluated_churn_days)
    churn = _out_of_fold_predictions(
        newest, [TreesTier(half["churn"], rows.names, ()).churn_probability for half in halves]
    )
    calibration = fit_calibration(churn, churn_label(newest.outcomes, plan.evaluated_churn_days))
    tiered_model, *folds = (
        replace(_single_tier_model(template, "ml", _trees_tier(files, rows, plan)), calibration=calibration)
        for files in (artifacts, *halves)
    )
    if plan.has_amounts:
        tiered_model = _with_spend_distributions(
            tiered_model, [_out_of_fold_spend_distribution(rows, folds, days) for days in plan.learned]
        )
    return FittedTier("ml", tiered_model, artifacts)


def _trees_tier(artifacts: Mapping[str, Artifact], rows: Rows, plan: HorizonPlan) -> TreesTier:
    files = {name: text for model in artifacts if model not in HEADS for name, text in artifacts[model].items()}
    return TreesTier(files, rows.names, plan.learned)


def _fit_models(parts: Sequence[tuple[Rows, Trainers]], plan: HorizonPlan) -> list[dict[str, Artifact]]:
    """Fit every model on every part of the rows, in as many threads as there are cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [
            {name: pool.submit(model.fit, rows, plan, trainers) for name, model in MODELS.items()}
            for rows, trainers in parts
        ]
        return [{name: future.result() for name, future in fits.items()} for fits in futures]


def _out_of_fold_spend_distribution(rows: Rows, folds: Sequence[TieredModel], days: int) -> SpendDistribution:
    newest = rows.newest_finished(days)
    within, mean = np.empty(len(newest)), np.empty(len(newest))
    for fold, tiered_model in enumerate(folds):
        in_fold = newest.fold == fold
        within[in_fold], mean[in_fold] = _predict_horizon(tiered_model, newest.select(in_fold), days)
    return fit_spend_distribution(within, mean, newest.outcomes.spend_within(days))


def _in_sample_spend_distribution(rows: Rows, tiered_model: TieredModel, days: int) -> SpendDistribution:
    newest = rows.newest_finished(days)
    return fit_spend_distribution(*_predict_horizon(tiered_model, newest, days), newest.outcomes.spend_within(days))


def _predict_horizon(tiered_model: TieredModel, rows: Rows, days: int) -> tuple[Floats, Floats]:
    """P(order) and expected spend within a learned horizon, (n,) each, by the tiered model."""
    (within, _, spend), position = tiered_model.predict_learned(rows.inputs), tiered_model.layout.learned.index(days)
    return within[:, position], np.full(len(rows), np.nan) if spend is None else spend[:, position]


def _out_of_fold_predictions(rows: Rows, predictors: Sequence[Callable[[Floats], Floats]]) -> Floats:
    predictions = np.empty(len(rows))
    for fold, predict in enumerate(predictors):
        predictions[rows.fold == fold] = predict(rows.inputs[rows.fold == fold])
    return predictions


def growth_exponents(rows: Rows, plan: HorizonPlan) -> tuple[float, float]:
    """Powers of time by which total orders and spend grew from half the longest learned horizon to all of it."""
    last = plan.learned[-1]
    half = max(last // 2, 1)
    finished = rows.outcomes.follow_days >= last
    return (
        _growth_exponent(
            rows.outcomes.orders_within(half)[finished], rows.outcomes.orders_within(last)[finished], half, last
        ),
        _growth_exponent(
            rows.outcomes.spend_within(half)[finished], rows.outcomes.spend_within(last)[finished], half, last
        ),
    )


def _growth_exponent(early: Floats, late: Floats, half: int, last: int) -> float:
    first, second = float(np.nansum(early)), float(np.nansum(late))
    if first <= 0 or second <= first or half >= last:
        return 1.0
    return float(np.clip(math.log(second / first) / math.log(last / half), 0.3, 1.0))
