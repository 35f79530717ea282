"""Fault: an order that is in the log twice counts twice, or orders that share their number become one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given

from features.history import History
from tests.contracts.generated import SIX_EXAMPLES, Line, Log, known_features, lines, outcomes_after_today
from tests.logs import ingest_log

HEADER = "customer,at,amount,order,product"
ONCE = [
    "ann,2026-02-01 10:00,10.00,A1,tea", "ann,2026-02-01 10:00,2.50,A1,milk", "bob,2026-02-03 10:00,5.00,A2,tea",
    "ann,2026-03-03 10:00,4.00,A3,tea",
]  # fmt: skip


def ingested(folder: Path, log: list[str], duplicates: str) -> History:
    """The history of a csv file, and what the shop was told of its duplicates."""
    folder.mkdir()
    raw = "\n".join([HEADER, *log])
    found = ingest_log(folder, raw, order_id="order", product_id="product", duplicates=duplicates).tables[0]
    assert (found.lines, found.duplicates) == (len(log), len(log) - len(set(log)))
    assert found.written == (len(set(log)) if duplicates == "drop" else len(log))
    return History.open(folder / "history")


@pytest.mark.parametrize("again", [1, 3])
def test_dropped_duplicates_change_no_feature_and_no_outcome(again: int, tmp_path: Path) -> None:
    once = ingested(tmp_path / "once", ONCE, "drop")
    often = ingested(tmp_path / "often", ONCE * (again + 1), "drop")
    assert known_features(often) == known_features(once)
    assert outcomes_after_today(often).spend.tolist() == outcomes_after_today(once).spend.tolist()
    assert outcomes_after_today(often).orders.tolist() == outcomes_after_today(once).orders.tolist()


def test_kept_duplicates_are_more_money_in_as_many_orders(tmp_path: Path) -> None:
    once, twice = (ingested(tmp_path / name, ONCE * times, "keep") for name, times in (("once", 1), ("twice", 2)))
    before, after = known_features(once)["ann"], known_features(twice)["ann"]
    assert (before["orders"], before["spend"]) == (1.0, 12.5)
    assert (after["orders"], after["spend"]) == (1.0, 25.0)
    assert outcomes_after_today(twice, "ann").orders[0, 0] == outcomes_after_today(once, "ann").orders[0, 0] == 1.0
    assert (outcomes_after_today(once, "ann").spend[0, 0], outcomes_after_today(twice, "ann").spend[0, 0]) == (4.0, 8.0)


def test_a_line_that_differs_in_a_column_nobody_reads_is_no_duplicate(tmp_path: Path) -> None:
    log = "customer,at,amount,till\nann,2026-01-31,1,a\nann,2026-01-31,1,a\nann,2026-01-31,1,b\n"
    (tmp_path / "keep").mkdir()
    (tmp_path / "drop").mkdir()
    kept, dropped = (ingest_log(tmp_path / said, log, duplicates=said).tables[0] for said in ("keep", "drop"))
    assert (kept.lines, kept.duplicates, kept.written) == (3, 1, 3)
    assert (dropped.lines, dropped.duplicates, dropped.written) == (3, 1, 2)


def test_customers_who_share_an_order_number_have_an_order_each() -> None:
    log = Log(tuple((who, f"{day} 09:30:00", "8.00", "A1", None, "p") for who in ("ann", "bob")
                    for day in ("2026-02-01", "2026-02-01", "2026-03-02")))  # fmt: skip
    found = known_features(log.history)
    assert [found[who]["orders"] for who in ("ann", "bob")] == [1.0, 1.0]
    assert [found[who]["max_order"] for who in ("ann", "bob")] == [16.0, 16.0]


@SIX_EXAMPLES
@given(lines(0, 90))
def test_order_numbers_mean_nothing_across_customers(some: list[Line]) -> None:
    own = [(*line[:3], f"{line[0]} {line[3]}" if line[3] else None, *line[4:]) for line in some]
    shared, apart = Log(tuple(some)).history, Log(tuple(own)).history
    assert known_features(shared) == known_features(apart)
    assert outcomes_after_today(shared).orders.tolist() == outcomes_after_today(apart).orders.tolist()
    assert outcomes_after_today(shared).spend.tolist() == outcomes_after_today(apart).spend.tolist()
    assert outcomes_after_today(shared).wait_days.tolist() == outcomes_after_today(apart).wait_days.tolist()
