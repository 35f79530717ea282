"""Regression columns: the few columns of the small regression and the more of the full one, as fractions of a horizon.

No window is a fixed number of days, so that nothing is tuned to the pace of one shop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.inference.average.question_inputs import QuestionInputs, window_lengths

BTYD = "btyd"  # the source of a column that BTYD computes
MIN_GAP_DAYS = 1.0
HALF_LIVES = (0.25, 1.0, 4.0)  # of the decayed order counts, in horizons


@dataclass(frozen=True)
class RegressionColumn:
    """Regression column: its values, and the model input that it stands for in reasons."""

    source: str  # name of an input, or ``BTYD``
    values: Floats  # (n,)


def small_columns(question: QuestionInputs) -> list[RegressionColumn]:
    """BTYD's two answers, silence, order days, silence over the usual gap, and recent orders; with amounts, value."""
    silence, order_days = question.column("recency_days"), np.maximum(question.column("order_days"), 1.0)
    columns = [
        RegressionColumn(BTYD, question.btyd_log_odds),
        RegressionColumn(BTYD, question.btyd_log_orders),
        RegressionColumn("recency_days", np.log1p(silence)),
        RegressionColumn("order_days", np.log(order_days)),
        RegressionColumn("recency_over_mean_gap", np.log1p(silence / np.maximum(question.gap_days, MIN_GAP_DAYS))),
        *(_count_column(question, question.days * share) for share in (0.25, 1.0)),
    ]
    if question.averages.order_value > 0:
        columns.append(RegressionColumn("mean_order", np.log(np.maximum(question.order_value, 1e-6))))
    return columns


def full_columns(question: QuestionInputs) -> list[RegressionColumn]:
    """The small columns, tenure, more windows, decayed counts, rate, curvature of silence, regularity and spend."""
    silence = np.log1p(question.column("recency_days"))
    count = np.log(np.maximum(question.column("order_days"), 1.0))
    mean_gap, last_gap = question.gap_days, question.column("last_gap_days")
    spread = question.column("std_gap_days") / np.maximum(mean_gap, MIN_GAP_DAYS)
    columns = [
        *small_columns(question),
        RegressionColumn("tenure_days", np.log1p(question.column("tenure_days"))),
        *(_count_column(question, question.days * share) for share in (0.125, 0.5, 2.0)),
        *(_decayed_count_column(question, question.days * lives) for lives in HALF_LIVES),
        RegressionColumn("orders_per_day", np.log(np.maximum(question.column("orders_per_day"), 1e-6))),
        RegressionColumn("recency_days", silence**2),
        RegressionColumn("recency_days", silence * count),
        RegressionColumn("std_gap_days", np.log1p(spread)),
        RegressionColumn("median_gap_days", _log_ratio(question.column("median_gap_days"), mean_gap)),
        RegressionColumn("last_gap_days", _log_ratio(last_gap, mean_gap)),
        RegressionColumn("order_days", (question.column("order_days") <= 1).astype(float)),
    ]
    if question.averages.order_value > 0:
        usual = question.averages.order_value
        columns.append(
            RegressionColumn("max_order", _log_ratio(question.column("max_order"), question.column("mean_order")))
        )
        columns += [_spend_column(question, question.days * share, usual) for share in (0.5, 1.0)]
    return columns


def stack_columns(columns: Sequence[RegressionColumn]) -> Floats:
    """The values of the columns side by side, (n, columns)."""
    return np.column_stack([column.values for column in columns])


def _count_column(question: QuestionInputs, days: float) -> RegressionColumn:
    return RegressionColumn(question.window_name("orders", days), np.log1p(question.window("orders", days)))


def _spend_column(question: QuestionInputs, days: float, usual: float) -> RegressionColumn:
    spend = np.maximum(question.window("spend", days), 0.0)
    return RegressionColumn(question.window_name("spend", days), np.log1p(spend / usual))


def _decayed_count_column(question: QuestionInputs, half_life: float) -> RegressionColumn:
    """Decayed count: an order counts half after each ``half_life`` days, dated to the middle of its window."""
    counts, tenure = question.column("orders"), question.column("tenure_days")
    total, inside, begin = np.zeros(len(question)), np.zeros(len(question)), 0.0
    for length, name in window_lengths(question.names, "orders").items():
        cumulative = question.column(name)
        total += (cumulative - inside) * 0.5 ** ((begin + length) / 2 / half_life)
        inside, begin = cumulative, float(length)
    oldest = np.maximum(tenure, begin)
    total += np.maximum(counts - inside, 0.0) * 0.5 ** ((begin + oldest) / 2 / half_life)
    return RegressionColumn("orders_per_day", np.log1p(np.maximum(total, 0.0)))


def _log_ratio(above: Floats, below: Floats) -> Floats:
    known = (above > 0) & (below > 0)
    return np.asarray(np.where(known, np.log(np.where(known, above, 1.0) / np.where(known, below, 1.0)), 0.0))
