"""Tier fitting: the average and the simple tiers on the same rows, each as a whole tiered model with its files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.average.artifacts import average_files
from training.fitting.average.fit import FittedAverage, fit_average
from training.fitting.average.level import PRIOR_SHARES, Level, LevelShares, level_seasonality, measure_season
from training.fitting.average.origin_weights import OriginScores, with_origin_weights
from training.fitting.average.pace import measure_pace
from training.fitting.btyd_tier import fit_btyd_tier
from training.fitting.first_year_seasonality import FirstYearSeasonality, fit_first_year_seasonality
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.fitting.population_tier import fit_population_tier, fit_prospect_tier
from training.fitting.spend_distribution import fit_spend_distribution
from training.inference.btyd import GammaPoisson
from training.inference.extrapolation import Extrapolation
from training.inference.forecast import AVERAGE, BTYD, POPULATION
from training.inference.spend_distribution import SpendDistribution
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.base import Tier
from training.model import Artifact, Trainers
from training.models import HEADS

TRAINERS = Trainers(fit_gradient_boosting)


@dataclass(frozen=True)
class FittedTier:
    """A fitted tier: a tiered model that answers from it, the files of each model, and what was learned beside it."""

    tiered_model: TieredModel
    files: Mapping[str, Artifact]  # model name -> files beside the manifest
    average: FittedAverage | None = None  # of the average alone
    level: Level | None = None  # of the average alone; None in a first year


@dataclass(frozen=True)
class BacktestEvidence:
    """Back-test evidence: what the test origins teach a release beyond its own rows."""

    shares: LevelShares = PRIOR_SHARES  # of the season and the pace of ordering in the level
    origins: tuple[OriginScores, ...] = ()


NO_EVIDENCE = BacktestEvidence()


def buyer_mask(rows: Rows) -> Booleans:
    """Mask of the rows of customers with an order before the cutoff, (n,)."""
    return rows.column("orders") >= 1


def fit_tiers(
    rows: Rows, plan: HorizonPlan, limit: int, tiers: Sequence[str], evidence: BacktestEvidence = NO_EVIDENCE
) -> dict[str, FittedTier]:
    """Fit the requested tiers; no outcome reaches beyond the limit with which the rows were made.

    Where no buyer's window of the longest learned horizon is over, BTYD stands in for the average; without a buyer, the
    population tier stands in for both.

    Args:
        rows: customers at every cutoff up to the limit.
        plan: the horizons in days.
        limit: the day at which the known log ends, days since 1970.
        tiers: names of the tiers.
        evidence: of test origins before the limit.
    """
    is_buyer = buyer_mask(rows)
    buyers, prospects = rows.select(is_buyer), rows.select(~is_buyer)
    population, btyd = fit_population_tier(buyers, plan), fit_btyd_tier(buyers, plan)
    template = TieredModel(
        POPULATION,
        population,
        fit_prospect_tier(prospects, population, plan),
        None if isinstance(btyd.model, GammaPoisson) else Extrapolation(btyd.names, btyd.model),
        None,
        HorizonLayout(plan.evaluated_churn_days, plan.horizons, plan.learned, *growth_exponents(buyers, plan), None),
        None,
    )
    first_year = fit_first_year_seasonality(buyers, plan, btyd)
    heads = {name: head.fit(buyers, plan, TRAINERS) for name, head in HEADS.items()}
    fitted: dict[str, FittedTier] = {}
    for name in tiers:
        if name == AVERAGE and (buyers.outcomes.follow_days >= plan.learned[-1]).any():
            average = with_origin_weights(fit_average(buyers, plan, btyd, limit), evidence.origins)
            fitted[name] = _average_tier(average, plan, template)
            if first_year is None:
                fitted[name] = _on_level(fitted[name], buyers, plan, limit, evidence.shares)
        else:
            simple, tier = (BTYD, btyd) if name != POPULATION and len(buyers) else (POPULATION, population)
            fitted[name] = _fit_simple_tier(simple, tier, buyers, plan, template)
        if first_year is not None:
            fitted[name] = _with_seasonality(fitted[name], first_year)
        fitted[name] = _with_heads(fitted[name], heads, rows.names)
    return fitted


def _with_heads(fitted: FittedTier, files: Mapping[str, Artifact], names: Sequence[str]) -> FittedTier:
    """Add the prediction heads of the models that the tiers do not answer."""
    heads = {name: HEADS[name].load(artifact, names) for name, artifact in files.items()}
    return replace(fitted, tiered_model=replace(fitted.tiered_model, heads=heads), files={**fitted.files, **files})


def _average_tier(average: FittedAverage, plan: HorizonPlan, template: TieredModel) -> FittedTier:
    tiered_model = replace(template, tier_name=AVERAGE, tier=average.tier)
    if average.spend is not None:
        tiered_model = with_spend_distributions(tiered_model, average_spend_distributions(average, plan))
    return FittedTier(tiered_model, average_files(average), average)


def _on_level(fitted: FittedTier, rows: Rows, plan: HorizonPlan, limit: int, shares: LevelShares) -> FittedTier:
    """The average on the level that last year's season and the pace of ordering say."""
    if fitted.average is None:
        return fitted
    pace = measure_pace(rows, limit, plan.pace_days, fitted.average.tier.averages)
    level = Level(measure_season(fitted.average, plan, limit), pace)
    tiered_model = replace(fitted.tiered_model, seasonality=level_seasonality(level, shares, plan))
    return replace(fitted, tiered_model=tiered_model, level=level)


def _with_seasonality(fitted: FittedTier, first_year: FirstYearSeasonality) -> FittedTier:
    tiered_model = fitted.tiered_model
    return replace(fitted, tiered_model=replace(tiered_model, seasonality=first_year.seasonality(tiered_model)))


def _fit_simple_tier(name: str, tier: Tier, rows: Rows, plan: HorizonPlan, template: TieredModel) -> FittedTier:
    tiered_model = replace(template, tier_name=name, tier=tier)
    if plan.has_amounts:
        tiered_model = with_spend_distributions(
            tiered_model, [_spend_distribution(rows, tiered_model, days) for days in plan.learned]
        )
    return FittedTier(tiered_model, {})


def with_spend_distributions(tiered_model: TieredModel, distributions: Sequence[SpendDistribution]) -> TieredModel:
    """The tiered model with the distribution of the spend around its mean, one per learned horizon."""
    return replace(
        tiered_model,
        layout=replace(tiered_model.layout, ratios=tuple(distributions)),
        prospect_distributions=tuple(distributions),
    )


def average_spend_distributions(average: FittedAverage, plan: HorizonPlan) -> list[SpendDistribution]:
    """Distributions at the newest finished cutoffs, around means by models that had not seen the customers."""
    rows, distributions = average.answers.rows, []
    for days, orders, spend in zip(plan.learned, average.orders, average.spend or (), strict=True):
        taught = rows.select(orders.mask)
        newest = taught.newest_finished_mask(days)
        within = average.tier.answer(taught.inputs[newest], np.array([float(days)])).order_by[:, 0]
        actual = taught.outcomes.spend_within(days)[newest]
        distributions.append(fit_spend_distribution(within, spend.mean[newest], actual))
    return distributions


def _spend_distribution(rows: Rows, tiered_model: TieredModel, days: int) -> SpendDistribution:
    newest = rows.select(rows.newest_finished_mask(days))
    answer, position = tiered_model.predict_learned(newest.inputs), tiered_model.layout.learned.index(days)
    mean = np.full(len(newest), np.nan) if answer.spend is None else answer.spend[:, position]
    return fit_spend_distribution(answer.order_by[:, position], mean, newest.outcomes.spend_within(days))


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
