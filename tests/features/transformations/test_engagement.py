"""Engagement features: event counts, the same for every dimension."""

from __future__ import annotations

import pytest

from features.config.sources import EventsSource
from features.errors import NotFound
from features.transformations.behaviour import behaviour, behaviour_view
from features.transformations.engagement import engagement, engagement_view
from features.transformations.social import social, social_view
from tests.logs import cutoff, history_of, utc_instant

KINDS = ("store_visit", "app_open")
ORDER = ("ann", "2026-01-01", 5)


def engagement_by_customer(
    *events: tuple[str, str, str], kinds: tuple[str, ...] = KINDS, day: str = "2026-04-10"
) -> dict[str, dict[str, object]]:
    """The behaviour features of each customer before a day."""
    table = engagement(history_of(ORDER, events=events), [cutoff("2026-01-01"), cutoff(day)], "behaviour", kinds)
    rows = table.to_pyarrow().to_pylist()
    return {row["customer_id"]: row for row in rows if row["event_timestamp"] == cutoff(day).timestamp}


def test_visits_are_counted_so_far_and_in_windows_that_end_at_the_cutoff() -> None:
    ann = engagement_by_customer(
        ("ann", "2025-12-31 12:00", "store_visit"),
        ("ann", "2026-01-09 00:00", "store_visit"),  # 91 days before
        ("ann", "2026-03-12 23:59", "app_open"),  # 29 days before
        ("ann", "2026-03-13 00:00", "app_open"),  # 28 days before
        ("ann", "2026-03-13 18:00", "store_visit"),
        ("ann", "2026-04-10 00:00", "store_visit"),  # the cutoff itself
    )["ann"]
    assert ann["behaviour_events"] == 5.0
    assert (ann["behaviour_28d"], ann["behaviour_91d"], ann["behaviour_active_91d"]) == (2.0, 4.0, 3.0)
    assert (ann["behaviour_store_visit_91d"], ann["behaviour_app_open_91d"]) == (2.0, 2.0)
    assert ann["behaviour_last_at"] == int(utc_instant("2026-03-13 18:00").timestamp() * 1e6)


def test_only_who_did_something_of_these_kinds_has_a_row() -> None:
    assert set(engagement_by_customer(("bob", "2026-04-01", "store_visit"), ("eve", "2026-04-01", "post"))) == {"bob"}


def test_a_visit_at_the_cutoff_is_not_yet_known() -> None:
    assert engagement_by_customer(("bob", "2026-04-10 00:00", "store_visit")) == {}
    assert set(engagement_by_customer(("bob", "2026-04-09 23:59:59.999999", "store_visit"))) == {"bob"}


def test_many_cutoffs_at_once_are_the_same_as_each_alone() -> None:
    events = [(customer_id, f"2026-{month:02d}-{day:02d}", kind) for customer_id in ("ann", "bob") for kind in KINDS
              for month in (1, 2, 3) for day in (1, 9, 28)]  # fmt: skip
    history, cutoffs = (
        history_of(ORDER, events=events),
        [cutoff(day) for day in ("2026-01-02", "2026-02-15", "2026-04-10")],
    )
    order = [("event_timestamp", "ascending"), ("customer_id", "ascending")]
    together = engagement(history, cutoffs, "behaviour", KINDS).to_pyarrow().sort_by(order).to_pylist()
    alone = [
        engagement(history, [single], "behaviour", KINDS).to_pyarrow().sort_by(order).to_pylist() for single in cutoffs
    ]
    assert together == [row for rows in alone for row in rows]


def test_every_kind_has_a_column_of_its_own_whatever_it_is_called() -> None:
    kinds = ("page-view", "page view", "Page View", "active", "!", "?", "来店", "orders")
    names = [column.name for column in engagement_view("behaviour", kinds).columns]
    assert names[5:] == [
        "behaviour_page_view_91d", "behaviour_page_view_2_91d", "behaviour_page_view_3_91d", "behaviour_active_2_91d",
        "behaviour__91d", "behaviour__2_91d", "behaviour_来店_91d", "behaviour_orders_91d",
    ]  # fmt: skip
    row = engagement_by_customer(*[("ann", "2026-04-01", kind) for kind in kinds], kinds=kinds)["ann"]
    assert [row[name] for name in names[5:]] == [1.0] * len(kinds)


def test_each_dimension_counts_the_kinds_that_the_shop_lists_under_it() -> None:
    config = EventsSource(
        path="e", customer_id=("c",), happened_at=("t",), kind=("k",), behaviour=KINDS, social=("post",)
    )
    history = history_of(ORDER, events=[("ann", "2026-01-02", "post"), ("ann", "2026-01-02", "app_open")])
    rows = [table.to_pyarrow().to_pylist()[0] for table in (
        behaviour(history, [cutoff("2026-02-01")], config), social(history, [cutoff("2026-02-01")], config)
    )]  # fmt: skip
    assert (rows[0]["behaviour_events"], rows[1]["social_events"], rows[1]["social_post_91d"]) == (1.0, 1.0, 1.0)
    names = [column.name for view in (behaviour_view(config), social_view(config)) for column in view.columns]
    assert len(names) == len(set(names))


def test_a_history_without_events_says_what_to_run() -> None:
    with pytest.raises(NotFound, match=r"^The history has no events to count as social: run `flywheel ingest` first.$"):
        engagement(history_of(ORDER), [cutoff("2026-02-01")], "social", ("post",))
