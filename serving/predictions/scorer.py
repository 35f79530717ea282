"""What do we answer for these customers? Matrices in, answers out; free of HTTP and of arithmetic of its own."""

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
from serving.predictions.reminders import ShopDay, category_columns
from serving.schemas.prediction_columns import (
    MISSING_CODE,
    QUANTILES,
    STATUSES,
    WITHIN_DAYS,
    ChurnColumns,
    LtvColumns,
    NextPurchaseColumns,
    PredictionColumns,
)
from training.inference.forecast import TIERS, Forecast, SpendForecast
from training.inference.release_manifest import ReleaseMetadata

_STATUS_CODES = {status: np.int8(code) for code, status in enumerate(STATUSES)}
_COHORT_TIER = TIERS.index("cohort")


class AsOfBeforeFeatures(ValueError):
    """The answer was asked for an instant at which its features were not yet known."""


class NonFiniteOutput(ArithmeticError):
    """A release said something of a known customer that is no number."""


def score(release: ReleasePort, stored: FeatureRows, as_of: int) -> PredictionColumns:
    """The answers of ``release`` for the stored customers at ``as_of`` (microseconds since 1970 UTC).

    Raises:
        AsOfBeforeFeatures: one of them has features from after that instant.
        NonFiniteOutput: the release's forecast has gaps.
    """
    _check_as_of(stored, as_of)
    facts, zone = release.metadata, ZoneInfo(release.metadata.timezone)
    forecast = release.forecast(stored, as_of)
    _check_finite(forecast, stored.known)
    if not stored.known.all():
        forecast = _blank_unknown(forecast, stored.known)
    within = forecast.order_probabilities((*WITHIN_DAYS, facts.churn_days))
    today = ShopDay.from_instant(as_of, zone)
    purchase = _next_purchase(forecast, within[:, :-1], stored, today, facts.lead_days)
    if (categories := release.by_category(stored, as_of, forecast)) is not None:
        purchase = replace(purchase, by_category=category_columns(categories, len(stored), today, facts.lead_days))
    return PredictionColumns(
        customer_ids=stored.customer_ids,
        as_of=as_of,
        release=release.version,
        model_versions=release.model_versions,
        status=_status(stored, forecast.tier, _freshness_limit(as_of, facts.max_feature_age_days, zone)),
        tier=forecast.tier,
        features_at=stored.features_at,
        prediction_ids=prediction_ids(release.version, stored, as_of),
        churn=_churn(release, forecast, within[:, -1]),
        next_purchase=purchase,
        ltv=_ltv(forecast, stored, facts),
    )


def _check_as_of(stored: FeatureRows, as_of: int) -> None:
    newest = int(stored.features_at.max(initial=0))
    if as_of < newest:
        raise AsOfBeforeFeatures(
            f"Found {rfc3339(as_of)}, while the features are of {rfc3339(newest)}; expected an instant not before "
            "them. Ask for a later one, or publish features as of an earlier one."
        )


def _check_finite(forecast: Forecast, known: Booleans) -> None:
    """A missing number would go over the wire as a null that nobody expects."""
    said = [forecast.order_by, forecast.expected_orders]
    if forecast.spend is not None:
        said += [forecast.spend.mean, forecast.spend.median, forecast.spend.p10, forecast.spend.p90]
    gaps = int((~np.isfinite(np.concatenate(said, axis=1)).all(axis=1) & known).sum())
    if gaps:
        raise NonFiniteOutput(f"Found {gaps} of {len(known)} known customers without a number in their forecast.")


def _blank_unknown(forecast: Forecast, known: Booleans) -> Forecast:
    """The forecast with nothing said of customers nobody knows."""
    unknown = ~known
    spend = forecast.spend

    def blank(numbers: Floats) -> Floats:
        return np.where(unknown[:, None], np.nan, numbers)

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
    )


def _freshness_limit(as_of: int, days: int, zone: ZoneInfo) -> int:
    """The instant so many local days before ``as_of``: features of before it are stale."""
    wall = calendar.instant(as_of).astimezone(zone)
    earlier = calendar.day_from_number(calendar.day_number(wall.date()) - days)
    return calendar.micros(datetime.combine(earlier, wall.time(), tzinfo=zone))


def _status(stored: FeatureRows, tier: Codes, freshness_limit: int) -> Codes:
    status = np.where(tier >= _COHORT_TIER, _STATUS_CODES["insufficient_history"], _STATUS_CODES["scored"])
    status = np.where(stored.features_at < freshness_limit, _STATUS_CODES["stale_features"], status)
    return np.where(stored.known, status, _STATUS_CODES["unknown_customer"])


def _churn(release: ReleasePort, forecast: Forecast, within: Floats) -> ChurnColumns:
    """From P(order within the churn horizon), (n,)."""
    known = forecast.tier != MISSING_CODE
    probability = 1 - within
    low, high = release.metadata.bands
    band = (probability >= low).astype(np.int8) + (probability >= high).astype(np.int8)
    return ChurnColumns(
        horizon_days=release.metadata.churn_days,
        probability=probability,
        percentile=np.where(known, release.churn_percentile(probability), np.nan),
        band=np.where(known, band, np.int8(MISSING_CODE)),
    )


def _next_purchase(
    forecast: Forecast, within: Floats, stored: FeatureRows, today: ShopDay, lead_days: int
) -> NextPurchaseColumns:
    dates = today.date_after(forecast.wait_quantiles(QUANTILES))
    silent_days = (today.instant - stored.column("last_order_at")) / calendar.DAY_US
    return NextPurchaseColumns(
        p10=dates[:, 0],
        p50=dates[:, 1],
        p90=dates[:, 2],
        remind_on=today.remind_on(dates[:, 1], lead_days),
        overdue_ratio=silent_days / np.maximum(stored.column("median_gap_days"), 1.0),
        probability_within=within,
    )


def _ltv(forecast: Forecast, stored: FeatureRows, metadata: ReleaseMetadata) -> LtvColumns:
    historic = stored.column("spend") if metadata.has_amounts else np.full(len(stored), np.nan)
    return LtvColumns(
        currency=metadata.currency,
        business_days=metadata.ltv_days,
        horizons=forecast.horizons,
        expected_orders=forecast.expected_orders,
        spend=forecast.spend,
        historic=historic,
    )
