"""Preset segments: membership by measures and predictions."""

from __future__ import annotations

import numpy as np

from features.config.conditions import Measure
from features.config.segmentation import PresetSegmentsConfig
from training.segments.preset_segments import Predictions, is_overdue, preset_segments

TODAY = np.datetime64("2026-03-01")
MISSING = np.nan
FIRST, LAST, ORDERS = Measure("days_since_first_order"), Measure("days_since_order"), Measure("orders")
Customer = dict[str, float]


def members(
    segment: str, *customers: Customer, config: PresetSegmentsConfig | None = None, lapsed: bool = False
) -> list[bool]:
    """Membership per customer; values not given are those of a buyer of ten orders in a steady rhythm."""
    defaults = {"first": 300, "last": 10, "orders": 10, "recent": 4, "churn": 0.5, "worth": 10}
    rows = [{**defaults, **customer} for customer in customers]
    column = {name: np.array([row[name] for row in rows], float) for name in defaults}
    measured = {FIRST: column["first"], LAST: column["last"], ORDERS: column["orders"]}
    predicted = Predictions(
        churn_probability=column["churn"],
        predicted_value=column["worth"],
        category_due_on=np.full(len(rows), np.datetime64("NaT", "D")),
    )
    measured[Measure("orders", 182)] = column["recent"]
    gone = np.full(len(rows), lapsed)
    members: list[bool] = preset_segments(
        config or PresetSegmentsConfig(), measured, predicted, (0.3, 0.7), gone, TODAY
    )[segment].tolist()
    return members


def test_the_most_valuable_fifth_of_newcomers_has_high_potential() -> None:
    newcomers: list[Customer] = [{"first": 29, "worth": worth} for worth in (1, 2, 3, 4, 5, 5)]
    old, prospect = {"first": 30, "worth": 99.0}, {"first": MISSING, "worth": 99.0}
    segment = "preset_segment_high_potential_newcomer"
    assert members(segment, *newcomers, old, prospect) == [False] * 4 + [True, True] + [False, False]
    assert members(segment, *newcomers[:5], old, prospect) == [False] * 4 + [True] + [False, False]
    assert members(segment, *newcomers, config=PresetSegmentsConfig(newcomer_days=7)) == [False] * 6


def test_a_regular_orders_often_and_is_unlikely_to_leave() -> None:
    customers: list[Customer] = [
        {"recent": 5, "churn": 0.29},
        {"recent": 4, "churn": 0.29},
        {"recent": 5, "churn": 0.3},
    ]
    assert members("preset_segment_active_regular", *customers) == [True, False, False]


def test_about_to_lapse_needs_a_high_churn_probability_or_an_overdue_order() -> None:
    customers: list[Customer] = [
        {"churn": 0.7},
        {"churn": 0.69},
        {"churn": 0.3, "last": 150},
        {"churn": 0.29, "last": 150},
        {"churn": 0.9, "orders": 1},
    ]
    assert members("preset_segment_about_to_lapse", *customers) == [True, False, True, False, False]


def test_a_lapsed_customer_is_not_about_to_lapse() -> None:
    assert members("preset_segment_about_to_lapse", {"churn": 0.9}, lapsed=True) == [False]


def test_overdue_is_a_silence_of_twice_the_usual_gap() -> None:
    # Three orders, at 100, 60 and 20 days; two on one day; one; none.
    measured = {
        FIRST: np.array([160, 161, 3, 2, 90, MISSING]),
        LAST: np.array([80, 81, 3, 2, 90, MISSING]),
        ORDERS: np.array([3, 3, 2, 2, 1, 0]),
    }
    assert is_overdue(measured, 2.0).tolist() == [False, True, True, False, False, False]


def test_a_reminder_is_due_on_its_day_and_after() -> None:
    days = np.array(["2026-02-28", "2026-03-01", "2026-03-02", "NaT"], "datetime64[D]")
    zeros = np.zeros(4)
    predicted = Predictions(churn_probability=zeros, predicted_value=zeros, category_due_on=days)
    measured = dict.fromkeys((FIRST, LAST, ORDERS, Measure("orders", 182)), zeros)
    segments = preset_segments(PresetSegmentsConfig(), measured, predicted, (0.3, 0.7), zeros > 0, TODAY)
    assert segments["preset_segment_due_for_replenishment"].tolist() == [True, True, False, False]
