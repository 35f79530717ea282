"""Level-adjusted evaluation: forecasts scaled to the actual totals, so that only the ranking is left to compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Outcomes
from training.evaluation.backtest import Backtest
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.tiered_model import TieredModel

BISECTION_STEPS = 50
MAX_RATIO = 1e3  # by which a level may be off


def match_totals(test: Backtest) -> Backtest:
    """The test with the forecast of every tier scaled to the actual totals, as if the season had been known."""
    rows, orders = test.rows, test.rows.column("orders")
    models = {tier: fitted.tiered_model for tier, fitted in test.fitted_tiers.items()}
    seasons = {tier: _matching_seasonality(model, rows.inputs, rows.outcomes) for tier, model in models.items()}
    forecasts = {
        tier: replace(model, seasonality=seasons[tier]).forecast(rows.inputs, orders) for tier, model in models.items()
    }
    return replace(test, forecasts={**test.forecasts, **forecasts})


def _matching_seasonality(tiered_model: TieredModel, inputs: Floats, outcomes: Outcomes) -> Seasonality:
    """Seasonal factors that make the predicted totals of a back-test equal the actual ones."""
    within, orders, spend = tiered_model.predict_learned(inputs)
    learned = tiered_model.layout.learned
    ordered = np.column_stack([outcomes.ordered_within(days) for days in learned])
    actual_orders = np.column_stack([outcomes.orders_within(days) for days in learned])
    actual_spend = np.column_stack([outcomes.spend_within(days) for days in learned])
    cumulative_hazards = -np.log1p(-np.minimum(within, 1 - 1e-12))
    buyers = [
        _hazard_shift(cumulative_hazards[:, index], float(ordered[:, index].mean())) for index in range(len(learned))
    ]
    return Seasonality(
        _scale_factors(buyers),
        _scale_factors(_total_ratios(actual_orders, orders)),
        None if spend is None else _scale_factors(_total_ratios(actual_spend, spend)),
    )


def _scale_factors(learned: list[float]) -> SeasonalFactors:
    return SeasonalFactors(tuple(learned), learned[-1])


def _total_ratios(actual: Floats, predicted: Floats) -> list[float]:
    ratios = np.nan_to_num(actual.sum(axis=0) / np.maximum(predicted.sum(axis=0), 1e-9), nan=1.0)
    return [float(ratio) for ratio in np.clip(ratios, 1 / MAX_RATIO, MAX_RATIO)]


def _hazard_shift(cumulative_hazard: Floats, share: float) -> float:
    """Find by bisection the factor on all cumulative hazards, (n,), at which the mean P(order) equals ``share``."""
    if np.isnan(share):
        return 1.0
    low, high = 1 / MAX_RATIO, MAX_RATIO
    for _ in range(BISECTION_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if -np.expm1(-middle * cumulative_hazard).mean() < share else (low, middle)
    return middle
