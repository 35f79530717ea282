"""Customer cross-validation (protocol C): five folds of customers, where a log is too short for rolling origins.

Each fold is predicted by models fitted to the other four folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks.accuracy.baselines import BaselineForecast, BtydHistories, fit_baselines
from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.fit import fit_tiers
from training.inference.forecast import Forecast

OUTER_FOLDS = 5
SERVED = "average"
TESTED_TIERS = ("average", "btyd", "population")


@dataclass(frozen=True, kw_only=True)
class HorizonAnswers:
    """Predictions at the plan's longest horizon, (n,) each."""

    stays_away: Floats
    orders: Floats
    mean: Floats
    median: Floats
    p10: Floats
    p90: Floats


@dataclass(frozen=True, kw_only=True)
class CrossValidationResult:
    """Out-of-fold predictions of each tier."""

    answers: Mapping[str, HorizonAnswers]  # tier -> predictions
    baselines: Sequence[BaselineForecast]

    @property
    def served_answers(self) -> HorizonAnswers:
        """Predictions of the tier that answers."""
        return self.answers[SERVED]


def cross_validate(
    rows: Rows, histories: BtydHistories, plan: HorizonPlan, report: Callable[[str], None]
) -> CrossValidationResult:
    """Predict every fold from the others; the baselines are fitted to ``histories``."""
    fold_numbers = assign_folds(len(rows), OUTER_FOLDS)
    days, limit = plan.learned[-1], int((rows.cutoff + rows.outcomes.follow_days).max())
    answers: list[dict[str, HorizonAnswers]] = []
    baselines = []
    for fold in range(OUTER_FOLDS):
        report(f"fold {fold + 1} of {OUTER_FOLDS}: {len(rows):,} customers")
        train, test = rows.select(fold_numbers != fold), rows.select(fold_numbers == fold)
        fitted = fit_tiers(train, plan, limit, TESTED_TIERS)
        answers.append({
            name: horizon_answers(fitted_tier.tiered_model.forecast(test.inputs, test.column("orders")), days)
            for name, fitted_tier in fitted.items()
        })  # fmt: skip
        baselines.append(
            fit_baselines(histories.select(fold_numbers != fold), histories.select(fold_numbers == fold), days)
        )
    merged = {
        name: _merge_answers([fold_answers[name] for fold_answers in answers], fold_numbers) for name in answers[0]
    }
    return CrossValidationResult(answers=merged, baselines=_merge_baselines(baselines, fold_numbers))


def assign_folds(count: int, folds: int) -> Integers:
    """Return the fold of each customer, (n,), at random with a fixed seed."""
    return np.random.default_rng(0).permutation(count) % folds


def horizon_answers(forecast: Forecast, days: int) -> HorizonAnswers:
    """Return one horizon of a forecast.

    Raises:
        ValueError: the log has no amounts, so there is no spend forecast.
    """
    index, spend = forecast.horizons.index(days), forecast.spend
    if spend is None:
        raise ValueError("Found no amounts in the log. Expected them: spend is predicted from amounts.")
    return HorizonAnswers(
        stays_away=1 - forecast.order_probability(days),
        orders=forecast.expected_orders[:, index],
        mean=spend.mean[:, index],
        median=spend.median[:, index],
        p10=spend.p10[:, index],
        p90=spend.p90[:, index],
    )


def _merge_answers(parts: Sequence[HorizonAnswers], fold_numbers: Integers) -> HorizonAnswers:
    return HorizonAnswers(
        **{
            field.name: _merge_folds([getattr(part, field.name) for part in parts], fold_numbers)
            for field in fields(HorizonAnswers)
        }
    )


def _merge_baselines(parts: Sequence[Sequence[BaselineForecast]], fold_numbers: Integers) -> list[BaselineForecast]:
    merged = []
    for folds in zip(*parts, strict=True):
        values = {}
        for quantity in ("stays_away", "orders", "spend"):
            fold_values = [getattr(forecast, quantity) for forecast in folds]
            values[quantity] = (
                None if any(array is None for array in fold_values) else _merge_folds(fold_values, fold_numbers)
            )
        merged.append(BaselineForecast(name=folds[0].name, **values))
    return merged


def _merge_folds(parts: Sequence[Floats], fold_numbers: Integers) -> Floats:
    merged = np.empty(len(fold_numbers))
    for fold, part in enumerate(parts):
        merged[fold_numbers == fold] = part
    return merged
