"""Scores schema: names, types and meanings of the columns of the scores table; each model declares its own columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from features.arrays import Days, Floats
from features.online.feature_rows import FeatureRows
from serving.schemas.prediction_columns import STATUSES, PredictionColumns
from training.inference.answers.answer import Horizons, TableColumn, TableValues
from training.inference.forecast import TIERS
from training.models import ANSWER_ORDER, PAGES
from training.segments.column import ColumnSpec

_INSTANT, _TEXT = pa.timestamp("us", tz="UTC"), pa.string()
_TYPES = {"number": pa.float64(), "integer": pa.int32(), "day": pa.date32(), "text": _TEXT}


def score_columns(horizons: Horizons, models: Sequence[str] = ANSWER_ORDER) -> tuple[ColumnSpec, ...]:
    """The columns before the segments, in order."""
    declared = list(_declared_columns(horizons, models))
    return (
        ColumnSpec("customer_id", _TEXT, "The customer's id, digit for digit as in the log."),
        ColumnSpec("as_of", _INSTANT, "The instant that the predictions are for."),
        ColumnSpec("log_until", _INSTANT, "The last order line, of any customer, that the predictions know."),
        ColumnSpec("status", _TEXT, "`scored`, or the reason for a weaker answer, as in the HTTP API."),
        ColumnSpec("model_tier", _TEXT, "The tier that answers: `average`, `last_window`, `btyd` or `population`."),
        ColumnSpec("release", _TEXT, "The version of the release that scored."),
        ColumnSpec("prediction_id", _TEXT, "The id of the prediction, as in the HTTP API for the same instant."),
        *(ColumnSpec(column.name, _TYPES[column.kind], column.meaning) for column in declared if not column.trailing),
        ColumnSpec("orders", pa.int64(), "Orders so far."),
        ColumnSpec("first_order_at", _INSTANT, "Time of the first order."),
        ColumnSpec("last_order_at", _INSTANT, "Time of the last order."),
        *(ColumnSpec(column.name, _TYPES[column.kind], column.meaning) for column in declared if column.trailing),
    )


def _declared_columns(horizons: Horizons, models: Sequence[str]) -> Iterator[TableColumn]:
    for name in models:
        yield from _model_columns(name, horizons)


def _model_columns(name: str, horizons: Horizons) -> list[TableColumn]:
    """One model's status, its tier where one answers, and the columns that its page declares."""
    tier = TableColumn(f"{name}_tier", "text", f"The tier that answers {name}.")
    return [
        TableColumn(f"{name}_status", "text", f"Status of the {name} answer: that of the customer, or `no_signal`."),
        *([tier] if PAGES[name].answered_by_tier else []),
        *PAGES[name].answer.table_columns(horizons),
    ]


def scores_table(answers: PredictionColumns, feature_rows: FeatureRows) -> pa.Table:
    """Build the table of scores and order counts, one row per customer in the order of the answers."""
    n = len(answers)
    columns: dict[str, pa.Array] = {
        "customer_id": pa.array(list(answers.customer_ids), pa.string()),
        "as_of": pa.array(np.full(n, answers.as_of)).cast(_INSTANT),
        "log_until": pa.array([answers.log_until] * n, pa.int64()).cast(_INSTANT),
        "status": pa.array([STATUSES[code] for code in answers.status]),
        "model_tier": pa.array(_tier_names(answers), pa.string()),
        "release": pa.array([answers.release] * n),
        "prediction_id": pa.array(list(answers.prediction_ids), pa.string()),
        "orders": pa.array(np.nan_to_num(feature_rows.column("orders")).astype(np.int64)),
    }
    for name in ("first_order_at", "last_order_at"):
        columns[name] = _number(feature_rows.column(name)).cast(pa.int64()).cast(_INSTANT)
    for model, computed in answers.by_model.items():
        values = {
            f"{model}_status": [STATUSES[code] for code in answers.status_by_model[model]],
            f"{model}_tier": _tier_names(answers),
            **PAGES[model].answer.tabulate(computed, answers.horizons),
        }
        declared = _model_columns(model, answers.horizons)
        columns |= {column.name: _WRITERS[column.kind](values[column.name]) for column in declared}
    specs = score_columns(answers.horizons, tuple(answers.by_model))
    return pa.table(columns, schema=pa.schema([(column.name, column.type) for column in specs]))


def _tier_names(answers: PredictionColumns) -> list[str | None]:
    return [TIERS[code] if code >= 0 else None for code in answers.tier]


def _number(values: Floats) -> pa.Array:
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _integer(values: TableValues) -> pa.Array:
    return pa.array(values, pa.int32())


def _day(days: Days) -> pa.Array:
    return pa.array(days.astype("datetime64[D]"), pa.date32())


def _text(values: TableValues) -> pa.Array:
    return pa.array(values, pa.string())


_WRITERS: Mapping[str, Callable[[Any], pa.Array]] = {
    "number": _number,
    "integer": _integer,
    "day": _day,
    "text": _text,
}
