"""Scorer: computes the answers of every model from stored features, as columns; it does not depend on HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from features import calendar
from features.arrays import Booleans, Codes, Floats
from features.online.feature_rows import FeatureRows
from serving.interfaces import ReleasePort
from serving.moments import rfc3339
from serving.predictions.prediction_ids import prediction_ids
from serving.schemas.prediction_columns import STATUSES, PredictionColumns
from training.inference.answers.answer import MISSING_CODE, AnswerContext, Horizons
from training.inference.answers.shop_day import ShopDay
from training.inference.forecast import TIERS, Forecast, SpendForecast
from training.models import ANSWER_ORDER, PAGES

_STATUS_CODES = {status: np.int8(code) for code, status in enumerate(STATUSES)}
_BTYD_TIER = TIERS.index("btyd")


class AsOfBeforeFeatures(ValueError):
    """The requested instant is before the time of the features."""


class NonFiniteOutput(ArithmeticError):
    """The forecast of a known customer has a value that is not a finite number."""


def score(
    release: ReleasePort, stored: FeatureRows, as_of: int, log_until: int | None = None, *, with_curve: bool = False
) -> PredictionColumns:
    """The answers of ``release`` for n stored customers at ``as_of`` (microseconds since 1970 UTC).

    Only the models that the release was trained with have columns. ``log_until`` is the end of the log that the
    features know. ``with_curve`` adds the daily curve of the next order.

    Raises:
        AsOfBeforeFeatures: a customer's features are from after that instant.
        NonFiniteOutput: the forecast of a known customer is incomplete.
    """
    _check_as_of(stored, as_of)
    metadata, zone = release.metadata, ZoneInfo(release.metadata.timezone)
    forecast = release.forecast(stored, as_of)
    _check_finite(forecast, stored.known)
    if not stored.known.all():
        forecast = _blank_unknown(forecast, stored.known)
    context = AnswerContext(
        forecast=forecast,
        stored=stored,
        metadata=metadata,
        today=ShopDay.from_instant(as_of, zone),
        churn_percentile=release.churn_percentile,
        categories=release.by_category(stored, as_of, forecast),
        with_curve=with_curve,
    )
    status = _status(stored, forecast.tier, _freshness_limit(as_of, metadata.max_feature_age_days, zone))
    answered = [name for name in ANSWER_ORDER if name in release.model_versions]
    return PredictionColumns(
        customer_ids=stored.customer_ids,
        as_of=as_of,
        log_until=log_until,
        release=release.version,
        model_versions=release.model_versions,
        status=status,
        tier=forecast.tier,
        features_at=stored.features_at,
        prediction_ids=prediction_ids(release.version, stored, as_of),
        horizons=Horizons(churn_days=metadata.churn_days, ltv_days=metadata.ltv_days),
        status_by_model={name: _answer_status(status, ranks=name not in release.unranked_models) for name in answered},
        by_model={name: PAGES[name].answer.compute(context) for name in answered},
    )


def _check_as_of(stored: FeatureRows, as_of: int) -> None:
    newest = int(stored.features_at.max(initial=0))
    if as_of < newest:
        raise AsOfBeforeFeatures(
            f"Found {rfc3339(as_of)}, while the features are of {rfc3339(newest)}; expected an instant not before "
            "them. Ask for a later one, or publish features as of an earlier one."
        )


def _check_finite(forecast: Forecast, known: Booleans) -> None:
    """Reject a missing number, which would become a null that the schema does not allow."""
    numbers = [forecast.order_by, forecast.expected_orders, *map(_as_columns, forecast.answers.values())]
    if forecast.spend is not None:
        numbers += [forecast.spend.mean, forecast.spend.median, forecast.spend.p10, forecast.spend.p90]
    gaps = int((~np.isfinite(np.concatenate(numbers, axis=1)).all(axis=1) & known).sum())
    if gaps:
        raise NonFiniteOutput(f"Found {gaps} of {len(known)} known customers without a number in their forecast.")


def _as_columns(numbers: Floats) -> Floats:
    return numbers.reshape(len(numbers), -1)


def _blank_unknown(forecast: Forecast, known: Booleans) -> Forecast:
    """The forecast with NaN for unknown customers."""
    unknown = ~known
    spend = forecast.spend

    def blank(numbers: Floats) -> Floats:
        return np.where(unknown[:, None] if numbers.ndim > 1 else unknown, np.nan, numbers)

    if spend is not None:
        spend = SpendForecast(
            mean=blank(spend.mean), median=blank(spend.median), p10=blank(spend.p10), p90=blank(spend.p90)
        )
    return replace(
        forecast,
        tier=np.where(known, forecast.tier, np.int8(MISSING_CODE)),
        order_by=blank(forecast.order_by),
        expected_orders=blank(forecast.expected_orders),
        spend=spend,
        answers={name: blank(numbers) for name, numbers in forecast.answers.items()},
    )


def _freshness_limit(as_of: int, days: int, zone: ZoneInfo) -> int:
    """The instant a number of local days before ``as_of``; older features are stale."""
    local_time = calendar.instant(as_of).astimezone(zone)
    earlier = calendar.day_from_number(calendar.day_number(local_time.date()) - days)
    return calendar.micros(datetime.combine(earlier, local_time.time(), tzinfo=zone))


def _status(stored: FeatureRows, tier: Codes, freshness_limit: int) -> Codes:
    status = np.where(tier >= _BTYD_TIER, _STATUS_CODES["insufficient_history"], _STATUS_CODES["scored"])
    status = np.where(stored.features_at < freshness_limit, _STATUS_CODES["stale_features"], status)
    status = np.where(stored.known, status, _STATUS_CODES["unknown_customer"])
    if stored.damaged is None:
        return status
    return np.where(stored.damaged, _STATUS_CODES["features_unavailable"], status)


def _answer_status(status: Codes, *, ranks: bool) -> Codes:
    """The status of one answer: the customer's, or that the log holds no signal by which the model ranks customers."""
    if ranks:
        return status
    return np.where(status == _STATUS_CODES["scored"], _STATUS_CODES["no_signal"], status)
