"""How do answers look on the wire? Plain structures for orjson, which writes NaN as null and dates as RFC 3339."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from serving.moments import rfc3339
from serving.schemas.prediction_columns import BANDS, STATUSES, WITHIN_DAYS, DateColumns, PredictionColumns
from serving.schemas.predictions import Part
from serving.schemas.segments import NOT_SCORED
from training.inference.categories.hazard_tables import EVIDENCE_LEVELS
from training.inference.forecast import TIERS

Json = dict[str, Any]
Rows = list[Json]


def serialize_predictions(columns: PredictionColumns, include: Collection[Part]) -> Rows:
    """One structure per customer, in order; each column becomes Python numbers once."""
    known = (columns.status != STATUSES.index("unknown_customer")).tolist()
    envelopes = _envelopes(columns)
    written = {part: write(columns) for part, write in PART_SERIALIZERS.items() if part in include}
    for row, envelope in enumerate(envelopes):
        if known[row]:
            for part, rows in written.items():
                envelope[part] = rows[row]
        else:
            del envelope["model_tier"], envelope["features_at"]
    return envelopes


def _envelopes(predictions: PredictionColumns) -> Rows:
    as_of = rfc3339(predictions.as_of)
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
        }
        for customer_id, status, tier, prediction_id, features_at in columns
    ]


def _churn(predictions: PredictionColumns) -> Rows:
    churn = predictions.churn
    columns = zip(churn.probability.tolist(), churn.percentile.tolist(), churn.band.tolist(), strict=True)
    return [
        {
            "horizon_days": churn.horizon_days,
            "probability": probability,
            "percentile": percentile,
            "band": BANDS[band],
        }
        for probability, percentile, band in columns
    ]


def _next_purchase(predictions: PredictionColumns) -> Rows:
    both = zip(_dates(predictions.next_purchase), _by_category(predictions), strict=True)
    return [{**dates, "by_category": following} for dates, following in both]


def _by_category(predictions: PredictionColumns) -> list[Rows] | list[None]:
    found = predictions.next_purchase.by_category
    if found is None:
        return [None] * len(predictions)
    columns = zip(found.category, found.evidence.tolist(), found.last_order_at.tolist(), _dates(found), strict=True)
    lines = [
        {"category": category, "evidence": EVIDENCE_LEVELS[rung], "last_order_at": last_order_at, **dates}
        for category, rung, last_order_at, dates in columns
    ]
    return [lines[begin:end] for begin, end in pairwise(found.offsets.tolist())]


def _dates(dates: DateColumns) -> Rows:
    names = [str(days) for days in WITHIN_DAYS]
    columns = zip(
        dates.p10.tolist(),
        dates.p50.tolist(),
        dates.p90.tolist(),
        dates.remind_on.tolist(),
        dates.overdue_ratio.tolist(),
        dates.probability_within.tolist(),
        strict=True,
    )
    return [
        {
            "p10": p10,
            "p50": p50,
            "p90": p90,
            "remind_on": remind_on,
            "overdue_ratio": overdue,
            "probability_within": dict(zip(names, within, strict=True)),
        }
        for p10, p50, p90, remind_on, overdue, within in columns
    ]


def _ltv(predictions: PredictionColumns) -> Rows:
    historic = predictions.ltv.historic.tolist()
    by_horizon = {
        str(days): _spending(predictions, predictions.ltv.horizons.index(days))
        for days in predictions.ltv.business_days
    }
    return [
        {
            "currency": predictions.ltv.currency,
            "historic": historic[row],
            "predicted": {days: rows[row] for days, rows in by_horizon.items()},
        }
        for row in range(len(predictions))
    ]


def _spending(predictions: PredictionColumns, horizon: int) -> Rows:
    """Every customer's orders and spend within one horizon."""
    orders, spend = predictions.ltv.expected_orders[:, horizon].tolist(), predictions.ltv.spend
    amounts: Sequence[Sequence[float | None]] = [[None] * len(orders)] * 4
    if spend is not None:
        amounts = [column[:, horizon].tolist() for column in (spend.mean, spend.median, spend.p10, spend.p90)]
    return [
        {"expected_orders": count, "mean": mean, "median": median, "p10": p10, "p90": p90}
        for count, mean, median, p10, p90 in zip(orders, *amounts, strict=True)
    ]


def _reasons(predictions: PredictionColumns) -> Rows | list[Rows] | list[None]:
    if predictions.reasons is None:
        return [None] * len(predictions)
    return [[vars(reason) for reason in reasons] for reasons in predictions.reasons]


def _segment(predictions: PredictionColumns) -> Sequence[Mapping[str, Any]]:
    return [NOT_SCORED] * len(predictions) if predictions.segments is None else predictions.segments


PART_SERIALIZERS: Mapping[Part, Callable[[PredictionColumns], Sequence[Any]]] = {
    "churn": _churn,
    "next_purchase": _next_purchase,
    "ltv": _ltv,
    "segment": _segment,
    "reasons": _reasons,
}
