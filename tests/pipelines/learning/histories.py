"""Histories for tests: orders, decisions and outcomes of a few customers, written as the steps write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from features.calendar import day_number, instant, local_day, micros, start_of_day
from features.history import Cutoff
from pipelines.home import Home
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import StartedExperiment

ZONE = ZoneInfo("Europe/Berlin")
FIRST_DAY = date(2027, 5, 3)


def at(day: int, hour: float = 12.0) -> int:
    """An instant in microseconds since 1970: hours after the beginning of a day, counted from the first one."""
    return micros(start_of_day(FIRST_DAY + timedelta(days=day), ZONE)) + int(hour * 3_600_000_000)


def as_of(day: int) -> Cutoff:
    """The beginning of a day, counted from the first one."""
    return Cutoff.from_day(FIRST_DAY + timedelta(days=day), ZONE)


def order(customer: str, at_us: int, amount: float, recorded_at_us: int | None = None) -> dict[str, Any]:
    """An order line."""
    return {"customer_id": customer, "at_us": at_us, "amount": amount, "recorded_at_us": recorded_at_us or at_us}


def decision(customer: str, at_us: int, arm: str = "none", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A decision of the experiment win-back, drawn with even probabilities."""
    row = {
        "decision_id": f"{customer}-{at_us}", "experiment_id": "win-back", "epoch": 1, "customer_id": customer,
        "decided_at_us": at_us, "arm": arm, "probabilities": [0.5, 0.5], "probability": 0.5, "reason": "drawn",
        "segment": None, "prediction_id": None, "release": None, "predicted_orders": None, "predicted_spend": None,
        "audience_id": None,
    }  # fmt: skip
    return {**row, **fields}


def outcome(customer: str, at_us: int, kind: str, recorded_at_us: int | None = None, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any column
    """A recorded outcome of a customer."""
    row = {
        "outcome_id": f"{customer}-{kind}-{at_us}", "customer_id": customer, "decision_id": None, "kind": kind,
        "happened_at_us": at_us, "recorded_at_us": recorded_at_us or at_us, "value": None,
    }  # fmt: skip
    return {**row, **fields}


def write_history(
    home: Home,
    orders: Sequence[dict[str, Any]],
    decisions: Sequence[dict[str, Any]] = (),
    outcomes: Sequence[dict[str, Any]] = (),
) -> None:
    """Write the tables of a history into a home."""
    home.history.mkdir(parents=True, exist_ok=True)
    pq.write_table(_order_table(orders), home.history / "orders.parquet")
    decision_types = pa.schema(
        [(name, _TYPES.get(name, pa.string())) for name in decision("ann", 0)],
    )
    pq.write_table(pa.Table.from_pylist(list(decisions), decision_types), home.history / "decisions.parquet")
    outcome_types = pa.schema([(name, _TYPES.get(name, pa.string())) for name in outcome("ann", 0, "click")])
    pq.write_table(pa.Table.from_pylist(list(outcomes), outcome_types), home.history / "outcomes.parquet")


_TYPES = {
    "epoch": pa.int64(), "decided_at_us": pa.int64(), "happened_at_us": pa.int64(), "recorded_at_us": pa.int64(),
    "probabilities": pa.list_(pa.float64()), "probability": pa.float64(), "predicted_orders": pa.float64(),
    "predicted_spend": pa.float64(), "value": pa.float64(),
}  # fmt: skip


def _order_table(orders: Sequence[dict[str, Any]]) -> pa.Table:
    days = [day_number(local_day(row["at_us"], ZONE)) for row in orders]
    stamp = pa.timestamp("us", "UTC")
    return pa.table(
        {
            "customer_id": pa.array([row["customer_id"] for row in orders], pa.string()),
            "order_id": pa.array([str(number) for number in range(len(orders))], pa.string()),
            "ordered_at": pa.array([_moment(row["at_us"]) for row in orders], stamp),
            "recorded_at": pa.array([_moment(row["recorded_at_us"]) for row in orders], stamp),
            "at_us": pa.array([row["at_us"] for row in orders], pa.int64()),
            "day_number": pa.array(days, pa.int32()),
            "amount": pa.array([row["amount"] for row in orders], pa.float64()).cast(pa.decimal128(18, 2)),
        }
    )


def _moment(at_us: int) -> datetime:
    return instant(at_us)


def start_experiment(folder: Path, **fields: Any) -> StartedExperiment:  # noqa: ANN401 - any field of the record
    """Start the experiment win-back in a home, on the first day."""
    record = {
        "id": "win-back",
        "arms": [{"name": "none", "control": True}, {"name": "mail"}],
        "outcome": {"kind": "spend", "within_days": 28},
        "ends_on": "2027-06-14",
    }
    return ExperimentFolder(folder).start(Experiment.model_validate({**record, **fields}), at(0, 0), "ann")
