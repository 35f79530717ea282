"""Baselines: mean and variance of a metric in the last window of the log, for customers who did nothing too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import StoreDamaged
from serving.experiments.baselines import NoBaseline, metric_baseline, with_mean
from tests.serving.fakes import DAY
from training.experiments.estimators.power import Baseline
from training.experiments.record.experiment import Metric

END = 100 * DAY
CUSTOMERS = pa.array(["ann", "bob", "cat", "dan"])


def line(customer: str, order: str, amount: float, day: int = 99) -> dict[str, Any]:
    """An order line; days are counted from 1970."""
    return {"customer_id": customer, "order_id": order, "amount": amount, "at_us": day * DAY, "day_number": day}


LINES = [
    line("ann", "a1", 10.0),
    line("ann", "a1", 5.0),
    line("ann", "a2", 20.0),
    line("bob", "b1", 30.0),
    line("bob", "b1", -30.0),  # sent back in full: no order
    line("cat", "c1", 0.0),  # a sample: an order
    line("dan", "d1", 50.0, day=92),  # before the window of a week
    line("dan", "d2", 50.0, day=100),  # at its end
    line("eve", "e1", 70.0),  # of no interest
]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(LINES), tmp_path / "orders.parquet")
    return tmp_path


def baseline(history: Path, **fields: Any) -> Baseline:  # noqa: ANN401 - any field of a metric
    metric = Metric.model_validate({"within_days": 7, **fields})
    return metric_baseline(history, metric, CUSTOMERS, END)


@pytest.mark.parametrize(
    ("kind", "values"), [("order", [1, 0, 1, 0]), ("orders", [2, 0, 1, 0]), ("spend", [35, 0, 0, 0])]
)
def test_who_did_nothing_counts_too(history: Path, kind: str, values: list[float]) -> None:
    measured = baseline(history, kind=kind)
    assert measured.mean == pytest.approx(np.mean(values))
    assert measured.variance == pytest.approx(np.var(values))


def test_without_order_ids_the_lines_of_a_day_are_one_order(history: Path) -> None:
    pq.write_table(pa.Table.from_pylist(LINES).drop_columns(["order_id"]), history / "orders.parquet")
    assert baseline(history, kind="orders").mean == pytest.approx(2 / 4)


def test_lines_without_an_order_id_are_one_order_a_day(history: Path) -> None:
    lines = [{**each, "order_id": None if each["customer_id"] == "ann" else each["order_id"]} for each in LINES]
    another_day = {**line("ann", "", 8.0, day=98), "order_id": None}
    pq.write_table(pa.Table.from_pylist([*lines, another_day]), history / "orders.parquet")
    assert baseline(history, kind="orders").mean == pytest.approx(3 / 4)  # ann's of two days, and cat's


def test_without_amounts_every_order_is_one_and_there_is_no_spend(history: Path) -> None:
    pq.write_table(pa.Table.from_pylist(LINES).drop_columns(["amount"]), history / "orders.parquet")
    assert baseline(history, kind="orders").mean == pytest.approx(4 / 4)
    with pytest.raises(NoBaseline, match="the log has no amounts"):
        baseline(history, kind="spend")


def test_events_are_counted_by_their_kind(history: Path) -> None:
    rows = [
        {"customer_id": customer, "kind": kind, "happened_at_us": day * DAY}
        for customer, kind, day in [
            ("ann", "unsubscribe", 99),
            ("ann", "unsubscribe", 98),
            ("bob", "click", 99),
            ("cat", "unsubscribe", 50),
        ]
    ]
    with pytest.raises(NoBaseline, match="no outcome of this kind is recorded yet"):
        baseline(history, kind="event", name="Unsubscribe")
    pq.write_table(pa.Table.from_pylist(rows), history / "outcomes.parquet")
    assert baseline(history, kind="event", name="Unsubscribe ").mean == pytest.approx(1 / 4)


def test_a_log_without_such_a_window_has_no_baseline(tmp_path: Path) -> None:
    with pytest.raises(NoBaseline, match="the log has no order line in such a window"):
        baseline(tmp_path, kind="order")
    pq.write_table(pa.Table.from_pylist([line("ann", "a1", 1.0, day=3)]), tmp_path / "orders.parquet")
    with pytest.raises(NoBaseline, match="the log has no order line in such a window"):
        baseline(tmp_path, kind="order")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + bytes(40) + b"PAR1"])
def test_a_damaged_table_has_no_baseline(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.parquet").write_bytes(content)
    with pytest.raises(StoreDamaged, match="Found a damaged table in"):
        baseline(tmp_path, kind="order")


def test_the_variance_goes_with_a_predicted_mean() -> None:
    assert with_mean(Baseline(mean=2.0, variance=6.0), 3.0) == Baseline(mean=3.0, variance=9.0)
