"""How long a customer has been silent: whole days of the shop, by what was known at the cutoff."""

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
whos = st.sampled_from(["ann", "bob"])


@FEW_EXAMPLES
@given(st.lists(st.tuples(whos, days, days), min_size=1, max_size=8), st.lists(st.tuples(whos, days), max_size=6), days)
def test_silences_are_what_a_patient_clerk_would_count(
    orders: list[tuple[str, int, int]], visits: list[tuple[str, int]], asked: int
) -> None:
    first = date(2026, 1, 1)
    lines = [(who, f"{first + timedelta(placed)} 09:00", 5, f"{first + timedelta(placed + late)} 10:00")
             for who, placed, late in orders]  # fmt: skip
    events = [(who, f"{first + timedelta(day)} 08:00", "visit") for who, day in visits]
    history, day = history_of(*lines, columns=RECORDED, events=events), first + timedelta(asked)
    found = days_silent(history, day.isoformat())
    for who in ("ann", "bob"):
        placed = [on for name, on, late in orders if name == who and on + late < asked]
        heard = placed + [on for name, on in visits if name == who and on < asked]
        assert (who in found) == bool(heard)
        if heard:
            assert found[who] == (asked - max(heard) - 1, asked - max(placed) - 1 if placed else None)
