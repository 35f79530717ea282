"""Average fitting: every question of a release from the training rows, in as many threads as there are cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.fitting.average.btyd_answers import BtydAnswers, answer_by_btyd
from training.fitting.average.curve import FittedCurve, curve_days, fit_curve
from training.fitting.average.cutoff_weights import SeasonWeights, cutoff_weights, sampled_rows, teaching_cutoffs
from training.fitting.average.question import FittedQuestion, fit_question
from training.fitting.average.season_choice import choose_season_weights
from training.fitting.average.spend import FittedSpend, fit_spend
from training.inference.average.average_tier import AverageTier, LongTenure
from training.inference.average.customer_inputs import ShopAverages
from training.inference.tiers.btyd import BtydTier
from training.member import Target

MAX_ROWS_PER_CUTOFF = 3_000
SHORT_SPAN = 0.9  # horizons: where the cutoffs span less, age cannot be learned
MAX_BTYD_SHARE = 0.5
USUAL_GAP_DAYS = 30.0  # where no customer has ordered twice
FILLED_SHARE = 0.75  # of the log's mean age at the training rows


@dataclass(frozen=True)
class FittedAverage:
    """Fitted average: the tier, and what was learned beside it."""

    tier: AverageTier
    churn: FittedQuestion
    curve: FittedCurve
    orders: tuple[FittedQuestion, ...]
    spend: tuple[FittedSpend, ...] | None
    season: SeasonWeights
    answers: BtydAnswers


def fit_average(rows: Rows, plan: HorizonPlan, btyd: BtydTier, limit: int) -> FittedAverage:
    """Fit the average on customers with an order.

    Args:
        rows: at every cutoff, with outcomes up to the limit.
        plan: the horizons in days.
        btyd: the buy-till-you-die model fitted to the newest histories.
        limit: the day at which the known log ends, days since 1970.
    """
    rows = rows.select(sampled_rows(rows.customer, rows.cutoff, MAX_ROWS_PER_CUTOFF))
    averages = shop_averages(rows, plan, limit)
    days = curve_days(rows.outcomes, plan)
    answers = answer_by_btyd(rows, btyd, averages, days[1:])
    season = choose_season_weights(answers, limit, plan.evaluated_churn_days)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        asked = [pool.submit(_fit_orders, answers, horizon, limit, season) for horizon in plan.learned]
        churn = pool.submit(_fit_churn, answers, plan.evaluated_churn_days, limit, season)
        curve = pool.submit(fit_curve, answers, days, limit, season)
        orders = tuple(future.result() for future in asked)
        spend = tuple(pool.map(lambda question: _fit_spend(answers, question), orders if plan.has_amounts else ()))
        fitted_churn, fitted_curve = churn.result(), curve.result()
    tier = AverageTier(
        rows.names,
        btyd,
        averages,
        fitted_churn.averaged,
        fitted_curve.curve.with_spread(sum(fitted_churn.averaged.weights.values())),
        tuple(question.averaged for question in orders),
        tuple(fitted.model for fitted in spend) if plan.has_amounts else None,
        _long_tenure(rows, plan, limit, fitted_churn),
    )
    return FittedAverage(tier, fitted_churn, fitted_curve, orders, spend if plan.has_amounts else None, season, answers)


def shop_averages(rows: Rows, plan: HorizonPlan, limit: int) -> ShopAverages:
    """What a customer with a short history borrows from the others at the newest cutoff: robust to single lines."""
    newest = rows.select(rows.cutoff == rows.cutoff.max(initial=0))
    gaps = newest.column("mean_gap_days")
    gap = max(float(np.nanmedian(gaps)) if np.isfinite(gaps).any() else USUAL_GAP_DAYS, 1.0)
    window = _window_days(rows, plan, limit)
    if not plan.has_amounts:
        return ShopAverages(gap, 0.0, window)
    values = newest.column("mean_order")
    known = values[np.isfinite(values) & (values > 0)]
    low, high = np.quantile(known, [0.01, 0.99]) if len(known) else (0.0, 0.0)
    return ShopAverages(gap, float(np.clip(known, low, high).mean()) if len(known) else 0.0, window)


def _window_days(rows: Rows, plan: HorizonPlan, limit: int) -> float:
    """Three quarters of the log's mean age at the rows that teach the churn horizon."""
    taught = np.isin(rows.cutoff, list(teaching_cutoffs(rows.cutoff.tolist(), limit, plan.evaluated_churn_days)))
    first = limit - rows.orders_by_day.shape[1]
    return FILLED_SHARE * float((rows.cutoff[taught] - first).mean()) if taught.any() else float(USUAL_GAP_DAYS)


def _fit_churn(answers: BtydAnswers, days: int, limit: int, season: SeasonWeights) -> FittedQuestion:
    weight = cutoff_weights(answers.rows.cutoff, limit, days, season)
    return fit_question(answers, Target.ORDER, days, answers.rows.outcomes.ordered_within(days), weight)


def _fit_orders(answers: BtydAnswers, days: int, limit: int, season: SeasonWeights) -> FittedQuestion:
    weight = cutoff_weights(answers.rows.cutoff, limit, days, season)
    return fit_question(answers, Target.ORDERS, days, answers.rows.outcomes.orders_within(days), weight)


def _fit_spend(answers: BtydAnswers, orders: FittedQuestion) -> FittedSpend:
    return fit_spend(answers, orders, answers.rows.outcomes.spend_within(orders.averaged.days))


def _long_tenure(rows: Rows, plan: HorizonPlan, limit: int, churn: FittedQuestion) -> LongTenure | None:
    days = plan.learned[-1]
    taught = sorted(teaching_cutoffs(rows.cutoff.tolist(), limit, days))
    if taught[-1] - taught[0] >= SHORT_SPAN * days:
        return None
    tenure = rows.column("tenure_days")[np.isin(rows.cutoff, taught)]
    share = min(MAX_BTYD_SHARE, 2 * churn.averaged.weights.get("btyd", 0.0))
    return LongTenure(float(np.max(tenure)), share)
