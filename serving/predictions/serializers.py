"""Serializers: prediction columns as plain structures for orjson, which writes NaN as null and dates as RFC 3339."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from serving.moments import rfc3339
from serving.schemas.prediction_columns import STATUSES, PredictionColumns
from serving.schemas.predictions import Part
from serving.schemas.segments import NOT_SCORED
from training.inference.forecast import TIERS
from training.models import PAGES

DAMAGED = "store_damaged"  # the reason of a customer, or of all, whose stored bytes are not as they were written
Json = dict[str, Any]
Rows = list[Json]


def serialize_predictions(columns: PredictionColumns, include: Collection[Part]) -> Rows:
    """One JSON object per customer, in order: the envelope and the included parts."""
    known = (columns.status > STATUSES.index("unknown_customer")).tolist()
    envelopes = _envelopes(columns)
    rows_by_part: dict[str, Sequence[Any]] = {
        name: _with_status(columns, name) for name in columns.by_model if name in include
    }
    rows_by_part |= {part: write(columns) for part, write in _SERVING_SERIALIZERS.items() if part in include}
    for row, envelope in enumerate(envelopes):
        if known[row]:
            for part, rows in rows_by_part.items():
                envelope[part] = rows[row]
        else:
            del envelope["model_tier"], envelope["features_at"]
            if envelope["status"] == "features_unavailable":
                envelope["reason"] = DAMAGED
    return envelopes


def _with_status(columns: PredictionColumns, model: str) -> Rows:
    """One model's answers, each with its status and, where a tier answers, its tier."""
    page, statuses = PAGES[model], columns.status_by_model[model].tolist()
    answers = page.answer.serialize(columns.by_model[model])
    if not page.answered_by_tier:
        return [{"status": STATUSES[status], **answer} for status, answer in zip(statuses, answers, strict=True)]
    codes = zip(statuses, columns.tier.tolist(), answers, strict=True)
    return [{"status": STATUSES[status], "tier": TIERS[tier], **answer} for status, tier, answer in codes]


def _envelopes(predictions: PredictionColumns) -> Rows:
    as_of = rfc3339(predictions.as_of)
    log_until = None if predictions.log_until is None else rfc3339(predictions.log_until)
    versions = dict(predictions.model_versions)
    columns = zip(
        predictions.customer_ids,
        predictions.status.tolist(),
        predictions.tier.tolist(),
        predictions.prediction_ids,
        predictions.features_at.tolist(),
        strict=True,
    )
    return [
        {
            "customer_id": customer_id,
            "status": STATUSES[status],
            "model_tier": TIERS[tier],
            "as_of": as_of,
            "prediction_id": prediction_id,
            "release": predictions.release,
            "model_versions": versions,
            "features_at": rfc3339(features_at),
            "log_until": log_until,
        }
        for customer_id, status, tier, prediction_id, features_at in columns
    ]


def _reasons(predictions: PredictionColumns) -> Rows | list[Rows] | list[None]:
    if predictions.reasons is None:
        return [None] * len(predictions)
    return [[vars(reason) for reason in reasons] for reasons in predictions.reasons]


def _segment(predictions: PredictionColumns) -> Sequence[Mapping[str, Any]]:
    return [NOT_SCORED] * len(predictions) if predictions.segments is None else predictions.segments


_SERVING_SERIALIZERS: Mapping[Part, Callable[[PredictionColumns], Sequence[Any]]] = {
    "segment": _segment,
    "reasons": _reasons,
}
