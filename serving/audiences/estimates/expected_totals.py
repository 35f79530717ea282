"""What will the members do, if nobody does anything? Their orders and spend within a horizon, from the scores table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from features.arrays import Floats, RowIndices
from serving.audiences.errors import Refused
from serving.audiences.estimates.backtest_errors import backtested, nearest, tested
from serving.audiences.estimates.intervals import Range, Total, interval
from serving.audiences.query.column_store import Ordered
from serving.audiences.query.column_types import Kind
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import Expected, Interval

Cards = Sequence[Mapping[str, Any]]

_BUYS, _SPENDS = re.compile(r"purchase_probability_(\d+)d"), re.compile(r"ltv_(\d+)d_mean")
_CHURN, _CHURN_DAYS = "churn_probability", "churn_horizon_days"


@dataclass(frozen=True)
class Expectations:
    """Both totals over one horizon, as far as the table has them."""

    conversions: Expected | None
    revenue: Expected | None


def expectations(columns: Columns, rows: RowIndices, horizon_days: int | None, cards: Cards) -> Expectations:
    """Members who order, and what they spend, within the horizon; None where the table has no such column.

    Conversions are summed over ``purchase_probability_{h}d``; where the table has none of that horizon over
    1 - ``churn_probability`` if that is churn's, else over the nearest horizon there is, the shorter of two.
    """
    if horizon_days is None:
        return Expectations(None, None)
    return Expectations(
        conversions=_conversions(columns, rows, horizon_days, cards),
        revenue=_revenue(columns, rows, horizon_days, cards),
    )


def horizon_of(asked: int | None, columns: Columns, cards: Cards) -> int | None:
    """The horizon asked for, else the longest of amounts, else of purchases, that was tested, or at least is there.

    None for a table without any.

    Raises:
        Refused: the table has nothing of that horizon.
    """
    spends, buys = _horizons(columns, _SPENDS), _buying(columns)
    if asked is None:
        offered, measure = (spends, "spend") if spends else (buys, "buyers")
        known = [days for days in offered if nearest(tested(cards, measure), days) is not None]
        return max(known or offered, default=None)
    if asked not in {*spends, *buys}:
        there = ", ".join(map(str, sorted({*spends, *buys}))) or "none"
        raise Refused.at("horizon_days", f"Found {asked}; expected one of the table's horizons: {there}.")
    return asked


def _conversions(columns: Columns, rows: RowIndices, asked: int, cards: Cards) -> Expected | None:
    buying = _buying(columns)
    if not buying:
        return None
    days = min(buying, key=lambda one: (abs(one - asked), one))
    name = buying[days]
    chance = _amounts(columns, name, rows, churn=name == _CHURN)
    total = Total(chance, chance * (1 - chance))
    column = f"1 - {name}" if name == _CHURN else name
    return _expected(total, "buyers", days, cards, _Basis(column, _without(columns, name, rows), len(rows)))


def _revenue(columns: Columns, rows: RowIndices, days: int, cards: Cards) -> Expected | None:
    name = _horizons(columns, _SPENDS).get(days)
    if name is None or _ordered(columns, name).null().all():
        return None
    mean = _amounts(columns, name, rows)
    orders = f"expected_orders_{days}d"
    number = _amounts(columns, orders, rows) if _is_number(columns, orders) else np.ones(len(rows))
    total = Total(mean, mean**2 / np.maximum(number, 1e-9))
    return _expected(total, "spend", days, cards, _Basis(name, _without(columns, name, rows)))


@dataclass(frozen=True)
class _Basis:
    """What a total was summed over, and what it cannot exceed."""

    column: str
    without_value: int
    most: float = float("inf")


def _expected(total: Total, measure: str, days: int, cards: Cards, basis: _Basis) -> Expected:
    past = backtested(cards, measure, days)
    found, reason = None, None
    if isinstance(past, str):
        reason = past
    elif total.mean <= 0:
        reason = "Nothing is expected of these members."
    else:
        one = interval(total, past)
        method = _method(one, past.origins, past.independent)
        found = Interval(p10=min(one.p10, basis.most), p90=min(one.p90, basis.most), method=method)
    return Expected(
        mean=total.mean,
        horizon_days=days,
        column=basis.column,
        without_value=basis.without_value,
        interval=found,
        reason=reason,
    )


def _method(found: Range, origins: int, independent: float) -> str:
    whose = "the total of such customers" if found.own_kind else "everybody's total"
    counted = "1 test origin" if origins == 1 else f"{origins} test origins worth {independent:.1f} independent ones"
    degrees = "many" if found.degrees > 1000 else f"{found.degrees:.1f}"
    return (
        f"80 % interval, log-normal: errors of {whose} at {counted}, and single members' chance; Student's t with "
        f"{degrees} degrees of freedom."
    )


def _buying(columns: Columns) -> dict[int, str]:
    """By horizon, the column that tells who orders within it."""
    found = _horizons(columns, _BUYS)
    if len(columns) and _is_number(columns, _CHURN) and _is_number(columns, _CHURN_DAYS):
        found.setdefault(int(_amounts(columns, _CHURN_DAYS, np.zeros(1, np.intp))[0]), _CHURN)
    return {days: name for days, name in found.items() if days > 0}


def _horizons(columns: Columns, pattern: re.Pattern[str]) -> dict[int, str]:
    matches = [pattern.fullmatch(name) for name in columns.kinds]
    return {int(one[1]): one[0] for one in matches if one is not None and _is_number(columns, one[0])}


def _amounts(columns: Columns, name: str, rows: RowIndices, *, churn: bool = False) -> Floats:
    """Some rows' numbers; 0 where there is no value, for churn what is left of 1."""
    held = _ordered(columns, name)
    values = held.values[rows].astype(np.float64)
    if churn:
        values = 1.0 - values
    return values if held.nulls is None else np.where(held.nulls[rows], 0.0, values)


def _without(columns: Columns, name: str, rows: RowIndices) -> int:
    nulls = _ordered(columns, name).nulls
    return 0 if nulls is None else int(nulls[rows].sum())


def _is_number(columns: Columns, name: str) -> bool:
    return name in columns and columns.kinds[name].kind is Kind.NUMBER


def _ordered(columns: Columns, name: str) -> Ordered:
    return cast("Ordered", columns[name])
