"""How do answers look on the wire? Plain structures for orjson, which writes NaN as null and dates as RFC 3339."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from serving.moments import rfc3339
from serving.schemas.prediction_columns import BANDS, STATUSES, WITHIN_DAYS, Answers, Dates
from serving.schemas.predictions import Part
from serving.segments.serializer import NOT_SCORED
from training.inference.categories.hazard_tables import RUNGS
from training.inference.forecast import TIERS

Json = dict[str, Any]
Rows = list[Json]


def predictions(answers: Answers, include: Collection[Part]) -> Rows:
    """One structure per customer, in order; each column becomes Python numbers once."""
    known = (answers.status != STATUSES.index("unknown_customer")).tolist()
    envelopes = _envelopes(answers)
    written = {part: write(answers) for part, write in PARTS.items() if part in include}
    for row, envelope in enumerate(envelopes):
        if known[row]:
            for part, rows in written.items():
                envelope[part] = rows[row]
        else:
            del envelope["model_tier"], envelope["features_at"]
    return envelopes


def _envelopes(answers: Answers) -> Rows:
    as_of = rfc3339(answers.as_of)
    versions = dict(answers.model_versions)
    columns = zip(
        answers.customer_ids,
        answers.status.tolist(),
        answers.tier.tolist(),
        answers.prediction_ids,
        answers.features_at.tolist(),
        strict=True,
    )
    return [
        {
            "customer_id": customer_id,
            "status": STATUSES[status],
            "model_tier": TIERS[tier],
            "as_of": as_of,
            "prediction_id": prediction_id,
            "release": answers.release,
            "model_versions": versions,
            "features_at": rfc3339(features_at),
        }
        for customer_id, status, tier, prediction_id, features_at in columns
    ]


def _churn(answers: Answers) -> Rows:
    churn = answers.churn
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


def _next_purchase(answers: Answers) -> Rows:
    both = zip(_dates(answers.next_purchase), _by_category(answers), strict=True)
    return [{**dates, "by_category": following} for dates, following in both]


def _by_category(answers: Answers) -> list[Rows] | list[None]:
    found = answers.next_purchase.by_category
    if found is None:
        return [None] * len(answers)
    columns = zip(found.category, found.rung.tolist(), found.last_order_at.tolist(), _dates(found), strict=True)
    lines = [
        {"category": category, "rung": RUNGS[rung], "last_order_at": last_order_at, **dates}
        for category, rung, last_order_at, dates in columns
    ]
    return [lines[begin:end] for begin, end in pairwise(found.offsets.tolist())]


def _dates(said: Dates) -> Rows:
    names = [str(days) for days in WITHIN_DAYS]
    columns = zip(
        said.p10.tolist(),
        said.p50.tolist(),
        said.p90.tolist(),
        said.remind_on.tolist(),
        said.overdue_ratio.tolist(),
        said.probability_within.tolist(),
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


def _ltv(answers: Answers) -> Rows:
    historic = answers.ltv.historic.tolist()
    by_horizon = {str(days): _spending(answers, answers.ltv.horizons.index(days)) for days in answers.ltv.business_days}
    return [
        {
            "currency": answers.ltv.currency,
            "historic": historic[row],
            "predicted": {days: rows[row] for days, rows in by_horizon.items()},
        }
        for row in range(len(answers))
    ]


def _spending(answers: Answers, horizon: int) -> Rows:
    """Every customer's orders and spend within one horizon."""
    orders, spend = answers.ltv.expected_orders[:, horizon].tolist(), answers.ltv.spend
    amounts: Sequence[Sequence[float | None]] = [[None] * len(orders)] * 4
    if spend is not None:
        amounts = [column[:, horizon].tolist() for column in (spend.mean, spend.median, spend.p10, spend.p90)]
    return [
        {"expected_orders": count, "mean": mean, "median": median, "p10": p10, "p90": p90}
        for count, mean, median, p10, p90 in zip(orders, *amounts, strict=True)
    ]


def _reasons(answers: Answers) -> Rows | list[Rows] | list[None]:
    if answers.reasons is None:
        return [None] * len(answers)
    return [[vars(reason) for reason in reasons] for reasons in answers.reasons]


def _segment(answers: Answers) -> Sequence[Mapping[str, Any]]:
    return [NOT_SCORED] * len(answers) if answers.segments is None else answers.segments


PARTS: Mapping[Part, Callable[[Answers], Sequence[Any]]] = {
    "churn": _churn,
    "next_purchase": _next_purchase,
    "ltv": _ltv,
    "segment": _segment,
    "reasons": _reasons,
}
