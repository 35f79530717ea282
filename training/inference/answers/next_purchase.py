"""Next purchase answer: dates, reminder and order probabilities of the next order, overall and per category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from features import calendar
from features.arrays import Codes, Days, Floats, Integers
from training.inference.answers.answer import (
    WITHIN_DAYS,
    Answer,
    AnswerContext,
    Horizons,
    Json,
    TableColumn,
    TableValues,
)
from training.inference.answers.next_purchase_response import NextPurchaseResponse
from training.inference.answers.order_waits import OrderWaits, expected_category_waits
from training.inference.answers.shop_day import ShopDay
from training.inference.categories.forecast import CategoryForecast
from training.inference.categories.hazard_tables import EVIDENCE_LEVELS


@dataclass(frozen=True, kw_only=True)
class DateColumns:
    """Expected dates of m orders, in the shop's calendar and not before the day of the answer."""

    horizon_days: int  # of the condition of p50_if_within: the churn horizon
    p10: Days  # (m,)
    p50: Days  # (m,)
    p90: Days  # (m,)
    p50_if_within: Days  # (m,) the median given an order within horizon_days; NaT where that has probability 0
    remind_on: Days  # (m,)
    overdue_ratio: Floats  # (m,) days since the last order over the usual gap, NaN where no gap is known
    probability_within: Floats  # (m, len(WITHIN_DAYS))


@dataclass(frozen=True, kw_only=True)
class CategoryColumns(DateColumns):
    """Expected dates of the next order per category; the lines of customer i are ``offsets[i]:offsets[i + 1]``.

    The lines of a customer are sorted by reminder, lines without a reminder last. The gap is the expected one in the
    category; no probability is higher than that of an order of any kind.
    """

    offsets: Integers  # (n + 1,)
    category: tuple[str, ...]  # (m,)
    evidence: Codes  # (m,) index into training.inference.categories.hazard_tables.EVIDENCE_LEVELS
    last_order_at: Days  # (m,)


@dataclass(frozen=True, kw_only=True)
class NextPurchaseColumns(DateColumns):
    """Expected dates of the next order of n customers; the gap is the customer's own median, from the second order."""

    by_category: CategoryColumns | None = None  # None for a log without categories
    curve: Floats | None = None  # (n, len(CURVE_DAYS)) P(order within each day); None unless requested


def compute(context: AnswerContext) -> NextPurchaseColumns:
    """The next purchase answers: quantiles of the date of the next order, overall and per category."""
    stored, today, lead_days = context.stored, context.today, context.metadata.lead_days
    waits = OrderWaits.from_forecast(context.forecast, context.metadata.churn_days)
    dates = today.date_after(waits.quantiles)
    inactive_days = (today.instant - stored.column("last_order_at")) / calendar.DAY_US
    categories = context.categories
    return NextPurchaseColumns(
        horizon_days=waits.horizon_days,
        p10=dates[:, 0],
        p50=dates[:, 1],
        p90=dates[:, 2],
        p50_if_within=today.date_after(waits.median_if_within),
        remind_on=today.remind_on(today.date_after(waits.expected_wait), lead_days),
        overdue_ratio=inactive_days / np.maximum(stored.column("median_gap_days"), 1.0),
        probability_within=context.order_probabilities,
        by_category=None if categories is None else category_columns(categories, waits, today, lead_days),
        curve=context.daily_order_probabilities,
    )


def category_columns(
    forecast: CategoryForecast, overall: OrderWaits, today: ShopDay, lead_days: int
) -> CategoryColumns:
    """The category lines of the customers with the waits ``overall``, each customer's soonest reminder first."""
    waits, row = OrderWaits.from_forecast(forecast, overall.horizon_days), forecast.lines.row
    expected = expected_category_waits(waits, overall, row)
    soonest = np.lexsort((forecast.category_index, expected, row))
    dates, names = today.date_after(waits.quantiles[soonest]), forecast.tables.names
    return CategoryColumns(
        horizon_days=waits.horizon_days,
        offsets=np.searchsorted(row, np.arange(len(overall.expected_wait) + 1)),
        category=tuple(names[index] for index in forecast.category_index[soonest].tolist()),
        evidence=forecast.state.evidence[soonest],
        last_order_at=forecast.lines.last_day[soonest].astype(np.int64).astype("datetime64[D]"),
        p10=dates[:, 0],
        p50=dates[:, 1],
        p90=dates[:, 2],
        p50_if_within=today.date_after(waits.median_if_within[soonest]),
        remind_on=today.remind_on(today.date_after(expected[soonest]), lead_days),
        overdue_ratio=forecast.state.silence[soonest],
        probability_within=forecast.order_probabilities(WITHIN_DAYS)[soonest],
    )


def serialize(columns: NextPurchaseColumns) -> list[Json]:
    """One JSON object per customer."""
    rows = zip(_serialize_dates(columns), _serialize_categories(columns), strict=True)
    answers = [{**dates, "by_category": categories} for dates, categories in rows]
    if columns.curve is None:
        return answers
    return [{**answer, "curve": curve} for answer, curve in zip(answers, columns.curve.tolist(), strict=True)]


def _serialize_categories(columns: NextPurchaseColumns) -> list[list[Json]] | list[None]:
    lines = columns.by_category
    if lines is None:
        return [None] * len(columns.p50)
    values = zip(
        lines.category, lines.evidence.tolist(), lines.last_order_at.tolist(), _serialize_dates(lines), strict=True
    )
    rows = [
        {"category": category, "evidence": EVIDENCE_LEVELS[evidence], "last_order_at": last_order_at, **dates}
        for category, evidence, last_order_at, dates in values
    ]
    return [rows[begin:end] for begin, end in pairwise(lines.offsets.tolist())]


def _serialize_dates(dates: DateColumns) -> list[Json]:
    names, horizon = [str(days) for days in WITHIN_DAYS], str(dates.horizon_days)
    values = zip(
        dates.p10.tolist(),
        dates.p50.tolist(),
        dates.p90.tolist(),
        dates.p50_if_within.tolist(),
        dates.remind_on.tolist(),
        dates.overdue_ratio.tolist(),
        dates.probability_within.tolist(),
        strict=True,
    )
    return [
        {
            "p10": p10,
            "p50": p50,
            "p90": p90,
            "p50_if_within": {horizon: p50_if_within},
            "remind_on": remind_on,
            "overdue_ratio": overdue,
            "probability_within": dict(zip(names, within, strict=True)),
        }
        for p10, p50, p90, p50_if_within, remind_on, overdue, within in values
    ]


def table_columns(horizons: Horizons) -> tuple[TableColumn, ...]:
    """The columns of the scores table."""
    conditional = f"next_purchase_p50_if_within_{horizons.churn_days}d"
    return (
        *(
            TableColumn(f"purchase_probability_{days}d", "number", f"Probability of an order within {days} days.")
            for days in WITHIN_DAYS
        ),
        *(
            TableColumn(
                f"next_purchase_p{share}", "day", f"The day by which the next order comes with {share} % probability."
            )
            for share in (10, 50, 90)
        ),
        TableColumn(
            conditional, "day", f"The median day of the next order, given one within {horizons.churn_days} days."
        ),
        TableColumn(
            "remind_on",
            "day",
            f"The day to remind the customer on: `lead_days` before `{conditional}` where `next_purchase_p50` lies "
            "within the churn horizon, else before `next_purchase_p50`.",
        ),
        TableColumn("next_category", "text", "The category with the soonest reminder.", trailing=True),
        TableColumn("next_category_remind_on", "day", "The day of that reminder.", trailing=True),
    )


def tabulate(columns: NextPurchaseColumns, _horizons: Horizons) -> Mapping[str, TableValues]:
    """The values of the columns of the scores table, (n,) each."""
    within = {
        f"purchase_probability_{days}d": columns.probability_within[:, position]
        for position, days in enumerate(WITHIN_DAYS)
    }
    dates = {name: getattr(columns, name) for name in ("p10", "p50", "p90")}
    return {
        **within,
        **{f"next_purchase_{name}": days for name, days in dates.items()},
        f"next_purchase_p50_if_within_{columns.horizon_days}d": columns.p50_if_within,
        "remind_on": columns.remind_on,
        **_tabulate_next_category(columns),
    }


def _tabulate_next_category(columns: NextPurchaseColumns) -> Mapping[str, TableValues]:
    """The category of the soonest reminder; null where there is no reminder."""
    names: list[str | None] = [None] * len(columns.p50)
    days = np.full(len(columns.p50), np.datetime64("NaT", "D"))
    lines = columns.by_category
    if lines is not None:
        begins, ends = lines.offsets[:-1], lines.offsets[1:]
        for row in np.flatnonzero(begins < ends):
            first = begins[row]
            if not np.isnat(lines.remind_on[first]):
                names[row], days[row] = lines.category[first], lines.remind_on[first]
    return {"next_category": names, "next_category_remind_on": days}


NEXT_PURCHASE_ANSWER = Answer(
    compute=compute, schema=NextPurchaseResponse, serialize=serialize, table_columns=table_columns, tabulate=tabulate
)
