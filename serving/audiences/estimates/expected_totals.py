"""Expected totals: the members' orders and spend within a horizon, summed from the scores table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Booleans, Floats, RowIndices
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.backtest_errors import (
    NO_TOTALS_REASON,
    BacktestErrors,
    read_backtest_errors,
    tested_horizons,
)
from serving.audiences.estimates.horizon_columns import (
    CHURN_PROBABILITY,
    nearest_purchase_column,
    numbers,
    numeric_column,
    orders_column,
    purchase_columns,
    purchase_probabilities,
    spend_columns,
)
from serving.audiences.estimates.intervals import TotalEstimate, prediction_interval
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import ExpectedTotal, Interval
from training.total_range import is_same_horizon, nearest_horizon

Cards = Sequence[Mapping[str, Any]]
_Total = tuple[ExpectedTotal | None, Floats | None]  # and the outcomes of each member, (n,)


@dataclass(frozen=True)
class ExpectedTotals:
    """Expected conversions, orders and revenue over one horizon; None if the table has no column for one."""

    conversions: ExpectedTotal | None
    orders: ExpectedTotal | None
    revenue: ExpectedTotal | None
    by_member: MemberOutcomes

    @property
    def by_measure(self) -> Mapping[str, ExpectedTotal | None]:
        """The totals by name."""
        return {"conversions": self.conversions, "orders": self.orders, "revenue": self.revenue}


@dataclass(frozen=True)
class MemberOutcomes:
    """The expected outcomes of each member (n,) that were summed, 0 for a null; None without the total."""

    conversions: Floats | None = None  # the probability of an order
    orders: Floats | None = None
    revenue: Floats | None = None


def expected_totals(
    columns: Columns, rows: RowIndices, horizon_days: int | None, cards: Cards, reachable: Booleans | None = None
) -> ExpectedTotals:
    """Return the expected number of members who order within the horizon, of their orders, and their expected spend.

    Conversions are the sum of ``purchase_probability_{h}d``, or of 1 - ``churn_probability`` for the churn horizon. If
    neither has the horizon, conversions are those of the nearest horizon; of two equally near ones, the shorter.
    Revenue is None where no customer of the table, or of those in ``reachable``, (customers,), has a value: the log has
    no amounts.
    """
    if horizon_days is None:
        return ExpectedTotals(None, None, None, MemberOutcomes())
    conversions, ordering = _conversions(columns, rows, horizon_days, cards)
    orders, number = _orders(columns, rows, horizon_days, cards)
    revenue, spend = _revenue(columns, rows, horizon_days, cards, reachable)
    return ExpectedTotals(conversions, orders, revenue, MemberOutcomes(ordering, number, spend))


def choose_horizon(requested: int | None, columns: Columns, cards: Cards) -> int | None:
    """Return the requested horizon in days, or the default: the longest back-tested horizon in the table.

    The default is a horizon of spend if the table has any, else of purchases. If none was back-tested, it is the
    longest one; None for a table without horizons.

    Raises:
        InvalidAudienceRequest: the table has no columns of the requested horizon.
    """
    spend, purchases = spend_columns(columns), purchase_columns(columns)
    if requested is None:
        offered, measure = (spend, "spend") if spend else (purchases, "buyers")
        finished = tested_horizons(cards, measure)
        tested = [days for days in offered if is_same_horizon(nearest_horizon(finished, days), days)]
        return max(tested or offered, default=None)
    if requested not in {*spend, *purchases}:
        available = ", ".join(map(str, sorted({*spend, *purchases}))) or "none"
        raise InvalidAudienceRequest.for_field(
            "horizon_days", f"Found {requested}; expected one of the table's horizons: {available}."
        )
    return requested


def _conversions(columns: Columns, rows: RowIndices, requested: int, cards: Cards) -> _Total:
    nearest = nearest_purchase_column(columns, requested)
    if nearest is None:
        return None, None
    days, name = nearest
    probability = purchase_probabilities(columns, name, rows)
    total = TotalEstimate(probability, probability * (1 - probability))
    column = f"1 - {name}" if name == CHURN_PROBABILITY else name
    summed = _SummedColumn(column, _null_count(columns, name, rows), len(rows))
    return _expected_total(total, "buyers", days, cards, summed), probability


def _orders(columns: Columns, rows: RowIndices, days: int, cards: Cards) -> _Total:
    name = orders_column(columns, days)
    if name is None:
        return None, None
    expected = numbers(columns, name, rows)
    summed = _SummedColumn(name, _null_count(columns, name, rows))
    return _expected_total(TotalEstimate(expected, expected), "orders", days, cards, summed), expected


def _revenue(columns: Columns, rows: RowIndices, days: int, cards: Cards, reachable: Booleans | None) -> _Total:
    name = spend_columns(columns).get(days)
    if name is None:
        return None, None
    is_null = numeric_column(columns, name).is_null()
    if (is_null if reachable is None else is_null[reachable]).all():
        return None, None
    mean = numbers(columns, name, rows)
    orders = orders_column(columns, days)
    expected_orders = np.ones(len(rows)) if orders is None else numbers(columns, orders, rows)
    total = TotalEstimate(mean, mean**2 / np.maximum(expected_orders, 1e-9))
    summed = _SummedColumn(name, _null_count(columns, name, rows))
    return _expected_total(total, "spend", days, cards, summed), mean


@dataclass(frozen=True)
class _SummedColumn:
    """The column that was summed, and the maximum of the total."""

    column: str
    without_value: int
    maximum: float = float("inf")


def _expected_total(
    total: TotalEstimate, measure: str, days: int, cards: Cards, summed: _SummedColumn
) -> ExpectedTotal:
    errors = read_backtest_errors(cards, measure, days)
    interval, reason = None, None
    if errors is None:
        reason = NO_TOTALS_REASON
    elif total.mean <= 0:
        reason = "The expected total of these members is 0."
    else:
        prediction = prediction_interval(total, errors)
        interval = Interval(
            p10=min(prediction.p10, summed.maximum),
            p90=min(prediction.p90, summed.maximum),
            method=_interval_method(errors, uses_own_errors=prediction.uses_own_errors),
        )
    return ExpectedTotal(
        mean=total.mean,
        horizon_days=days,
        column=summed.column,
        without_value=summed.without_value,
        interval=interval,
        reason=reason,
    )


def _interval_method(errors: BacktestErrors, *, uses_own_errors: bool) -> str:
    scope = "the total of such customers" if uses_own_errors else "the total of all customers"
    if errors.tested_days is None:
        common = f"errors of totals at other shops (scale {errors.prior.scale:g}), because no origin has tested it"
    else:
        count = "1 test origin" if errors.origins == 1 else f"{errors.origins} test origins"
        common = (
            f"errors of {scope} over {errors.tested_days} days at {count} worth {errors.independent_origins:.1f} "
            f"independent ones, with a prior of scale {errors.prior.scale:g}"
        )
    return f"80 % interval, log-normal: {common}, and the chance of single members."


def _null_count(columns: Columns, name: str, rows: RowIndices) -> int:
    nulls = numeric_column(columns, name).nulls
    return 0 if nulls is None else int(nulls[rows].sum())
