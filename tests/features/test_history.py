"""History: at a cutoff it has what was known then, and nothing later."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from features.consents.profiling_scope import ProfilingScope
from features.errors import NotEnoughData, NotFound
from features.history import Cutoff, History
from tests.logs import cutoff, history_of, ingest_log, utc_instant

LONDON = "Europe/London"


def lines(history: History) -> list[tuple[object, ...]]:
    """The customer and the instant of every line."""
    rows = history.lines.select("customer_id", "ordered_at").to_pyarrow().to_pylist()
    return sorted((row["customer_id"], row["ordered_at"]) for row in rows)


def test_a_cutoff_is_the_beginning_of_the_shops_day() -> None:
    shop_cutoff = Cutoff.from_day(date(2026, 7, 1), ZoneInfo(LONDON))
    assert (shop_cutoff.timestamp, shop_cutoff.day_number) == (datetime(2026, 6, 30, 23, tzinfo=UTC), 20_635)


def test_a_line_at_the_cutoff_is_not_known_before_it() -> None:
    history = history_of(("ann", "2026-07-01 00:00", 1), ("bob", "2026-06-30 23:59:59.999999", 1), zone=LONDON)
    assert [customer for customer, _ in lines(history.before(cutoff("2026-07-01", LONDON)))] == ["bob"]


def test_a_visit_at_the_cutoff_is_not_known_before_it() -> None:
    history = history_of(
        ("ann", "2026-06-01", 1), events=[("ann", "2026-07-01", "visit"), ("bob", "2026-06-30", "visit")]
    )
    events = history.before(cutoff("2026-07-01")).events
    assert events is not None
    assert events.customer_id.to_pyarrow().to_pylist() == ["bob"]


def test_a_line_is_known_when_it_was_placed_and_recorded() -> None:
    columns = ("customer_id", "ordered_at", "recorded_at")
    history = history_of(
        ("early", "2026-06-01", "2026-05-01"),
        ("late", "2026-06-01", "2026-07-01"),
        ("unrecorded", "2026-06-01", None),
        columns=columns,
    )
    known = {row["customer_id"]: row["known_at"] for row in history.lines.to_pyarrow().to_pylist()}
    assert known == {
        "early": utc_instant("2026-06-01"),
        "late": utc_instant("2026-07-01"),
        "unrecorded": utc_instant("2026-06-01"),
    }


def test_cutting_twice_keeps_the_earlier_cut() -> None:
    history = history_of(("ann", "2026-06-01", 1), ("bob", "2026-06-20", 1))
    cut = history.before(cutoff("2026-06-10")).before(cutoff("2026-07-01"))
    assert [customer for customer, _ in lines(cut)] == ["ann"]


def test_a_history_spans_its_first_to_its_last_local_day() -> None:
    history = history_of(("ann", "2026-07-01 00:30", 1), ("bob", "2026-07-03 23:30", 1), zone=LONDON)
    assert history.day_range() == (date(2026, 7, 1), date(2026, 7, 3))
    assert history.count_customers() == 2


def test_a_history_without_a_line_before_the_cutoff_says_what_to_check() -> None:
    with pytest.raises(NotEnoughData) as error:
        history_of(("ann", "2026-07-01", 1)).before(cutoff("2026-07-01")).day_range()
    assert str(error.value) == (
        "No order line before the cutoff. Expected at least one: check --as-of, the log's dates, and that "
        "customer_id names customers."
    )


def test_what_was_ingested_opens_as_a_history(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("customer,at,kind\neve,2026-06-30,visit\n")
    ingest_log(tmp_path, "customer,at,amount\nann,2026-07-01 00:30,1\n", zone=LONDON, events={})
    history = History.open(tmp_path / "history")
    assert lines(history) == [("ann", utc_instant("2026-06-30 23:30"))]
    assert history.has_amounts
    assert history.events is not None
    assert history.events.kind.to_pyarrow().to_pylist() == ["visit"]


def test_a_touch_that_was_recorded_late_is_known_from_then_on() -> None:
    touches = [("ann", "2026-07-01", "sms", True, 0.5, "2026-07-03"), ("bob", "2026-07-01", "sms", True, 0.5, None)]
    history = history_of(("ann", "2026-06-01", 1), touches=touches)
    for day, expected in (("2026-07-03", ["bob"]), ("2026-07-04", ["ann", "bob"])):
        known = history.before(cutoff(day)).touches
        assert known is not None
        assert sorted(known.customer_id.to_pyarrow().to_pylist()) == expected


def test_a_touch_is_known_once_it_was_sent(tmp_path: Path) -> None:
    history = history_of(
        ("ann", "2026-07-01", 1), touches=[("ann", "2026-07-01 23:59", "sms"), ("bob", "2026-07-02", "sms")]
    )
    touches = history.before(cutoff("2026-07-02")).touches
    assert touches is not None
    assert touches.customer_id.to_pyarrow().to_pylist() == ["ann"]
    history.lines.drop("known_at").to_parquet(tmp_path / "orders.parquet")
    assert History.open(tmp_path).touches is None
    touches.to_parquet(tmp_path / "touches.parquet")
    assert History.open(tmp_path).touches is not None


def test_nothing_ingested_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as error:
        History.open(tmp_path)
    assert str(error.value) == (f"No history in {tmp_path}. Expected an ingested log: run `flywheel ingest` first.")


def test_a_log_without_some_customers_is_that_of_all_others() -> None:
    log = history_of(("ann", "2026-06-01", 1), ("bob", "2026-06-20", 1), events=[("ann", "2026-07-01", "visit")])
    without, only = log.without_customers(["ann"]), log.only_customers(["ann"])
    assert [customer for customer, _ in lines(without)] == ["bob"]
    assert [customer for customer, _ in lines(only)] == ["ann"]
    assert without.events is not None
    assert without.events.customer_id.to_pyarrow().to_pylist() == []
    assert lines(log.without_customers([])) == lines(log)
    assert lines(log.only_customers([])) == []


def test_the_log_of_those_who_may_be_profiled_is_that_of_all_but_a_few_or_of_a_few_alone() -> None:
    log = history_of(("ann", "2026-06-01", 1), ("bob", "2026-06-20", 1))
    assert [
        customer
        for customer, _ in lines(log.restrict_to_scope(ProfilingScope(by_default=True, exception_ids=("ann",))))
    ] == ["bob"]
    assert [
        customer
        for customer, _ in lines(log.restrict_to_scope(ProfilingScope(by_default=False, exception_ids=("ann",))))
    ] == ["ann"]
    assert lines(log.restrict_to_scope(ProfilingScope(by_default=False, exception_ids=()))) == []
