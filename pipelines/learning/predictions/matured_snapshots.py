"""Matured snapshots: what was predicted for the customers of a snapshot, joined with what then happened."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.calendar import DAY_US, micros, start_of_day
from features.consents.profiling_scope import ProfilingScope
from features.history import Cutoff, History
from pipelines.learning.predictions.prediction_snapshots import P_ORDER, Snapshot
from pipelines.run_context import RunContext
from training.dataset.labels import outcomes
from training.experiments.sequential.maturity import RECORDING_QUANTILE
from training.monitoring.scorecard import MaturedPredictions
from training.monitoring.treatments import Treatments, TreatmentState


@dataclass(frozen=True, order=True)
class Question:
    """What a snapshot predicts: an order, or the number of orders or the spend, within a horizon."""

    name: str  # "order", "orders" or "spend"
    horizon_days: int
    predicted_days: int | None = None  # the longer horizon of the prediction, of which the part until now is judged


@dataclass(frozen=True)
class MaturedQuestion:
    """The predictions of one question with their outcomes, and the treatment of the same customers in the window."""

    question: Question
    predictions: MaturedPredictions
    treatment: TreatmentState


def questions_of(snapshot: Snapshot) -> list[Question]:
    """The questions that a snapshot answers."""
    names = snapshot.column_names
    spend = [re.fullmatch(r"spend_(\d+)d_mean", name) for name in names]
    orders = [re.fullmatch(r"expected_orders_(\d+)d", name) for name in names]
    return sorted(
        [
            Question("order", snapshot.churn_days),
            *(Question("spend", int(match[1])) for match in spend if match),
            *(Question("orders", int(match[1])) for match in orders if match),
        ]
    )


def recording_lag_days(history: History) -> int:
    """Days until all but one in a hundred order lines are recorded."""
    lines = history.lines
    lag_seconds = (lines.known_at.epoch_seconds() - lines.ordered_at.epoch_seconds()).quantile(RECORDING_QUANTILE)
    lag = lag_seconds.to_pyarrow().as_py()
    return 0 if lag is None else math.ceil(lag * 1e6 / DAY_US)


def has_matured(snapshot: Snapshot, question: Question, context: RunContext, lag_days: int) -> bool:
    """Whether the window of a question is over, and its orders are recorded."""
    return snapshot.day + timedelta(days=question.horizon_days + lag_days) <= context.as_of


def matured_questions(
    snapshot: Snapshot, questions: Sequence[Question], context: RunContext, treatments: Treatments
) -> Iterator[MaturedQuestion]:
    """Yield each question with outcomes, of the customers who may be profiled today."""
    table = _restrict(snapshot.read(), context.profiling_scope)
    if len(table) == 0:
        return
    cutoff = Cutoff.from_day(snapshot.day, context.config.zone)
    rows = pd.DataFrame({"customer_id": table["customer_id"].to_pandas(), "position": 0})
    horizons = sorted({question.horizon_days for question in questions})
    found = outcomes(rows, [cutoff], context.history, context.now, horizons)
    for question in questions:
        days = question.horizon_days
        if question.name == "order":
            predictions = MaturedPredictions(
                predicted=_column(table, P_ORDER), observed=found.ordered_within(days), is_probability=True
            )
        elif question.name == "orders":
            whole = question.predicted_days or days
            expected = _column(table, f"expected_orders_{whole}d") * (days / whole)
            predictions = MaturedPredictions(predicted=expected, observed=found.orders_within(days))
        else:
            low, high = (_column(table, f"spend_{days}d_{end}") for end in ("p10", "p90"))
            predictions = MaturedPredictions(
                predicted=_column(table, f"spend_{days}d_mean"), observed=found.spend_within(days), low=low, high=high
            )
        yield _with_treatment(question, predictions, rows["customer_id"], cutoff, context, treatments)


def _with_treatment(
    question: Question,
    predictions: MaturedPredictions,
    customer_ids: pd.Series,
    cutoff: Cutoff,
    context: RunContext,
    treatments: Treatments,
) -> MaturedQuestion:
    """The question of the customers whose prediction and outcome are known."""
    known = ~np.isnan(predictions.predicted) & ~np.isnan(predictions.observed)
    n, end = int(known.sum()), start_of_day(cutoff.day + timedelta(days=question.horizon_days), context.config.zone)
    start_us, end_us = (np.full(n, micros(instant), dtype=np.int64) for instant in (cutoff.timestamp, end))
    state = treatments.state(customer_ids[known].reset_index(drop=True), start_us, end_us)
    return MaturedQuestion(question, predictions.select(known), state)


def _restrict(table: pa.Table, scope: ProfilingScope) -> pa.Table:
    """The rows of the customers who may be profiled; their orders alone are in the history."""
    is_exception = pc.is_in(table["customer_id"], value_set=pa.array(scope.exception_ids, pa.string()))
    return table.filter(pc.invert(is_exception) if scope.by_default else is_exception)


def _column(table: pa.Table, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(table[name].to_numpy(), dtype=float)
