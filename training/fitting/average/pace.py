"""Pace: whether customers order faster or slower now than their like did a year ago."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from training.dataset.outcomes import Rows
from training.dataset.plan import YEAR_DAYS
from training.fitting.average.level import LogRatios
from training.fitting.average.ridge_regression import fit_ridge_regression
from training.inference.average.customer_inputs import CustomerInputs, ShopAverages
from training.inference.average.question_inputs import QuestionInputs
from training.inference.average.regression_columns import BTYD
from training.inference.log_odds import sigmoid
from training.member import Target

WINDOWS = 3
MAX_PACE = 1.0  # on the log scale
MIN_ROWS = 50
PACE_DRIFT = 0.3  # standard deviation of a year's change, on the log scale


def measure_pace(rows: Rows, limit: int, step: int, averages: ShopAverages) -> LogRatios | None:
    """The pace over the newest three short windows; None where the log has not the same windows a year ago.

    Args:
        rows: customers with an order, with outcomes up to ``limit``.
        limit: the day at which the known log ends.
        step: days of a short window, one of the horizons of the outcomes.
        averages: of the shop.
    """
    newest, year_ago = _windows(rows.cutoff, limit, step), _windows(rows.cutoff, limit - YEAR_DAYS, step)
    if len(newest) < WINDOWS or len(year_ago) < WINDOWS:
        return None
    train, test = (rows.select(np.isin(rows.cutoff, windows)) for windows in (year_ago, newest))
    if min(len(train), len(test)) < MIN_ROWS:
        return None
    train_columns, test_columns = (_columns(part, step, averages) for part in (train, test))
    logs = []
    for target in (Target.ORDER, Target.ORDERS):
        outcome, came = _outcome(train, step, target), _outcome(test, step, target)
        regression = fit_ridge_regression(target, train_columns, outcome, np.ones(len(train)))
        scores = regression.scores(test_columns)
        expected = sigmoid(scores) if target is Target.ORDER else np.exp(scores)
        logs.append(_shrunken_log_ratio(came, expected, test.cutoff))
    return LogRatios(*logs)


def _windows(cutoff: Integers, limit: int, step: int) -> list[int]:
    """The cutoffs at which the newest three short windows before a day begin; fewer where the log has none."""
    days, tolerance = np.unique(cutoff), max(1.0, step / 10)
    days = days[days + step <= limit]
    if not len(days):
        return []
    wanted = [limit - step * back for back in range(1, WINDOWS + 1)]
    nearest = [int(days[np.argmin(np.abs(days - day))]) for day in wanted]
    return [day for day, target in zip(nearest, wanted, strict=True) if abs(day - target) <= tolerance]


def _outcome(rows: Rows, step: int, target: Target) -> Floats:
    orders = rows.outcomes.orders_within(step)
    return np.minimum(orders, 1.0) if target is Target.ORDER else orders


def _shrunken_log_ratio(actual: Floats, expected: Floats, cutoff: Integers) -> float:
    """Mean log ratio of the windows, shrunken by what they contradict each other, as where orders come in bursts.

    The posterior mean of a normal mean with prior mean 0 (Gelman et al. 2013, section 2.5).
    """
    ratios = np.array(
        [
            np.log((float(actual[cutoff == day].sum()) + 0.5) / (float(expected[cutoff == day].sum()) + 0.5))
            for day in np.unique(cutoff)
        ]
    )
    sampling_variance = float(ratios.var(ddof=1)) / len(ratios)
    shrunken = float(ratios.mean()) * PACE_DRIFT**2 / (PACE_DRIFT**2 + sampling_variance)
    return float(np.clip(shrunken, -MAX_PACE, MAX_PACE))


def _columns(rows: Rows, step: int, averages: ShopAverages) -> Floats:
    """The small columns without BTYD's, whose parameters know the present, and the tenure, (n, columns)."""
    nothing, customers = np.zeros(len(rows)), CustomerInputs(rows.names, rows.inputs, averages)
    small = QuestionInputs(customers, 3.0 * step, nothing, nothing).small_columns
    own = small.values[:, [source != BTYD for source in small.sources]]
    return np.column_stack([own, np.log1p(customers.column("tenure_days"))])
