"""Visit times, discounts and touch responses: by the shop's clock and from what was known at the cutoff."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.aggregates.baskets import Baskets
from features.aggregates.discounts import discount_signals, discounted_orders
from features.aggregates.touch_responses import WEIGHT_SUMS, has_touch_channels, sent_touches, touch_responses
from features.aggregates.visit_times import TimeOfDayAvailability, visit_times
from features.errors import NotFound
from features.history import History
from tests.logs import FEW_EXAMPLES, cutoff, history_of

TODAY = cutoff("2026-12-01")
LONDON, KOLKATA = "Europe/London", "Asia/Kolkata"
RECORDED = ("customer_id", "ordered_at", "amount", "recorded_at")
BASKETS = ("customer_id", "ordered_at", "amount", "order_id")
CHANNELS = ("customer_id", "ordered_at", "amount", "channel")
COUPONS = ("customer_id", "ordered_at", "amount", "discount", "coupon")
CATEGORIES = ("customer_id", "ordered_at", "amount", "order_id", "category")
VisitKey = tuple[str, int | None, int, str | None]


def visit_counts(
    history: History, day: str = "2026-12-01", zone: str = "UTC", kinds: tuple[str, ...] = ("visit",)
) -> Counter[VisitKey]:
    """The number of visits of each customer by hour, weekday and channel."""
    availability = TimeOfDayAvailability.from_history(history, cutoff(day, zone), kinds, ZoneInfo(zone))
    rows = visit_times(Baskets.before(history, cutoff(day, zone)), kinds, availability).to_pyarrow().to_pylist()
    return Counter({(row["customer_id"], row["hour"], row["weekday"], row["channel"]): row["times"] for row in rows})


def discount_counts(history: History, *redemptions: str, day: str = "2026-12-01") -> dict[str, tuple[int, int, int]]:
    """All orders, the recent ones and the discounted ones, per customer."""
    rows = discounted_orders(Baskets.before(history, cutoff(day)), cutoff(day), redemptions).to_pyarrow().to_pylist()
    return {row["customer_id"]: (row["orders"], row["orders_91d"], row["discounted"]) for row in rows}


def response_counts(history: History, day: str = "2026-12-01") -> dict[tuple[str, str], tuple[int, int]]:
    """Touches and responses, per customer and channel."""
    rows = touch_responses(Baskets.before(history, cutoff(day)), cutoff(day), ("visit",)).to_pyarrow().to_pylist()
    return {(row["customer_id"], row["channel"]): (row["touches"], row["responded"]) for row in rows}


def test_orders_and_listed_events_are_counted_by_hour_and_day_of_the_week() -> None:
    history = history_of(
        ("ann", "2026-06-01 20:59:59", 5), ("ann", "2026-06-08 20:00", 5), ("bob", "2026-06-07 00:30", 5),
        events=[("ann", "2026-06-02 07:00", "visit"), ("ann", "2026-06-02 08:00", "bounce")],
    )  # fmt: skip
    assert visit_counts(history) == {("ann", 20, 1, None): 2, ("bob", 0, 7, None): 1, ("ann", 7, 2, None): 1}


def test_what_comes_at_the_cutoff_or_is_recorded_after_it_is_not_yet_counted() -> None:
    lines = [("ann", "2026-05-31 09:00", 5, None), ("ann", "2026-06-01 00:00", 5, None),
             ("ann", "2026-05-30 10:00", 5, "2026-06-02 10:00")]  # fmt: skip
    history = history_of(*lines, columns=RECORDED, events=[("ann", "2026-06-01 00:00", "visit")])
    assert visit_counts(history, "2026-06-01") == {("ann", 9, 7, None): 1}


def test_an_hour_is_the_shops_also_when_its_clock_is_put_forward_or_back() -> None:
    spring = [("ann", "2026-03-29 00:30", 5, "A1"), ("ann", "2026-03-29 03:30", 5, "A2")]  # two hours apart
    autumn = [("bob", "2026-10-25 00:30", 5, "A3"), ("bob", "2026-10-25 03:30", 5, "A4")]  # four hours apart
    assert visit_counts(history_of(*spring, *autumn, columns=BASKETS, zone=LONDON), zone=LONDON) == {
        (customer_id, hour, 7, None): 1 for customer_id in ("ann", "bob") for hour in (0, 3)
    }


def test_half_an_hour_of_a_zone_moves_an_order_to_the_next_hour_and_day() -> None:
    history = history_of(("ann", "2026-06-01 00:15", 5), zone=KOLKATA)  # still Sunday, a quarter to seven, in UTC
    assert visit_counts(history, zone=KOLKATA) == {("ann", 0, 1, None): 1}


def test_an_order_comes_once_at_the_time_of_its_first_line() -> None:
    lines = [("ann", "2026-06-01 23:50", 5, "A1"), ("ann", "2026-06-02 00:10", 5, "A1")]
    assert visit_counts(history_of(*lines, columns=BASKETS)) == {("ann", 23, 1, None): 1}


def test_an_order_that_was_sent_back_whole_is_none() -> None:
    lines = [("ann", "2026-06-01 12:00", 5, "A1"), ("ann", "2026-06-02 12:00", -5, "A1"),
             ("bob", "2026-06-02 12:00", 5, "A2")]  # fmt: skip
    assert visit_counts(history_of(*lines, columns=BASKETS)) == {("bob", 12, 2, None): 1}


def test_a_log_of_dates_has_no_hours() -> None:
    lines = [(f"c{index}", f"{date(2026, 1, 1) + timedelta(index)}", 5) for index in range(200)]
    assert {hour for _, hour, _, _ in visit_counts(history_of(*lines))} == {None}
    timed = [("ann", "2026-02-01 11:00", 5), ("ann", "2026-02-02 12:00", 5)]
    assert {hour for _, hour, _, _ in visit_counts(history_of(*lines, *timed))} == {None}
    assert {hour for _, hour, _, _ in visit_counts(history_of(*lines[:100], *timed))} == {0, 11, 12}


def test_events_known_by_their_date_alone_have_no_hour_beside_orders_that_have() -> None:
    events = [("ann", "2026-06-02", "visit"), ("ann", "2026-06-02 10:00", "post"), ("ann", "2026-06-03", "post")]
    assert visit_counts(history_of(("ann", "2026-06-01 20:00", 5), events=events), kinds=("visit", "post")) == {
        ("ann", 20, 1, None): 1, ("ann", None, 2, None): 1, ("ann", 10, 2, None): 1, ("ann", 0, 3, None): 1,
    }  # fmt: skip


def test_channels_of_orders_and_events_are_kept() -> None:
    history = history_of(
        ("ann", "2026-06-01 20:00", 5, "web"), columns=CHANNELS, events=[("ann", "2026-06-01 20:00", "visit")]
    )
    assert history.events is not None
    history = replace(history, events=history.events.mutate(channel=ibis.literal("app")))
    assert visit_counts(history) == {("ann", 20, 1, "web"): 1, ("ann", 20, 1, "app"): 1}


def test_an_order_with_a_coupon_is_discounted_and_one_with_a_lower_price_alone_is_not() -> None:
    lines = [("ann", "2026-06-01", 5, 2, 1), ("ann", "2026-06-02", 5, 2, 0), ("ann", "2026-11-30", 5, None, None)]
    history = history_of(*lines, columns=COUPONS)
    assert discount_signals(history, ()) == ("coupon",)
    assert discount_counts(history) == {"ann": (3, 1, 1)}
    assert discount_counts(history_of(*[line[:4] for line in lines], columns=COUPONS[:4])) == {"ann": (3, 1, 2)}


def test_an_order_on_the_day_of_a_redemption_is_discounted() -> None:
    history = history_of(
        ("ann", "2026-06-01", 5), ("ann", "2026-06-02 09:00", 5), ("bob", "2026-06-02", 5),
        events=[("ann", "2026-06-02 18:00", "redeemed"), ("ann", "2026-06-02 19:00", "redeemed"),
                ("ann", "2026-06-01 18:00", "visit"), ("bob", "2026-06-03", "redeemed")],
    )  # fmt: skip
    assert discount_counts(history, "redeemed") == {"ann": (2, 0, 1), "bob": (1, 0, 0)}


def test_a_log_without_discounts_tells_nothing_of_the_price() -> None:
    history = history_of(("ann", "2026-06-01", 5))
    assert discount_signals(history, ("redeemed",)) == ()
    assert discount_counts(history) == {"ann": (1, 0, 0)}


def test_orders_are_counted_by_the_categories_they_contain() -> None:
    lines = [("ann", "2026-06-01", 5, "A1", "tea"), ("ann", "2026-06-01", 3, "A1", "tea"),
             ("ann", "2026-06-01", 3, "A1", "fish"), ("ann", "2026-06-02", -3, "A1", "fish"),
             ("ann", "2026-06-03", 3, "A2", "tea"), ("ann", "2026-06-03", 3, "A2", None),
             ("bob", "2026-06-03", 3, "A3", "fish"), ("bob", "2026-06-03", -9, "A3", None)]  # fmt: skip
    counts = (
        Baskets.before(history_of(*lines, columns=CATEGORIES), cutoff("2026-07-01"))
        .by_category()
        .to_pyarrow()
        .to_pylist()
    )
    assert counts == [{"customer_id": "ann", "category": "tea", "orders": 2}]


def test_a_touch_gets_its_response_within_seven_days() -> None:
    touches = [("ann", "2026-06-01 12:00", "sms"), ("ann", "2026-06-01 12:00:01", "sms"),
               ("ann", "2026-06-09", "email"), ("bob", "2026-06-05", "sms")]  # fmt: skip
    history = history_of(("ann", "2026-06-08 12:00", 5), events=[("ann", "2026-06-09", "visit")], touches=touches)
    assert has_touch_channels(history)
    assert response_counts(history) == {("ann", "sms"): (2, 1), ("ann", "email"): (1, 1), ("bob", "sms"): (1, 0)}


def test_a_touch_whose_week_is_not_over_is_not_counted_yet() -> None:
    touches = [("ann", "2026-06-01 00:00", "sms"), ("ann", "2026-06-01 00:01", "sms")]
    history = history_of(("ann", "2026-06-02", 5), touches=touches)
    assert response_counts(history, "2026-06-08") == {("ann", "sms"): (1, 1)}


def test_a_touch_that_was_withheld_is_not_counted_as_sent() -> None:
    touches = [("ann", "2026-06-01 12:00", "sms", True), ("ann", "2026-06-02 12:00", "sms", None),
               ("ann", "2026-06-03 12:00", "sms", False), ("ann", "2026-06-03 12:00", "push", False)]  # fmt: skip
    history = history_of(("ann", "2026-06-04 12:00", 5), touches=touches)
    assert response_counts(history) == {("ann", "sms"): (2, 2), ("ann", "push"): (0, 0)}
    assert history.touches is not None
    assert sorted(sent_touches(history.touches).channel.to_pyarrow().to_pylist()) == ["sms", "sms"]


@given(p=st.integers(1, 99), sent=st.integers(0, 3), withheld=st.integers(0, 3))
@FEW_EXAMPLES
def test_a_touch_weighs_one_over_the_probability_of_what_happened(p: int, sent: int, withheld: int) -> None:
    touches: list[tuple[object, ...]]
    touches = [("ann", "2026-06-01 12:00", "sms", row < sent, f"{p / 100}") for row in range(sent + withheld)]
    touches += [("ann", "2026-06-01 12:00", "sms", True, "1"), ("ann", "2026-06-01 12:00", "sms", False, None)]
    history = history_of(("ann", "2026-07-04 12:00", 5), touches=touches)
    [row] = touch_responses(Baskets.before(history, TODAY), TODAY, ()).to_pyarrow().to_pylist()
    expected = (sent / (p / 100), 0, withheld / (1 - p / 100), 0)
    assert [row[name] for name in WEIGHT_SUMS] == pytest.approx(expected)


def test_without_probabilities_no_touch_has_a_weight() -> None:
    history = history_of(("ann", "2026-06-04", 5), touches=[("ann", "2026-06-01 12:00", "sms", True)])
    [row] = touch_responses(Baskets.before(history, TODAY), TODAY, ()).to_pyarrow().to_pylist()
    assert [row[name] for name in WEIGHT_SUMS] == [0, 0, 0, 0]


def test_a_history_without_touches_says_what_to_run() -> None:
    history = history_of(("ann", "2026-06-02", 5))
    assert not has_touch_channels(history)
    with pytest.raises(NotFound, match="no touches to count responses to: run `flywheel ingest`"):
        response_counts(history)


minutes = st.integers(0, 59 * 24 * 60)


@FEW_EXAMPLES
@given(
    st.lists(st.tuples(st.sampled_from(["ann", "bob"]), minutes), min_size=1, max_size=9, unique=True),
    st.integers(1, 59),
)
def test_hours_are_those_a_patient_clerk_would_note(orders: list[tuple[str, int]], days: int) -> None:
    start = cutoff("2026-03-01", LONDON).timestamp
    order_times = [
        (customer_id, (start + timedelta(minutes=minute)).astimezone(ZoneInfo(LONDON)))
        for customer_id, minute in orders
    ]
    lines = [
        (customer_id, f"{timestamp:%Y-%m-%d %H:%M}", 5, f"A{index}")
        for index, (customer_id, timestamp) in enumerate(order_times)
        if timestamp.fold == 0
    ]
    lines.append(("eve", "2026-03-01 00:30", 5, "E1"))  # so that the log is not one of dates
    last = (date(2026, 3, 1) + timedelta(days)).isoformat()
    before = [
        (customer_id, timestamp)
        for customer_id, timestamp in order_times
        if timestamp.fold == 0 and timestamp.date().isoformat() < last
    ]
    assert visit_counts(history_of(*lines, columns=BASKETS, zone=LONDON), last, LONDON) == Counter(
        [
            ("eve", 0, 7, None),
            *((customer_id, timestamp.hour, timestamp.isoweekday(), None) for customer_id, timestamp in before),
        ]
    )


@pytest.mark.slow
@FEW_EXAMPLES
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob", "eve"]), st.integers(0, 9)), min_size=1, max_size=9))
def test_the_visit_times_of_a_customer_range_are_those_among_all_customers(orders: list[tuple[str, int]]) -> None:
    lines = [
        (customer_id, f"2026-06-{day + 1:02d} 10:00", 5, f"A{index}") for index, (customer_id, day) in enumerate(orders)
    ]
    history, day = history_of(*lines, columns=BASKETS), cutoff("2026-06-08")
    availability = TimeOfDayAvailability.from_history(history, day, (), ZoneInfo("UTC"))
    all_rows = visit_times(Baskets.before(history, day), (), availability).to_pyarrow().to_pylist()
    with Baskets.open_customer_range(history, day, "b", "eve") as baskets:
        rows = visit_times(baskets, (), availability).to_pyarrow().to_pylist()
    assert sorted(map(str, rows)) == sorted(str(row) for row in all_rows if row["customer_id"] != "ann")
