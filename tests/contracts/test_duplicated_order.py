"""Fault: a duplicated order counts twice, or orders of several customers with one number become one order."""

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


def ingest_csv(folder: Path, log: list[str], duplicates: str) -> History:
    """Ingest a csv file and check the reported number of duplicates."""
    folder.mkdir()
    raw = "\n".join([HEADER, *log])
    report = ingest_log(folder, raw, order_id="order", product_id="product", duplicates=duplicates).tables[0]
    assert (report.lines, report.duplicates) == (len(log), len(log) - len(set(log)))
    assert report.written == (len(set(log)) if duplicates == "drop" else len(log))
    return History.open(folder / "history")


@pytest.mark.slow
@pytest.mark.parametrize("copies", [1, 3])
def test_dropped_duplicates_change_no_feature_and_no_outcome(copies: int, tmp_path: Path) -> None:
    once = ingest_csv(tmp_path / "once", ONCE, "drop")
    often = ingest_csv(tmp_path / "often", ONCE * (copies + 1), "drop")
    assert known_features(often) == known_features(once)
    assert outcomes_after_today(often).spend.tolist() == outcomes_after_today(once).spend.tolist()
    assert outcomes_after_today(often).orders.tolist() == outcomes_after_today(once).orders.tolist()


def test_retained_duplicates_add_money_but_no_orders(tmp_path: Path) -> None:
    once, twice = (ingest_csv(tmp_path / name, ONCE * times, "keep") for name, times in (("once", 1), ("twice", 2)))
    before, after = known_features(once)["ann"], known_features(twice)["ann"]
    assert (before["orders"], before["spend"]) == (1.0, 12.5)
    assert (after["orders"], after["spend"]) == (1.0, 25.0)
    assert outcomes_after_today(twice, "ann").orders[0, 0] == outcomes_after_today(once, "ann").orders[0, 0] == 1.0
    assert (outcomes_after_today(once, "ann").spend[0, 0], outcomes_after_today(twice, "ann").spend[0, 0]) == (4.0, 8.0)


def test_a_line_that_differs_in_an_unused_column_is_no_duplicate(tmp_path: Path) -> None:
    log = "customer,at,amount,till\nann,2026-01-31,1,a\nann,2026-01-31,1,a\nann,2026-01-31,1,b\n"
    (tmp_path / "keep").mkdir()
    (tmp_path / "drop").mkdir()
    retained, dropped = (
        ingest_log(tmp_path / duplicates, log, duplicates=duplicates).tables[0] for duplicates in ("keep", "drop")
    )
    assert (retained.lines, retained.duplicates, retained.written) == (3, 1, 3)
    assert (dropped.lines, dropped.duplicates, dropped.written) == (3, 1, 2)


def test_customers_who_share_an_order_number_have_an_order_each() -> None:
    days = ("2026-02-01", "2026-02-01", "2026-03-02")
    log = Log(
        tuple((customer, f"{day} 09:30:00", "8.00", "A1", None, "p") for customer in ("ann", "bob") for day in days)
    )
    features = known_features(log.history)
    assert [features[customer_id]["orders"] for customer_id in ("ann", "bob")] == [1.0, 1.0]
    assert [features[customer_id]["max_order"] for customer_id in ("ann", "bob")] == [16.0, 16.0]


@pytest.mark.slow
@SIX_EXAMPLES
@given(lines(0, 90))
def test_order_numbers_mean_nothing_across_customers(log_lines: list[Line]) -> None:
    renumbered = [(*line[:3], f"{line[0]} {line[3]}" if line[3] else None, *line[4:]) for line in log_lines]
    original, separate = Log(tuple(log_lines)).history, Log(tuple(renumbered)).history
    assert known_features(original) == known_features(separate)
    assert outcomes_after_today(original).orders.tolist() == outcomes_after_today(separate).orders.tolist()
    assert outcomes_after_today(original).spend.tolist() == outcomes_after_today(separate).spend.tolist()
    assert outcomes_after_today(original).wait_days.tolist() == outcomes_after_today(separate).wait_days.tolist()
