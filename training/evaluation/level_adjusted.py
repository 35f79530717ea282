"""Forecasts brought to the totals that then came: what is left to judge is how well they tell customers apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from features.arrays import Floats
from training.dataset.outcomes import Outcomes
from training.evaluation.backtest import Backtest
from training.inference.seasonality import Factors, Season
from training.inference.tiered_model import Ladder

HALVINGS = 50
WIDEST = 1e3  # by which a level may be off


def levelled(test: Backtest) -> Backtest:
    """The test with every rung's forecast as though it had known the season ahead."""
    rows, orders = test.test, test.test.column("orders")
    ladders = {tier: one.ladder for tier, one in test.fitted.items()}
    seasons = {tier: _season(ladder, rows.inputs, rows.outcomes) for tier, ladder in ladders.items()}
    forecasts = {
        tier: replace(ladder, season=seasons[tier]).forecast(rows.inputs, orders) for tier, ladder in ladders.items()
    }
    return replace(test, forecasts={**test.forecasts, **forecasts})


def _season(ladder: Ladder, inputs: Floats, outcomes: Outcomes) -> Season:
    within, orders, spend = ladder.at_learned(inputs)
    learned = ladder.shape.learned
    came = np.column_stack([outcomes.ordered_within(days) for days in learned])
    placed = np.column_stack([outcomes.orders_within(days) for days in learned])
    spent = np.column_stack([outcomes.spend_within(days) for days in learned])
    passed = -np.log1p(-np.minimum(within, 1 - 1e-12))
    buyers = [_pace(passed[:, at], float(came[:, at].mean())) for at in range(len(learned))]
    return Season(
        _factors(buyers),
        _factors(_ratios(placed, orders)),
        None if spend is None else _factors(_ratios(spent, spend)),
    )


def _factors(learned: list[float]) -> Factors:
    return Factors(tuple(learned), learned[-1])


def _ratios(actual: Floats, said: Floats) -> list[float]:
    ratios = np.nan_to_num(actual.sum(axis=0) / np.maximum(said.sum(axis=0), 1e-9), nan=1.0)
    return [float(one) for one in np.clip(ratios, 1 / WIDEST, WIDEST)]


def _pace(passed: Floats, share: float) -> float:
    """By how much the hazards of all customers, (n,), must exceed what is said for a share of them to come."""
    if np.isnan(share):
        return 1.0
    low, high = 1 / WIDEST, WIDEST
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if -np.expm1(-middle * passed).mean() < share else (low, middle)
    return middle
