"""Inactivity: whole days of the shop without a contact or an order, as known at the cutoff."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from features.aggregates.inactivity import inactivity
from features.history import History
from tests.logs import FEW_EXAMPLES, cutoff, history_of

LONDON = "Europe/London"
RECORDED = ("customer_id", "ordered_at", "amount", "recorded_at")
BASKETS = ("customer_id", "ordered_at", "amount", "order_id")


def days_silent(
    history: History, day: str = "2026-03-01", kinds: tuple[str, ...] = ("visit", "post"), zone: str = "UTC"
) -> dict[str, tuple[float, float | None]]:
    """Days without a contact and without an order, per customer."""
    rows = inactivity(history, cutoff(day, zone), kinds).to_pyarrow().to_pylist()
    return {row["customer_id"]: (row["no_contact_days"], row["no_order_days"]) for row in rows}


def test_who_ordered_yesterday_has_been_silent_for_no_day() -> None:
    assert days_silent(history_of(("ann", "2026-02-28 00:00", 5), ("bob", "2026-02-25 23:59", 5))) == {
        "ann": (0.0, 0.0),
        "bob": (3.0, 3.0),
    }


def test_an_order_at_the_cutoff_is_not_yet_heard_of() -> None:
    history = history_of(("ann", "2026-02-20", 5), ("ann", "2026-03-01 00:00", 5), ("new", "2026-03-01 00:00", 5))
    assert days_silent(history) == {"ann": (8.0, 8.0)}
    assert days_silent(history, "2026-03-02") == {"ann": (0.0, 0.0), "new": (0.0, 0.0)}


def test_a_visit_or_a_post_is_a_contact_and_no_order() -> None:
    events = [("ann", "2026-02-26", "visit"), ("bob", "2026-02-27", "post"), ("ann", "2026-03-01 00:00", "visit")]
    history = history_of(("ann", "2026-02-01", 5), ("bob", "2026-02-01", 5), ("eve", "2026-02-01", 5), events=events)
    assert days_silent(history) == {"ann": (2.0, 27.0), "bob": (1.0, 27.0), "eve": (27.0, 27.0)}


def test_an_event_of_a_kind_that_is_not_listed_is_no_contact() -> None:
    history = history_of(("ann", "2026-02-01", 5), events=[("ann", "2026-02-26", "bounce")])
    assert days_silent(history) == {"ann": (27.0, 27.0)}
    assert days_silent(history, kinds=("bounce",)) == {"ann": (2.0, 27.0)}


def test_a_return_is_a_contact_and_no_order() -> None:
    lines = [("ann", "2026-02-01", 9, "A1"), ("ann", "2026-02-20", -5, "C1"), ("bob", "2026-02-01", -5, "C2")]
    assert days_silent(history_of(*lines, columns=BASKETS)) == {"ann": (8.0, 27.0), "bob": (27.0, None)}


def test_an_order_that_was_sent_back_whole_is_a_contact_alone() -> None:
    lines = [("ann", "2026-01-01", 9, "A1"), ("ann", "2026-02-01", 5, "A2"), ("ann", "2026-02-03", -5, "A2")]
    assert days_silent(history_of(*lines, columns=BASKETS)) == {"ann": (25.0, 58.0)}


def test_a_line_recorded_after_the_cutoff_has_not_been_heard_of_at_it() -> None:
    history = history_of(
        ("ann", "2026-02-01", 5, None), ("ann", "2026-02-27", 5, "2026-03-01 00:00"), columns=RECORDED
    )  # fmt: skip
    assert days_silent(history) == {"ann": (27.0, 27.0)}
    assert days_silent(history, "2026-03-02") == {"ann": (2.0, 2.0)}


def test_a_day_is_the_shops_day() -> None:
    history = history_of(("ann", "2026-06-30 00:30", 5), zone=LONDON)  # still the 29th in UTC
    assert days_silent(history, "2026-07-01", zone=LONDON) == {"ann": (0.0, 0.0)}


days = st.integers(0, 40)
customer_ids = st.sampled_from(["ann", "bob"])


@FEW_EXAMPLES
@given(
    st.lists(st.tuples(customer_ids, days, days), min_size=1, max_size=8),
    st.lists(st.tuples(customer_ids, days), max_size=6),
    days,
)
def test_silences_are_what_a_patient_clerk_would_count(
    orders: list[tuple[str, int, int]], visits: list[tuple[str, int]], cutoff_day: int
) -> None:
    first = date(2026, 1, 1)
    lines = [(customer_id, f"{first + timedelta(order_day)} 09:00", 5, f"{first + timedelta(order_day + delay)} 10:00")
             for customer_id, order_day, delay in orders]  # fmt: skip
    events = [(customer_id, f"{first + timedelta(day)} 08:00", "visit") for customer_id, day in visits]
    history, cutoff_date = history_of(*lines, columns=RECORDED, events=events), first + timedelta(cutoff_day)
    days_by_customer = days_silent(history, cutoff_date.isoformat())
    for customer_id in ("ann", "bob"):
        order_days = [day for name, day, delay in orders if name == customer_id and day + delay < cutoff_day]
        contact_days = order_days + [day for name, day in visits if name == customer_id and day < cutoff_day]
        assert (customer_id in days_by_customer) == bool(contact_days)
        if contact_days:
            assert days_by_customer[customer_id] == (
                cutoff_day - max(contact_days) - 1,
                cutoff_day - max(order_days) - 1 if order_days else None,
            )
