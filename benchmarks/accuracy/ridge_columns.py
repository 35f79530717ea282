"""Ridge columns: what a regression is given about a customer at a cutoff; all windows are fractions of the horizon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy.baselines import WEEK
from benchmarks.accuracy.visits import Visits
from features.arrays import Floats, Integers
from training.inference.btyd import BGNBD, ParetoNBD

WINDOW_SHARES = (1 / 8, 1 / 4, 1 / 2, 1, 2)
HALF_LIFE_SHARES = (1 / 4, 1, 4)
SPEND_SHARES = (1 / 2, 1)
PRIOR_GAPS = 1.0  # the own mean gap is shrunk by one gap of the population
PRIOR_ORDERS = 3.0

Btyd = BGNBD | ParetoNBD


@dataclass(frozen=True)
class RidgeColumns:
    """Columns of the customers with an order before a cutoff."""

    cutoff: int
    positions: Integers  # (n,) positions of the customers in the visits
    values: Floats  # (n, columns)


def ridge_columns(visits: Visits, cutoff: int, horizon: int, btyd: Btyd | None) -> RidgeColumns:
    """Compute the columns at a cutoff; those of Pareto/NBD only if a model is given."""
    positions = visits.known_customers(cutoff)
    past = visits.before(cutoff).with_orders()
    columns = [*_order_columns(past, cutoff, horizon, positions), *_gap_columns(past, cutoff, positions)]
    if past.amount is not None:
        columns += _amount_columns(past, past.amount, cutoff, horizon, positions)
    if btyd is not None:
        columns += _btyd_columns(visits, cutoff, horizon, positions, btyd)
    return RidgeColumns(cutoff, positions, np.column_stack(columns))


def _order_columns(past: Visits, cutoff: int, horizon: int, positions: Integers) -> list[Floats]:
    age = (cutoff - past.day).astype(float)
    tenure, silence = cutoff - past.first_days()[positions], cutoff - past.last_days()[positions]
    visits = past.per_customer(np.ones(len(age)))[positions]
    in_windows = [past.per_customer((age <= share * horizon).astype(float))[positions] for share in WINDOW_SHARES]
    decayed = [past.per_customer(0.5 ** (age / (share * horizon)))[positions] for share in HALF_LIFE_SHARES]
    log_silence, log_visits = np.log1p(silence), np.log(visits)
    return [
        log_silence, log_silence**2, log_visits, log_silence * log_visits, (visits == 1).astype(float),
        np.log1p(tenure), np.log(visits / (tenure + horizon)), *map(np.log1p, in_windows), *map(np.log1p, decayed),
    ]  # fmt: skip


def _gap_columns(past: Visits, cutoff: int, positions: Integers) -> list[Floats]:
    """Return the log of the own mean gap, silence in own gaps, and regularity: log mean gap less mean log gap."""
    gaps = np.diff(past.day, prepend=past.day[:1]).astype(float)
    is_gap = np.diff(past.customer, prepend=-1) == 0
    gaps = np.where(is_gap, gaps, 0.0)
    count = past.per_customer(is_gap.astype(float))[positions]
    total = past.per_customer(gaps)[positions]
    log_total = past.per_customer(np.log(np.maximum(gaps, 1.0)))[positions]
    usual = total.sum() / count.sum() if count.sum() else float(np.mean(cutoff - past.first_days()[positions]))
    own = (total + PRIOR_GAPS * usual) / (count + PRIOR_GAPS)
    silence = cutoff - past.last_days()[positions]
    repeats = np.maximum(count, 1.0)
    regularity = np.where(count > 1, np.log(np.maximum(total / repeats, 1.0)) - log_total / repeats, 0.0)
    return [np.log(np.maximum(own, 1.0)), np.log1p(silence / np.maximum(own, 1.0)), regularity]


def _amount_columns(past: Visits, amount: Floats, cutoff: int, horizon: int, positions: Integers) -> list[Floats]:
    age = cutoff - past.day
    log_amount = np.log1p(np.maximum(amount, 0.0))
    visits = past.per_customer(np.ones(len(age)))[positions]
    shrunk = (past.per_customer(log_amount)[positions] + PRIOR_ORDERS * log_amount.mean()) / (visits + PRIOR_ORDERS)
    is_last = np.diff(past.customer, append=-1) != 0
    last = past.per_customer(np.where(is_last, log_amount, 0.0))[positions]
    spend = [
        past.per_customer(np.where(age <= share * horizon, np.maximum(amount, 0.0), 0.0))[positions]
        for share in SPEND_SHARES
    ]
    return [shrunk, last - shrunk, *map(np.log1p, spend)]


def _btyd_columns(visits: Visits, cutoff: int, horizon: int, positions: Integers, btyd: Btyd) -> list[Floats]:
    histories = visits.histories(cutoff, positions)
    inputs = histories.repeats, histories.recency, histories.age
    probability = np.clip(btyd.order_by(*inputs, [horizon / WEEK])[:, 0], 1e-6, 1 - 1e-6)
    expected = np.maximum(btyd.expected_orders(*inputs, [horizon / WEEK])[:, 0], 1e-6)
    return [np.log(probability / (1 - probability)), np.log(expected)]
