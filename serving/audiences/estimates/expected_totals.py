"""What will the members do, if nobody does anything? Their orders and spend within a horizon, from the scores table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from features.arrays import Floats, RowIndices
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.backtest_errors import nearest_horizon, read_backtest_errors, tested_horizons
from serving.audiences.estimates.intervals import PredictionInterval, TotalEstimate, prediction_interval
from serving.audiences.query.column_store import NumericColumn
from serving.audiences.query.column_types import ColumnKind
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import ExpectedTotal, Interval

Cards = Sequence[Mapping[str, Any]]

_PURCHASE_COLUMN, _SPEND_COLUMN = re.compile(r"purchase_probability_(\d+)d"), re.compile(r"ltv_(\d+)d_mean")
_CHURN_PROBABILITY, _CHURN_DAYS = "churn_probability", "churn_horizon_days"


@dataclass(frozen=True)
class ExpectedTotals:
    """Both totals over one horizon, as far as the table has them."""

    conversions: ExpectedTotal | None
    revenue: ExpectedTotal | None


def expected_totals(columns: Columns, rows: RowIndices, horizon_days: int | None, cards: Cards) -> ExpectedTotals:
    """Members who order, and what they spend, within the horizon; None where the table has no such column.

    Conversions are summed over ``purchase_probability_{h}d``; where the table has none of that horizon over
    1 - ``churn_probability`` if that is churn's, else over the nearest horizon there is, the shorter of two.
    """
    if horizon_days is None:
        return ExpectedTotals(None, None)
    return ExpectedTotals(
        conversions=_conversions(columns, rows, horizon_days, cards),
        revenue=_revenue(columns, rows, horizon_days, cards),
    )


def choose_horizon(requested: int | None, columns: Columns, cards: Cards) -> int | None:
    """The horizon asked for, else the longest of amounts, else of purchases, that was tested, or at least is there.

    None for a table without any.

    Raises:
        Refused: the table has nothing of that horizon.
    """
    spends, buys = _columns_by_horizon(columns, _SPEND_COLUMN), _purchase_columns(columns)
    if requested is None:
        offered, measure = (spends, "spend") if spends else (buys, "buyers")
        known = [days for days in offered if nearest_horizon(tested_horizons(cards, measure), days) is not None]
        return max(known or offered, default=None)
    if requested not in {*spends, *buys}:
        there = ", ".join(map(str, sorted({*spends, *buys}))) or "none"
        raise InvalidAudienceRequest.for_field(
            "horizon_days", f"Found {requested}; expected one of the table's horizons: {there}."
        )
    return requested


def _conversions(columns: Columns, rows: RowIndices, requested: int, cards: Cards) -> ExpectedTotal | None:
    buying = _purchase_columns(columns)
    if not buying:
        return None
    days = min(buying, key=lambda one: (abs(one - requested), one))
    name = buying[days]
    chance = _values(columns, name, rows, churn=name == _CHURN_PROBABILITY)
    total = TotalEstimate(chance, chance * (1 - chance))
    column = f"1 - {name}" if name == _CHURN_PROBABILITY else name
    return _expected_total(
        total, "buyers", days, cards, _SummedColumn(column, _null_count(columns, name, rows), len(rows))
    )


def _revenue(columns: Columns, rows: RowIndices, days: int, cards: Cards) -> ExpectedTotal | None:
    name = _columns_by_horizon(columns, _SPEND_COLUMN).get(days)
    if name is None or _numeric_column(columns, name).is_null().all():
        return None
    mean = _values(columns, name, rows)
    orders = f"expected_orders_{days}d"
    number = _values(columns, orders, rows) if _is_number(columns, orders) else np.ones(len(rows))
    total = TotalEstimate(mean, mean**2 / np.maximum(number, 1e-9))
    return _expected_total(total, "spend", days, cards, _SummedColumn(name, _null_count(columns, name, rows)))


@dataclass(frozen=True)
class _SummedColumn:
    """What a total was summed over, and what it cannot exceed."""

    column: str
    without_value: int
    maximum: float = float("inf")


def _expected_total(
    total: TotalEstimate, measure: str, days: int, cards: Cards, summed: _SummedColumn
) -> ExpectedTotal:
    past = read_backtest_errors(cards, measure, days)
    found, reason = None, None
    if isinstance(past, str):
        reason = past
    elif total.mean <= 0:
        reason = "Nothing is expected of these members."
    else:
        one = prediction_interval(total, past)
        method = _interval_method(one, past.origins, past.independent_origins)
        found = Interval(p10=min(one.p10, summed.maximum), p90=min(one.p90, summed.maximum), method=method)
    return ExpectedTotal(
        mean=total.mean,
        horizon_days=days,
        column=summed.column,
        without_value=summed.without_value,
        interval=found,
        reason=reason,
    )


def _interval_method(interval: PredictionInterval, origins: int, independent: float) -> str:
    whose = "the total of such customers" if interval.uses_own_errors else "everybody's total"
    counted = "1 test origin" if origins == 1 else f"{origins} test origins worth {independent:.1f} independent ones"
    degrees = "many" if interval.degrees_of_freedom > 1000 else f"{interval.degrees_of_freedom:.1f}"
    return (
        f"80 % interval, log-normal: errors of {whose} at {counted}, and single members' chance; Student's t with "
        f"{degrees} degrees of freedom."
    )


def _purchase_columns(columns: Columns) -> dict[int, str]:
    """By horizon, the column that tells who orders within it."""
    found = _columns_by_horizon(columns, _PURCHASE_COLUMN)
    if len(columns) and _is_number(columns, _CHURN_PROBABILITY) and _is_number(columns, _CHURN_DAYS):
        found.setdefault(int(_values(columns, _CHURN_DAYS, np.zeros(1, np.intp))[0]), _CHURN_PROBABILITY)
    return {days: name for days, name in found.items() if days > 0}


def _columns_by_horizon(columns: Columns, pattern: re.Pattern[str]) -> dict[int, str]:
    matches = [pattern.fullmatch(name) for name in columns.column_types]
    return {int(one[1]): one[0] for one in matches if one is not None and _is_number(columns, one[0])}


def _values(columns: Columns, name: str, rows: RowIndices, *, churn: bool = False) -> Floats:
    """Some rows' numbers; 0 where there is no value, for churn what is left of 1."""
    held = _numeric_column(columns, name)
    values = held.values[rows].astype(np.float64)
    if churn:
        values = 1.0 - values
    return values if held.nulls is None else np.where(held.nulls[rows], 0.0, values)


def _null_count(columns: Columns, name: str, rows: RowIndices) -> int:
    nulls = _numeric_column(columns, name).nulls
    return 0 if nulls is None else int(nulls[rows].sum())


def _is_number(columns: Columns, name: str) -> bool:
    return name in columns and columns.column_types[name].kind is ColumnKind.NUMBER


def _numeric_column(columns: Columns, name: str) -> NumericColumn:
    return cast("NumericColumn", columns[name])
