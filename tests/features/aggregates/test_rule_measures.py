"""Rule measures: the values that rules and segments test, from what was known at the cutoff."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.aggregates.rule_measures import rule_measures
from features.config.conditions import Measure
from features.history import History
from tests.logs import FEW_EXAMPLES, cutoff, history_of

LONDON = "Europe/London"
RECORDED = ("customer_id", "ordered_at", "amount", "recorded_at")
BASKETS = ("customer_id", "ordered_at", "amount", "order_id")

Row = dict[str, float | None]


def measures_by_customer(
    history: History, *measures: Measure, day: str = "2026-03-01", zone: str = "UTC"
) -> dict[str, Row]:
    """Every measure by the name of its column, per customer."""
    rows = rule_measures(history, cutoff(day, zone), ("visit", "post"), measures).to_pyarrow().to_pylist()
    return {row.pop("customer_id"): row for row in rows}


def test_orders_and_spend_are_counted_in_the_window_and_ever() -> None:
    history = history_of(("ann", "2026-02-27", 5), ("ann", "2026-01-01", 7), ("bob", "2026-01-01", 4))
    measures = [Measure(name, within) for name in ("orders", "spend") for within in (30, None)]
    assert measures_by_customer(history, *measures) == {
        "ann": {"orders_30d": 1, "orders": 2, "spend_30d": 5, "spend": 12},
        "bob": {"orders_30d": 0, "orders": 1, "spend_30d": 0, "spend": 4},
    }
    assert measures_by_customer(history, Measure("average_basket", 30), Measure("average_basket")) == {
        "ann": {"average_basket_30d": 5, "average_basket": 6},
        "bob": {"average_basket_30d": None, "average_basket": 4},
    }


def test_a_window_holds_its_first_day_and_not_the_cutoff() -> None:
    lines = [("ann", "2026-02-22 00:00", 1), ("ann", "2026-02-21 23:59", 1), ("ann", "2026-03-01 00:00", 1)]
    assert measures_by_customer(history_of(*lines), Measure("orders", 7), Measure("orders")) == {
        "ann": {"orders": 2, "orders_7d": 1}
    }


def test_days_are_counted_from_yesterday() -> None:
    history = history_of(
        ("ann", "2026-02-28 23:59", 5), ("ann", "2026-02-20", 5), events=[("bob", "2026-02-27", "visit")]
    )
    measures = [Measure(f"days_{name}") for name in ("since_order", "since_first_order", "since_contact", "known")]
    assert measures_by_customer(history, *measures) == {
        "ann": {"days_since_order": 0, "days_since_first_order": 8, "days_since_contact": 0, "days_known": 8},
        "bob": {"days_since_order": None, "days_since_first_order": None, "days_since_contact": 1, "days_known": 1},
    }


def test_a_prospect_known_from_an_event_of_no_listed_kind_is_known_without_a_contact() -> None:
    history = history_of(("ann", "2026-02-01", 5), events=[("pat", "2026-02-26", "bounce")])
    measures = [Measure("contacts"), Measure("days_since_contact"), Measure("days_known"), Measure("orders")]
    assert measures_by_customer(history, *measures)["pat"] == {
        "contacts": 0,
        "days_since_contact": None,
        "days_known": 2,
        "orders": 0,
    }


def test_a_basket_of_many_lines_is_one_contact_and_its_return_on_another_day_is_one_more() -> None:
    lines = [("ann", "2026-02-20", 5, "A1"), ("ann", "2026-02-20", 4, "A1"), ("ann", "2026-02-25", -4, "A1")]
    history = history_of(
        *lines, columns=BASKETS, events=[("ann", "2026-02-20", "visit"), ("ann", "2026-02-20", "visit")]
    )
    assert measures_by_customer(history, Measure("contacts"), Measure("contacts", 5)) == {
        "ann": {"contacts": 4, "contacts_5d": 1}
    }


def test_a_return_lowers_the_spend_of_its_day_and_the_basket_of_its_order() -> None:
    lines = [("ann", "2026-01-10", 9, "A1"), ("ann", "2026-02-20", -4, "A1"), ("ann", "2026-02-21", 7, "A2")]
    measures = [Measure(name, within) for name in ("orders", "spend", "average_basket") for within in (30, None)]
    assert measures_by_customer(history_of(*lines, columns=BASKETS), *measures)["ann"] == {
        "orders": 2,
        "orders_30d": 1,
        "spend": 12,
        "spend_30d": 3,
        "average_basket": 6,
        "average_basket_30d": 7,
    }


def test_an_order_that_was_sent_back_whole_is_none() -> None:
    lines = [("ann", "2026-02-01", 5, "A1"), ("ann", "2026-02-03", -5, "A1")]
    measures = [Measure("orders"), Measure("spend"), Measure("average_basket"), Measure("days_since_order")]
    assert measures_by_customer(history_of(*lines, columns=BASKETS), *measures) == {
        "ann": {"orders": 0, "spend": 0, "average_basket": None, "days_since_order": None}
    }


def test_a_line_recorded_after_the_cutoff_is_not_known_at_it() -> None:
    lines = [("ann", "2026-02-01", 5, None), ("ann", "2026-02-27", 5, "2026-03-01 00:00")]
    history = history_of(*lines, ("new", "2026-02-27", 5, "2026-03-01 00:00"), columns=RECORDED)
    assert measures_by_customer(history, Measure("orders")) == {"ann": {"orders": 1}}
    assert measures_by_customer(history, Measure("orders"), day="2026-03-02") == {
        "ann": {"orders": 2},
        "new": {"orders": 1},
    }


def test_a_shop_without_amounts_has_orders_and_no_money() -> None:
    history = history_of(("ann", "2026-02-20"), ("ann", "2026-02-21"), columns=("customer_id", "ordered_at"))
    measures = [Measure("orders"), Measure("spend", 30), Measure("average_basket")]
    assert measures_by_customer(history, *measures) == {"ann": {"orders": 2, "spend_30d": None, "average_basket": None}}


def test_a_day_is_the_shops_day() -> None:
    history = history_of(("ann", "2026-06-30 00:30", 5), zone=LONDON)  # still the 29th in UTC
    measures = [Measure("orders", 1), Measure("days_since_order")]
    assert measures_by_customer(history, *measures, day="2026-07-01", zone=LONDON) == {
        "ann": {"orders_1d": 1, "days_since_order": 0}
    }


def test_without_measures_every_known_customer_has_an_empty_row() -> None:
    assert measures_by_customer(history_of(("ann", "2026-02-20", 5), events=[("pat", "2026-02-26", "bounce")])) == {
        "ann": {},
        "pat": {},
    }


days = st.integers(0, 40)
customer_ids = st.sampled_from(["ann", "bob"])


@pytest.mark.slow
@FEW_EXAMPLES
@given(
    st.lists(st.tuples(customer_ids, days, st.integers(1, 9)), min_size=1),
    st.lists(st.tuples(customer_ids, days)),
    days,
    days,
)
def test_measures_are_what_a_patient_clerk_would_count(
    orders: list[tuple[str, int, int]], visits: list[tuple[str, int]], cutoff_day: int, within: int
) -> None:
    first = date(2026, 1, 1)
    lines = [(customer_id, f"{first + timedelta(day)} 09:00", amount, f"A{index}")
             for index, (customer_id, day, amount) in enumerate(orders)]  # fmt: skip
    events = [(customer_id, f"{first + timedelta(day)} 08:00", "visit") for customer_id, day in visits]
    history = history_of(*lines, columns=BASKETS, events=events)
    measures = [Measure(name, within) for name in ("orders", "spend", "average_basket", "contacts")]
    measures += [Measure(name) for name in ("days_since_order", "days_since_contact", "days_known")]
    values = measures_by_customer(history, *measures, day=(first + timedelta(cutoff_day)).isoformat())
    for customer_id in ("ann", "bob"):
        customer_orders = [(day, amount) for name, day, amount in orders if name == customer_id and day < cutoff_day]
        contact_days = [day for day, _ in customer_orders] + [
            day for name, day in visits if name == customer_id and day < cutoff_day
        ]
        near = [amount for day, amount in customer_orders if cutoff_day - within <= day]
        assert (customer_id in values) == bool(contact_days)
        if contact_days:
            assert values[customer_id] == {
                f"orders_{within}d": len(near),
                f"spend_{within}d": sum(near),
                f"average_basket_{within}d": sum(near) / len(near) if near else None,
                f"contacts_{within}d": sum(cutoff_day - within <= day for day in contact_days),
                "days_since_order": cutoff_day - 1 - max(day for day, _ in customer_orders)
                if customer_orders
                else None,
                "days_since_contact": cutoff_day - 1 - max(contact_days),
                "days_known": cutoff_day - 1 - min(contact_days),
            }
