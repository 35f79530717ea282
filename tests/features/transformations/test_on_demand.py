"""On-demand features: inputs that depend on today are right at the instant of the request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.calendar import DAY_US, day_number, local_day, micros
from features.config.sources import EventsSource
from features.history import Cutoff
from features.online.arrow_rows import feature_rows
from features.online.feature_rows import FeatureRows, RaggedList
from features.transformations.behaviour import behaviour, behaviour_view
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.transactions import transactions, transactions_view
from tests.features.truth import frame, transactions_truth
from tests.logs import history_of

ZONE = ZoneInfo("Europe/London")
MONDAY = date(2026, 3, 23)  # the clocks change on the following Sunday
VISITS = EventsSource(path="e", customer_id=("c",), happened_at=("t",), kind=("k",), behaviour=("visit",))
COLUMNS = ("customer_id", "ordered_at", "amount", "order_id")
AGES = range(8)

# The only inputs that age: they count events in windows that have moved since they were stored.
SLIDING = {
    *(f"{name}_{days}d" for name in ("orders", "spend") for days in (56, 91, 182, 365)),
    *("behaviour_28d", "behaviour_91d", "behaviour_active_91d", "behaviour_visit_91d", "orders_28d_over_91d"),
}


@cache
def lines() -> tuple[tuple[object, ...], ...]:
    """A dozen customers until the Sunday before, most of them active in the last weeks; some return goods."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(240):
        ordered_on = MONDAY - timedelta(days=1 + int(rng.exponential(20)))
        time = f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
        order = f"o{number // 2}" if number % 3 else None
        rows.append((f"c{rng.integers(0, 12)}", f"{ordered_on} {time}", f"{rng.integers(-200, 2000) / 100:.2f}", order))
    return tuple(rows)


@cache
def stored_features(day: date) -> FeatureRows:
    """The stored features of all customers at the beginning of a day after which nobody has ordered."""
    visits = [(str(customer_id), str(ordered_at), "visit") for customer_id, ordered_at, *_ in lines()[::5]]
    history = history_of(*lines(), columns=COLUMNS, events=visits, zone=str(ZONE))
    cutoff = [Cutoff.from_day(day, ZONE)]
    table = transactions(history, cutoff).left_join(behaviour(history, cutoff, VISITS), ["customer_id"])
    rows = table.mutate(features_at=table.event_timestamp).order_by("customer_id").to_pyarrow()
    return feature_rows(rows, (transactions_view(history), behaviour_view(VISITS)))


def inputs_at(features: FeatureRows, timestamp: datetime) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """The model's inputs at an instant, by name."""
    now = np.full(len(features), micros(timestamp))
    today = np.full(len(features), day_number(local_day(micros(timestamp), ZONE)))
    inputs = model_inputs(features, now, today)
    return dict(zip(input_names(features.columns, tuple(features.lists)), inputs.T, strict=True))


def orders_by_day(log: pd.DataFrame) -> pd.DataFrame:
    """The customer and day of every order."""
    paid = log.assign(paid=log["amount"].astype(float)).groupby(["customer_id", "order"], as_index=False)
    orders = paid.agg({"paid": "sum", "day": "min"})
    return orders[orders["paid"].round(4) > 0]


def start_of_day(age: int) -> datetime:
    return Cutoff.from_day(MONDAY + timedelta(days=age), ZONE).timestamp


@pytest.mark.parametrize("age", AGES)
def test_each_silent_day_moves_what_depends_on_today_as_a_recomputation_would(age: int) -> None:
    inputs = inputs_at(stored_features(MONDAY), start_of_day(age))
    fresh = inputs_at(stored_features(MONDAY + timedelta(days=age)), start_of_day(age))
    moved = {name for name in inputs if not np.array_equal(inputs[name], fresh[name], equal_nan=True)}
    assert moved <= SLIDING
    assert bool(moved) == bool(age)


@pytest.mark.parametrize("age", AGES)
def test_recency_and_short_windows_are_those_of_the_raw_log(age: int) -> None:
    features, now = stored_features(MONDAY), start_of_day(age) + timedelta(hours=13)
    inputs, log = inputs_at(features, now), frame(COLUMNS, lines(), str(ZONE))
    for row, customer_id in enumerate(features.customer_ids):
        customer_lines = log[log["customer_id"] == customer_id]
        days_ago = (pd.Timestamp(MONDAY + timedelta(days=age)) - customer_lines["day"]).dt.days
        truth = transactions_truth(log, customer_id, Cutoff(MONDAY, now))
        ordered = (pd.Timestamp(MONDAY + timedelta(days=age)) - orders_by_day(customer_lines)["day"]).dt.days
        assert inputs["recency_days"][row] == (micros(now) - int(str(truth["last_order_at"]))) / DAY_US
        assert inputs["tenure_days"][row] == (micros(now) - int(str(truth["first_order_at"]))) / DAY_US
        for window in (7, 14, 28):
            assert inputs[f"orders_{window}d"][row] == (ordered <= window).sum()
            spent = customer_lines.loc[days_ago <= window, "amount"].astype(float).sum()
            assert inputs[f"spend_{window}d"][row] == pytest.approx(spent, abs=1e-9)


def test_at_their_own_time_the_short_windows_agree_with_the_long_ones() -> None:
    inputs = inputs_at(stored_features(MONDAY), start_of_day(0))
    assert np.all(inputs["orders_28d"] <= inputs["orders_56d"])
    assert np.all(inputs["orders_7d"] <= inputs["orders_14d"])
    assert inputs["orders_28d"].sum() > 40


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("days", [56, 91, 182, 365])
def test_a_long_window_is_too_high_by_the_orders_that_have_left_it(days: int, age: int) -> None:
    features, name = stored_features(MONDAY), f"orders_{days}d"
    too_high = (
        inputs_at(features, start_of_day(age))[name]
        - inputs_at(stored_features(MONDAY + timedelta(days=age)), start_of_day(age))[name]
    )
    orders = orders_by_day(frame(COLUMNS, lines(), str(ZONE)))
    left = [MONDAY - timedelta(days=days - number) for number in range(age)]
    gone = orders[orders["day"].isin(pd.to_datetime(left))].groupby("customer_id").size()
    assert too_high.tolist() == gone.reindex(list(features.customer_ids), fill_value=0).tolist()


def test_a_silent_customer_grows_overdue() -> None:
    ann = history_of(*(("ann", f"2026-03-{day:02d}", 5) for day in (1, 8, 15)), zone=str(ZONE))
    table = transactions(ann, [Cutoff.from_day(MONDAY, ZONE)])
    features = feature_rows(table.mutate(features_at=table.event_timestamp).to_pyarrow(), (transactions_view(ann),))
    overdue = [inputs_at(features, start_of_day(age))["recency_over_median_gap"][0] for age in (0, 6, 7)]
    assert overdue == pytest.approx([8 / 7, 14 / 7, (15 - 1 / 24) / 7])


def test_what_is_not_known_of_a_stranger_is_nan_and_not_zero() -> None:
    unknown = FeatureRows(
        customer_ids=["nobody"],
        known=np.array([False]),
        features_at=np.zeros(1, np.int64),
        columns=stored_features(MONDAY).columns,
        matrix=np.full((1, len(stored_features(MONDAY).columns)), np.nan),
        lists={
            name: RaggedList(offsets=np.zeros(2, np.int64), values=np.empty(0))
            for name in stored_features(MONDAY).lists
        },
    )
    inputs = inputs_at(unknown, start_of_day(3))
    assert {name for name, value in inputs.items() if not np.isnan(value[0])} == {
        f"{name}_{days}d" for name in ("orders", "spend") for days in (7, 14, 28)
    }


def test_the_inputs_are_named_in_the_order_of_their_columns() -> None:
    assert input_names(
        ("orders", "first_order_at", "last_order_at", "social_last_at", "orders_91d"), ("recent_days", "recent_orders")
    ) == (
        "orders", "orders_91d", "tenure_days", "recency_days", "social_recency_days",
        "orders_7d", "orders_14d", "orders_28d",
        "recency_over_mean_gap", "recency_over_median_gap", "recency_over_p90_gap",
        "orders_per_day", "orders_28d_over_91d",
    )  # fmt: skip


def test_no_customers_have_no_inputs() -> None:
    empty = feature_rows(
        pa.Table.from_pylist([], schema=_schema()), (transactions_view(history_of(*lines()[:1], columns=COLUMNS)),)
    )
    assert inputs_at(empty, datetime(2026, 3, 23, tzinfo=UTC))["recency_days"].shape == (0,)


def _schema() -> pa.Schema:
    history = history_of(*lines()[:1], columns=COLUMNS, zone=str(ZONE))
    table = transactions(history, [Cutoff.from_day(MONDAY, ZONE)])
    return table.mutate(features_at=table.event_timestamp).to_pyarrow().schema
