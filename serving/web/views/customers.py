"""Customer view: what the page shows of one customer, made from predictions, history and consents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from features.calendar import local_day
from serving.schemas.customer_history import CustomerHistory
from serving.web.address import customer_path
from serving.web.views.customer_consents import ConsentSwitch
from serving.web.views.customer_history import TimelineView, timeline_view

Json = Mapping[str, Any]
ANSWERED = ("scored", "insufficient_history", "stale_features")
LONG_AGO_HORIZONS = 2  # churn horizons without an order after which a customer has left, rather than may leave
_DAILY_UNTIL = 30  # days of the curve
_SHOWN_HORIZON = 90  # days of the spend on the tile; the nearest one of the shop


@dataclass(frozen=True, kw_only=True)
class RiskView:
    """Risk view: whether the customer leaves."""

    probability: float
    band: str
    percentile: float
    horizon_days: int
    left_long_ago: bool


@dataclass(frozen=True, kw_only=True)
class NextOrderView:
    """Next order view: when the customer orders again; None lies beyond the last day of the model."""

    expected_on: date | None
    earliest: date | None  # of 8 in 10
    latest: date | None
    remind_on: date | None


@dataclass(frozen=True, kw_only=True)
class SpendView:
    """Spend view: expected spend within a horizon, with the range of 8 in 10; None without amounts."""

    days: int
    mean: float | None
    p10: float | None
    p90: float | None
    expected_orders: float


@dataclass(frozen=True, kw_only=True)
class CategoryView:
    """Category view: the next order in a category, and the share of the way to it that has passed."""

    name: str
    evidence: str
    last_order_on: date
    next_order: NextOrderView
    elapsed_share: float


@dataclass(frozen=True, kw_only=True)
class CustomerView:
    """Customer view: one customer; without an answer, the status alone."""

    customer_id: str
    path: str
    status: str
    reason: str | None
    today: date
    timeline: TimelineView
    stale_days: int = 0
    last_order_on: date | None = None
    silent_days: int | None = None
    risk: RiskView | None = None
    next_order: NextOrderView | None = None
    spend: Sequence[SpendView] = ()
    historic_spend: float | None = None
    reasons: Mapping[str, Sequence[Json]] | None = None  # by answer
    curve: Sequence[tuple[int, float]] = ()
    categories: Sequence[CategoryView] = ()
    segment: Json | None = None
    consents: Sequence[ConsentSwitch] | None = None  # None where the key may not see them
    is_card: bool = False  # the compact card for a sidebar
    changed: str | None = None  # the purpose of a consent that was changed just now
    wrong_id: bool = False  # whether the id that was typed to forget the customer is another one

    @property
    def is_answered(self) -> bool:
        """Whether there are predictions."""
        return self.status in ANSWERED


def customer_view(
    prediction: Json, history: CustomerHistory, consents: Sequence[ConsentSwitch] | None, now: int, zone: ZoneInfo
) -> CustomerView:
    """The view of a customer at an instant, from a prediction with all parts and the curve."""
    customer_id, status, today = prediction["customer_id"], prediction["status"], local_day(now, zone)
    view = CustomerView(
        customer_id=customer_id,
        path=customer_path(customer_id),
        status=status,
        reason=prediction.get("reason"),
        today=today,
        timeline=timeline_view(history),
        consents=consents,
    )
    if not view.is_answered:
        return view
    last_order_on = _last_order_on(prediction, history)
    silent_days = None if last_order_on is None else (today - last_order_on).days
    features_on = datetime.fromisoformat(prediction["features_at"]).astimezone(zone).date()
    return replace(
        view,
        last_order_on=last_order_on,
        silent_days=silent_days,
        stale_days=(today - features_on).days,
        **_answers(prediction, silent_days, today),
    )


def _answers(prediction: Json, silent_days: int | None, today: date) -> dict[str, Any]:
    purchase, ltv, reasons = prediction.get("next_purchase"), prediction.get("ltv"), prediction.get("reasons") or []
    answers: dict[str, Any] = {
        "risk": _risk(prediction.get("churn"), silent_days),
        "segment": prediction.get("segment"),
        "reasons": {
            answer: [reason for reason in reasons if reason["answer"] == answer]
            for answer in dict.fromkeys(reason["answer"] for reason in reasons)
        },
    }
    if purchase is not None:
        answers |= {
            "next_order": _next_order(purchase, today),
            "curve": _curve(purchase.get("curve")),
            "categories": [_category(line, today) for line in purchase["by_category"] or ()],
        }
    if ltv is not None:
        answers |= {"spend": _spend(ltv["predicted"]), "historic_spend": ltv["historic"]}
    return answers


def _curve(probabilities: Sequence[float] | None) -> list[tuple[int, float]]:
    """P(order) by day from today on, where it was asked for: each day of a month, then with steps of five days."""
    if probabilities is None:
        return []
    days = [*range(1, _DAILY_UNTIL), *range(_DAILY_UNTIL, len(probabilities) + 1, 5)]
    return [(0, 0.0), *((day, round(probabilities[day - 1], 4)) for day in days)]


def _risk(churn: Json | None, silent_days: int | None) -> RiskView | None:
    if churn is None:
        return None
    horizon: int = churn["horizon_days"]
    return RiskView(
        probability=churn["probability"],
        band=churn["band"],
        percentile=churn["percentile"],
        horizon_days=horizon,
        left_long_ago=churn["band"] == "high" and (silent_days or 0) > LONG_AGO_HORIZONS * horizon,
    )


def _next_order(purchase: Json, today: date) -> NextOrderView:
    """The day that a reminder rests on: the median given an order within the horizon, or the median beyond it."""
    ((days, if_within),) = purchase["p50_if_within"].items()
    median = _optional_day(purchase["p50"])
    is_within = median is not None and (median - today).days <= int(days)
    return NextOrderView(
        expected_on=_optional_day(if_within) if is_within else median,
        earliest=_optional_day(purchase["p10"]),
        latest=_optional_day(purchase["p90"]),
        remind_on=_optional_day(purchase["remind_on"]),
    )


def _category(line: Json, today: date) -> CategoryView:
    last, order = _day(line["last_order_at"]), _next_order(line, today)
    span = None if order.expected_on is None else (order.expected_on - last).days
    return CategoryView(
        name=line["category"],
        evidence=line["evidence"],
        last_order_on=last,
        next_order=order,
        elapsed_share=0.0 if span is None else min((today - last).days / max(span, 1), 1.0),
    )


def _spend(predicted: Mapping[str, Json]) -> list[SpendView]:
    """The horizon nearest to ``_SHOWN_HORIZON`` days, then the longest one."""
    horizons = sorted(map(int, predicted))
    shown = dict.fromkeys([min(horizons, key=lambda days: abs(days - _SHOWN_HORIZON)), horizons[-1]])
    names = ("mean", "p10", "p90", "expected_orders")
    return [SpendView(days=days, **{name: predicted[str(days)][name] for name in names}) for days in shown]


def _last_order_on(prediction: Json, history: CustomerHistory) -> date | None:
    """The day of the last order: of the history or, where it cannot be read, of any category."""
    lines = (prediction.get("next_purchase") or {}).get("by_category") or ()
    days = [_day(line["last_order_at"]) for line in lines]
    return history.last_order_on or max(days, default=None)


def _day(value: date | str) -> date:
    """A day, also one that is written in ISO 8601."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _optional_day(value: date | str | None) -> date | None:
    return None if value is None else _day(value)
