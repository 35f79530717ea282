"""Transaction features: at a cutoff they use everything before it and nothing after it, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history import Cutoff, History
from features.ingestion.ingest import ingest
from features.transformations.transactions import transactions, transactions_view
from tests.features.truth import frame, known_customers, transactions_truth
from tests.logs import FEW_EXAMPLES, cutoff, history_of, write_config

Row = dict[str, object]

LONDON = "Europe/London"
COLUMNS = (
    "customer_id", "ordered_at", "amount", "order_id", "recorded_at",
    "product_id", "category", "store_id", "channel", "quantity", "discount",
)  # fmt: skip


def known_rows(history: History, *days: str, zone: str = "UTC") -> dict[str, Row]:
    """The features of each customer at the last of the days; the other days are cutoffs too."""
    table = transactions(history, [cutoff(day, zone) for day in days]).to_pyarrow().to_pylist()
    newest = max(row["event_timestamp"] for row in table)
    return {row["customer_id"]: row for row in table if row["event_timestamp"] == newest}


def test_an_order_at_the_cutoff_is_not_yet_known() -> None:
    history = history_of(("ann", "2026-02-28 23:59:59.999999", 10), ("ann", "2026-03-01 00:00", 99))
    assert known_rows(history, "2026-03-01")["ann"]["spend"] == 10.0
    assert known_rows(history, "2026-03-02")["ann"]["spend"] == 109.0


def test_a_customer_who_first_orders_at_the_cutoff_is_nobody_yet() -> None:
    history = history_of(("ann", "2026-02-28", 10), ("bob", "2026-03-01", 99))
    assert set(known_rows(history, "2026-03-01")) == {"ann"}


def test_the_cutoff_is_midnight_on_the_shops_clock() -> None:
    history = history_of(("ann", "2026-07-01 00:30", 10), zone=LONDON)  # still June in UTC
    assert not transactions(history, [cutoff("2026-07-01", LONDON)]).to_pyarrow().num_rows
    assert known_rows(history, "2026-07-02", zone=LONDON)["ann"]["recent_days"] == [20_635]


def test_the_lines_of_an_order_are_one_order_at_its_first_lines_time() -> None:
    columns = ("customer_id", "ordered_at", "amount", "order_id")
    history = history_of(
        ("ann", "2026-02-01 10:05", 5, "A1"),
        ("ann", "2026-02-01 10:00", 5, "A1"),
        ("ann", "2026-02-01 18:00", 2, "A2"),
        ("bob", "2026-02-01 09:00", 1, "A1"),
        columns=columns,
    )
    ann = known_rows(history, "2026-03-01")["ann"]
    assert (ann["orders"], ann["mean_order"], ann["max_order"], ann["lines_per_order"]) == (2.0, 6.0, 10.0, 1.5)
    assert (ann["order_days"], ann["recent_orders"]) == (1.0, [2.0])
    assert ann["first_order_at"] == 1_769_940_000_000_000


def test_a_window_of_56_days_begins_56_days_before_the_cutoff() -> None:
    history = history_of(("ann", "2026-01-04 00:00", 5), ("ann", "2026-01-03 23:59:59.999999", 9))
    ann = known_rows(history, "2026-03-01")["ann"]
    assert (ann["orders_56d"], ann["spend_56d"], ann["orders_91d"], ann["spend_91d"]) == (1.0, 5.0, 2.0, 14.0)


def test_without_order_ids_a_local_day_is_one_order() -> None:
    history = history_of(("ann", "2026-02-01 10:00", 5), ("ann", "2026-02-01 23:59", 5), ("ann", "2026-02-02 00:00", 5))
    ann = known_rows(history, "2026-03-01")["ann"]
    assert (ann["orders"], ann["last_gap_days"]) == (2.0, 1.0)


def test_lines_that_lack_their_order_id_are_one_order_per_day() -> None:
    columns = ("customer_id", "ordered_at", "amount", "order_id")
    lines = [("ann", "2026-02-01 10:00", 5, None), ("ann", "2026-02-01 11:00", 5, None), ("ann", "2026-02-01", 5, "A1")]
    assert known_rows(history_of(*lines, columns=columns), "2026-03-01")["ann"]["orders"] == 2.0


def test_an_order_that_was_sent_back_whole_is_no_order() -> None:
    columns = ("customer_id", "ordered_at", "amount", "order_id")
    lines = [("ann", "2026-02-01", 5, "A1"), ("ann", "2026-02-03", -5, "A1"), ("bob", "2026-02-01", -3, "C2")]
    rows = known_rows(history_of(*lines, columns=columns), "2026-02-02", "2026-03-01")
    assert (rows["ann"]["orders"], rows["ann"]["spend"], rows["ann"]["returned"]) == (0.0, 0.0, 5.0)
    assert (rows["bob"]["orders"], rows["bob"]["spend"], rows["bob"]["last_order_at"]) == (0.0, -3.0, None)


def test_an_order_whose_lines_straddle_the_cutoff_is_known_by_its_first_lines() -> None:
    columns = ("customer_id", "ordered_at", "amount", "order_id")
    lines = [("ann", "2026-02-28 23:00", 5, "A1"), ("ann", "2026-03-01 01:00", 7, "A1")]
    history = history_of(*lines, columns=columns)
    assert known_rows(history, "2026-03-01")["ann"]["max_order"] == 5.0
    later = known_rows(history, "2026-03-01", "2026-03-02")["ann"]
    assert (later["orders"], later["max_order"], later["recent_orders"]) == (1.0, 12.0, [1.0, 0.0])


def test_a_customer_known_from_visits_alone_has_no_orders_and_no_dates() -> None:
    history = history_of(
        ("ann", "2026-02-01", 5), events=[("eve", "2026-02-01", "visit"), ("zoe", "2026-03-01", "visit")]
    )
    rows = known_rows(history, "2026-03-01")
    assert set(rows) == {"ann", "eve"}
    assert {name for name, value in rows["eve"].items() if value == 0.0} == {
        "orders", "order_days", "spend", "returned",
        *(f"{name}_{days}d" for name in ("orders", "spend") for days in (56, 91, 182, 365)),
    }  # fmt: skip
    assert rows["eve"]["first_order_at"] is None


def test_the_rhythm_of_one_or_two_order_days_is_not_called_perfect() -> None:
    history = history_of(("ann", "2026-02-01", 5), ("ann", "2026-02-08", 5), ("bob", "2026-02-01", 5))
    rows = known_rows(history, "2026-03-01")
    assert (rows["ann"]["mean_gap_days"], rows["ann"]["std_gap_days"]) == (7.0, None)
    assert (rows["bob"]["mean_gap_days"], rows["bob"]["std_gap_days"]) == (None, None)


def test_a_log_without_amounts_has_orders_and_no_money() -> None:
    history = history_of(("ann", "2026-02-01"), ("ann", "2026-02-08"), columns=("customer_id", "ordered_at"))
    assert not {"spend", "mean_order", "recent_spend"} & {column.name for column in transactions_view(history).columns}
    assert known_rows(history, "2026-03-01")["ann"]["recent_orders"] == [1.0, 1.0]


@st.composite
def logs(draw: st.DrawFn) -> tuple[str, list[tuple[object, ...]], list[tuple[str, str, str]], list[Cutoff]]:
    """A year and a half of a shop with few customers, many ties, and lines at and around midnight."""
    zone = draw(st.sampled_from([LONDON, "America/New_York", "Pacific/Auckland"]))
    day = st.integers(0, 540) | st.integers(80, 120)
    time_of_day = st.sampled_from(["00:00:00", "00:00:00.000001", "01:30:00", "12:00:00", "23:59:59.999999"])
    timestamp = st.builds(lambda number, time: f"{date(2026, 1, 1) + timedelta(number)} {time}", day, time_of_day)
    optional = st.none() | st.sampled_from(["x", "y", "z"])
    cents = st.integers(-500, 3000) | st.sampled_from([0, 10, 10, -10])
    line = st.tuples(
        st.sampled_from(["ann", "bob", "eve"]), timestamp, cents.map(lambda paid: f"{paid / 100:.2f}"),
        st.none() | st.sampled_from(["A1", "A2", "A3"]), st.none() | timestamp, optional, optional, optional, optional,
        st.none() | st.integers(-2, 5), st.none() | st.just("0.10"),
    )  # fmt: skip
    events = draw(st.lists(st.tuples(st.sampled_from(["ann", "zoe"]), timestamp, st.just("visit")), max_size=3))
    numbers = draw(st.sets(day, min_size=4, max_size=8))
    cutoffs = [Cutoff.from_day(date(2026, 1, 1) + timedelta(number), ZoneInfo(zone)) for number in numbers]
    return zone, draw(st.lists(line, min_size=1, max_size=40)), events, cutoffs


@pytest.mark.slow
@FEW_EXAMPLES
@given(logs(), st.sampled_from([COLUMNS, COLUMNS[:3], COLUMNS[:2], (*COLUMNS[:2], "order_id")]))
def test_features_are_what_a_patient_clerk_would_work_out(
    shop: tuple[str, list[tuple[object, ...]], list[tuple[str, str, str]], list[Cutoff]], columns: Sequence[str]
) -> None:
    zone, lines, events, cutoffs = shop
    rows = [tuple(line[COLUMNS.index(name)] for name in columns) for line in lines]
    history, log = history_of(*rows, columns=columns, events=events, zone=zone), frame(columns, rows, zone)
    table = transactions(history, cutoffs).to_pyarrow().to_pylist()
    features = {(row.pop("event_timestamp"), row.pop("customer_id")): row for row in table}
    assert set(features) == {
        (at_cutoff.timestamp, customer_id)
        for at_cutoff in cutoffs
        for customer_id in known_customers(log, events, at_cutoff, zone)
    }
    for at_cutoff in cutoffs:
        for customer_id in known_customers(log, events, at_cutoff, zone):
            truth = transactions_truth(log, customer_id, at_cutoff)
            assert not differences(features[at_cutoff.timestamp, customer_id], truth), (customer_id, at_cutoff)


def differences(actual: Row, expected: Row) -> dict[str, tuple[object, object]]:
    """The columns that differ, each with its actual and its expected value."""
    assert set(actual) == set(expected)
    return {name: (actual[name], expected[name]) for name in expected if not _same(actual[name], expected[name])}


def _same(actual: object, expected: object) -> bool:
    if actual is None or expected is None:
        return actual is expected
    actual_array, expected_array = np.asarray(actual, dtype=float), np.asarray(expected, dtype=float)
    return actual_array.shape == expected_array.shape and bool(
        np.allclose(actual_array, expected_array, rtol=1e-12, atol=1e-9)
    )


def busy_log(seed: int = 0) -> list[tuple[object, ...]]:
    """Two years of forty customers, with returns, late records and amounts that binary fractions cannot represent."""
    rng = np.random.default_rng(seed)
    lines: list[tuple[object, ...]] = []
    for _ in range(600):
        ordered_on = date(2025, 1, 1) + timedelta(int(rng.integers(0, 730)))
        recorded_at = f"{ordered_on + timedelta(int(rng.integers(1, 40)))} 12:00" if rng.random() < 0.2 else None
        customer_id, paid, product = (
            f"c{rng.integers(0, 40)}",
            f"{rng.integers(-300, 3000) / 100:.2f}",
            f"p{rng.integers(0, 9)}",
        )
        hour = f"{rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}"
        lines.append((customer_id, f"{ordered_on} {hour}", paid, f"o{rng.integers(0, 200)}", recorded_at, product))
    return lines


BUSY = COLUMNS[:6]
CUTOFFS = [cutoff(f"{year}-{month:02d}-15", LONDON) for year in (2025, 2026) for month in range(1, 13, 2)]


def table_of(history: History, cutoffs: Sequence[Cutoff] = CUTOFFS) -> pa.Table:
    order = [("event_timestamp", "ascending"), ("customer_id", "ascending")]
    return transactions(history, cutoffs).to_pyarrow().sort_by(order)


@pytest.mark.slow
def test_many_cutoffs_at_once_are_the_same_as_each_alone() -> None:
    history = history_of(*busy_log(), columns=BUSY, zone=LONDON)
    alone = [table_of(history, [single]) for single in CUTOFFS[::3]]
    assert table_of(history, CUTOFFS[::3]).equals(pa.concat_tables(alone).combine_chunks())
    together = table_of(history)
    assert together.filter(pc.equal(together["event_timestamp"], CUTOFFS[3].timestamp)).equals(
        alone[1].combine_chunks()
    )


def test_the_order_of_the_lines_and_of_the_files_changes_nothing(tmp_path: Path) -> None:
    lines = [",".join("" if value is None else str(value) for value in line) for line in busy_log()]
    header = "customer,at,amount,order,loaded,product"
    tables = []
    for name, parts in {"whole": [lines], "split": [lines[400:][::-1], lines[:250], lines[250:400]]}.items():
        folder = tmp_path / name
        folder.mkdir()
        for number, part in enumerate(parts):
            (folder / f"orders-{number}.csv").write_text("\n".join([header, *part]))
        names = {"order_id": "order", "recorded_at": "loaded", "product_id": "product"}
        config = write_config(folder, zone=LONDON, events=None, path="orders-*.csv", **names)
        ingest(config, folder / "history")
        tables.append(table_of(History.open(folder / "history")))
    assert tables[0].num_rows > 300
    assert tables[0].equals(tables[1])
