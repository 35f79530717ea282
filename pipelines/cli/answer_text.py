"""Answer text: the parts of a customer's answer, as HTTP gives them, in words for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MAX_CATEGORIES = 3
_EVIDENCE = {"customer": "from the customer", "experiment": "from an experiment"}


def answer_lines(part: str, answer: Json) -> list[str]:
    """The lines about one part of an answer; a part without words of its own shows its fields."""
    return list(_LINES.get(part, _field_lines)(answer))


def _churn_lines(answer: Json) -> Iterator[str]:
    yield (
        f"{answer['probability']:.1%} chance of no order within {answer['horizon_days']} days: {answer['band']}, "
        f"higher than {answer['percentile']:.0f} % of the customers"
    )


def _next_purchase_lines(answer: Json) -> Iterator[str]:
    yield _dates(answer)
    for days, day in answer["p50_if_within"].items():
        yield f"if within {days} days: {_day(day)}"
    yield "order within " + ", ".join(
        f"{days} days {share:.0%}" for days, share in answer["probability_within"].items()
    )
    categories = answer["by_category"] or []
    for line in categories[:_MAX_CATEGORIES]:
        yield f"{line['category']}: {_dates(line)}"
    if further := len(categories[_MAX_CATEGORIES:]):
        yield f"and {further} further categories"


def _ltv_lines(answer: Json) -> Iterator[str]:
    for days, spend in answer["predicted"].items():
        orders = f"{spend['expected_orders']:,.1f} orders"
        if spend["mean"] is None:
            yield f"{days} days: {orders}"
        else:
            interval = f"80 %: {spend['p10']:,.0f} to {spend['p90']:,.0f}"
            yield f"{days} days: {spend['mean']:,.0f} {answer['currency']} ({interval}), {orders}"
    if answer["historic"] is not None:
        yield f"so far: {answer['historic']:,.2f} {answer['currency']}"


def _segment_lines(answer: Json) -> Iterator[str]:
    if answer["status"] != "scored":
        yield "not in the scores table: `flywheel score` assigns segments"
        return
    rfm = answer["rfm"] or {}
    names = {"RFM": rfm.get("segment"), "lifecycle": answer["lifecycle_stage"], "phase": answer["lifecycle_phase"]}
    names["value"] = answer["value_tier"]
    yield ", ".join(f"{name} {value}" for name, value in names.items() if value)
    if segments := [*answer["segments"], *answer["preset_segments"]]:
        yield f"segments: {', '.join(segments)}"
    if hours := answer["preferred_hours"]:
        yield f"best hours: {hours['begin']} to {hours['end']} ({_evidence(hours)})"
    if weekday := answer["preferred_weekday"]:
        yield f"best weekday: {_WEEKDAYS[weekday['weekday'] - 1]} ({_evidence(weekday)})"
    for name in ("channels", "categories"):
        if answer[name] and answer[name]["ranked"]:
            ranked = ", ".join(f"{item['name']} {item['affinity']:.0%}" for item in answer[name]["ranked"])
            yield f"{name}: {ranked} ({_evidence(answer[name])})"
    if price := answer["price_sensitivity"]:
        shown = "moved by the offer" if price["evidence"] == "experiment" else "orders at a reduced price"
        yield f"{shown}: {price['share']:.0%} ({_evidence(price)})"


def _field_lines(answer: Json) -> Iterator[str]:
    yield ", ".join(f"{name} {value}" for name, value in answer.items() if name not in {"status", "tier"})


def _dates(answer: Json) -> str:
    """The expected day with its interval, and the day of the reminder."""
    reminder = f"; remind on {answer['remind_on']}" if answer["remind_on"] else "; no reminder"
    if answer["p10"] is None:
        return f"no order expected{reminder}"
    return f"{_day(answer['p50'])} (80 %: {_day(answer['p10'])} to {_day(answer['p90'])}){reminder}"


def _day(day: str | None) -> str:
    return day or "never"


def _evidence(preference: Json) -> str:
    return _EVIDENCE.get(preference["evidence"], "mostly from all customers")


_LINES: Mapping[str, Callable[[Json], Iterator[str]]] = {
    "churn": _churn_lines,
    "next_purchase": _next_purchase_lines,
    "ltv": _ltv_lines,
    "segment": _segment_lines,
}
