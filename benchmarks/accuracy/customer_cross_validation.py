"""Protocol C: cross-validation over customers inside one window, where the log is too short for rolling origins.

Five folds of customers; each is answered by what was fitted to the other four alone. Which rung answers is found inside
those four, by three folds more and the product's own gate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from benchmarks.accuracy.baselines import BaselineForecast, BtydHistories, fit_baselines
from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import evaluate_gate
from training.fitting.assemble import merge_tiers
from training.fitting.fit import fit_tiers
from training.inference.forecast import TIERS, Forecast
from training.model import HorizonPlan
from training.models import MODELS

OUTER_FOLDS, INNER_FOLDS = 5, 3
SERVED = "as served"


@dataclass(frozen=True, kw_only=True)
class HorizonAnswers:
    """What was said of customers at the plan's longest horizon, (n,) each."""

    stays_away: Floats
    orders: Floats
    mean: Floats
    median: Floats
    p10: Floats
    p90: Floats


@dataclass(frozen=True, kw_only=True)
class CrossValidationResult:
    """Answers from fits that never saw the customer: as they would be served, and of every rung by itself."""

    answers: Mapping[str, HorizonAnswers]  # SERVED or a rung
    baselines: Sequence[BaselineForecast]
    chosen_tiers: Sequence[Mapping[str, str]]  # question -> rung, fold by fold

    @property
    def served_answers(self) -> HorizonAnswers:
        """By the rungs that inner validation chose."""
        return self.answers[SERVED]

    def answering_tier(self, model_name: str) -> str:
        """Who answered; in how many folds, where not in all."""
        counts = Counter(one[model_name] for one in self.chosen_tiers)
        if len(counts) == 1:
            return next(iter(counts))
        return ", ".join(f"{name} {count}/{len(self.chosen_tiers)}" for name, count in counts.items())


def cross_validate(
    rows: Rows, histories: BtydHistories, plan: HorizonPlan, day: date, report: Callable[[str], None]
) -> CrossValidationResult:
    """Answer every fold from the others; ``histories`` are the histories that the anchors are fitted to."""
    place = assign_folds(len(rows), OUTER_FOLDS)
    days = plan.learned[-1]
    said: list[dict[str, HorizonAnswers]] = []
    theirs, chosen = [], []
    for fold in range(OUTER_FOLDS):
        report(f"fold {fold + 1} of {OUTER_FOLDS}: {len(rows):,} customers")
        train, test = rows.select(place != fold), rows.select(place == fold)
        chosen.append(_choose_tiers(train, plan, day))
        fitted = fit_tiers(train, plan, TIERS)
        ladders = {**{tier: one.tiered_model for tier, one in fitted.items()}, SERVED: merge_tiers(fitted, chosen[-1])}
        said.append({
            name: horizon_answers(ladder.forecast(test.inputs, test.column("orders")), days)
            for name, ladder in ladders.items()
        })  # fmt: skip
        theirs.append(fit_baselines(histories.select(place != fold), histories.select(place == fold), days))
    stitched = {name: _merge_answers([one[name] for one in said], place) for name in said[0]}
    return CrossValidationResult(answers=stitched, baselines=_merge_baselines(theirs, place), chosen_tiers=chosen)


def assign_folds(count: int, folds: int) -> Integers:
    """The fold of each customer, (n,), at random and always the same."""
    return np.random.default_rng(0).permutation(count) % folds


def horizon_answers(forecast: Forecast, days: int) -> HorizonAnswers:
    """One horizon of a forecast with amounts."""
    at, spend = forecast.horizons.index(days), forecast.spend
    if spend is None:
        raise ValueError("The log has no amounts: there is no spend to answer for.")
    return HorizonAnswers(
        stays_away=1 - forecast.order_probability(days),
        orders=forecast.expected_orders[:, at],
        mean=spend.mean[:, at],
        median=spend.median[:, at],
        p10=spend.p10[:, at],
        p90=spend.p90[:, at],
    )


def _choose_tiers(train: Rows, plan: HorizonPlan, day: date) -> dict[str, str]:
    """What the gate makes of every rung, each fitted to two thirds of the customers and tested on the rest."""
    place = assign_folds(len(train), INNER_FOLDS)
    tests = []
    for fold in range(INNER_FOLDS):
        test = train.select(place == fold)
        fitted = fit_tiers(train.select(place != fold), plan, TIERS)
        said = {tier: one.tiered_model.forecast(test.inputs, test.column("orders")) for tier, one in fitted.items()}
        tests.append(Backtest(day, plan, test, said, fitted))
    return {name: evaluate_gate(tests, model, TIERS, None)[-1].tier for name, model in MODELS.items()}


def _merge_answers(parts: Sequence[HorizonAnswers], fold_numbers: Integers) -> HorizonAnswers:
    return HorizonAnswers(
        **{
            one.name: _merge_folds([getattr(part, one.name) for part in parts], fold_numbers)
            for one in fields(HorizonAnswers)
        }
    )


def _merge_baselines(parts: Sequence[Sequence[BaselineForecast]], fold_numbers: Integers) -> list[BaselineForecast]:
    found = []
    for folds in zip(*parts, strict=True):
        whole = {}
        for what in ("stays_away", "orders", "spend"):
            each = [getattr(one, what) for one in folds]
            whole[what] = None if any(one is None for one in each) else _merge_folds(each, fold_numbers)
        found.append(BaselineForecast(name=folds[0].name, **whole))
    return found


def _merge_folds(parts: Sequence[Floats], fold_numbers: Integers) -> Floats:
    whole = np.empty(len(fold_numbers))
    for fold, part in enumerate(parts):
        whole[fold_numbers == fold] = part
    return whole
