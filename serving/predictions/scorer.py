"""What do we answer for these customers? Matrices in, answers out; free of HTTP and of arithmetic of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from features import calendar
from features.arrays import Booleans, Codes, Floats
from features.online.feature_rows import Stored
from serving.interfaces import Release
from serving.moments import rfc3339
from serving.predictions.prediction_ids import prediction_ids
from serving.predictions.reminders import ShopDay, by_category
from serving.schemas.prediction_columns import (
    NOBODY,
    QUANTILES,
    STATUSES,
    WITHIN_DAYS,
    Answers,
    Churn,
    Ltv,
    NextPurchase,
)
from training.inference.forecast import TIERS, Forecast, Spend
from training.inference.release_manifest import Facts

_STATUS = {status: np.int8(code) for code, status in enumerate(STATUSES)}
_COHORT = TIERS.index("cohort")


class TooEarly(ValueError):
    """The answer was asked for an instant at which its features were not yet known."""


class NotANumber(ArithmeticError):
    """A release said something of a known customer that is no number."""


def score(release: Release, stored: Stored, as_of: int) -> Answers:
    """The answers of ``release`` for the stored customers at ``as_of`` (microseconds since 1970 UTC).

    Raises:
        TooEarly: one of them has features from after that instant.
        NotANumber: the release's forecast has gaps.
    """
    _refuse_hindsight(stored, as_of)
    facts, zone = release.facts, ZoneInfo(release.facts.timezone)
    forecast = release.forecast(stored, as_of)
    _refuse_gaps(forecast, stored.known)
    if not stored.known.all():
        forecast = _silenced(forecast, stored.known)
    within = forecast.within_each((*WITHIN_DAYS, facts.churn_days))
    today = ShopDay.of(as_of, zone)
    purchase = _next_purchase(forecast, within[:, :-1], stored, today, facts.lead_days)
    if (categories := release.by_category(stored, as_of, forecast)) is not None:
        purchase = replace(purchase, by_category=by_category(categories, len(stored), today, facts.lead_days))
    return Answers(
        customer_ids=stored.customer_ids,
        as_of=as_of,
        release=release.version,
        model_versions=release.model_versions,
        status=_status(stored, forecast.tier, _oldest_fresh(as_of, facts.max_feature_age_days, zone)),
        tier=forecast.tier,
        features_at=stored.features_at,
        prediction_ids=prediction_ids(release.version, stored, as_of),
        churn=_churn(release, forecast, within[:, -1]),
        next_purchase=purchase,
        ltv=_ltv(forecast, stored, facts),
    )


def _refuse_hindsight(stored: Stored, as_of: int) -> None:
    newest = int(stored.features_at.max(initial=0))
    if as_of < newest:
        raise TooEarly(
            f"Found {rfc3339(as_of)}, while the features are of {rfc3339(newest)}; expected an instant not before "
            "them. Ask for a later one, or publish features as of an earlier one."
        )


def _refuse_gaps(forecast: Forecast, known: Booleans) -> None:
    """A missing number would go over the wire as a null that nobody expects."""
    said = [forecast.order_by, forecast.expected_orders]
    if forecast.spend is not None:
        said += [forecast.spend.mean, forecast.spend.median, forecast.spend.p10, forecast.spend.p90]
    gaps = int((~np.isfinite(np.concatenate(said, axis=1)).all(axis=1) & known).sum())
    if gaps:
        raise NotANumber(f"Found {gaps} of {len(known)} known customers without a number in their forecast.")


def _silenced(forecast: Forecast, known: Booleans) -> Forecast:
    """The forecast with nothing said of customers nobody knows."""
    unknown = ~known
    spend = forecast.spend

    def blank(numbers: Floats) -> Floats:
        return np.where(unknown[:, None], np.nan, numbers)

    if spend is not None:
        spend = Spend(mean=blank(spend.mean), median=blank(spend.median), p10=blank(spend.p10), p90=blank(spend.p90))
    return replace(
        forecast,
        tier=np.where(known, forecast.tier, np.int8(NOBODY)),
        order_by=blank(forecast.order_by),
        expected_orders=blank(forecast.expected_orders),
        spend=spend,
    )


def _oldest_fresh(as_of: int, days: int, zone: ZoneInfo) -> int:
    """The instant so many local days before ``as_of``: features of before it are stale."""
    wall = calendar.instant(as_of).astimezone(zone)
    earlier = calendar.from_number(calendar.day_number(wall.date()) - days)
    return calendar.micros(datetime.combine(earlier, wall.time(), tzinfo=zone))


def _status(stored: Stored, tier: Codes, oldest_fresh: int) -> Codes:
    status = np.where(tier >= _COHORT, _STATUS["insufficient_history"], _STATUS["scored"])
    status = np.where(stored.features_at < oldest_fresh, _STATUS["stale_features"], status)
    return np.where(stored.known, status, _STATUS["unknown_customer"])


def _churn(release: Release, forecast: Forecast, within: Floats) -> Churn:
    """From P(order within the churn horizon), (n,)."""
    known = forecast.tier != NOBODY
    probability = 1 - within
    low, high = release.facts.bands
    band = (probability >= low).astype(np.int8) + (probability >= high).astype(np.int8)
    return Churn(
        horizon_days=release.facts.churn_days,
        probability=probability,
        percentile=np.where(known, release.churn_percentile(probability), np.nan),
        band=np.where(known, band, np.int8(NOBODY)),
    )


def _next_purchase(forecast: Forecast, within: Floats, stored: Stored, today: ShopDay, lead_days: int) -> NextPurchase:
    dates = today.after(forecast.days_of(QUANTILES))
    silent_days = (today.instant - stored.column("last_order_at")) / calendar.DAY_US
    return NextPurchase(
        p10=dates[:, 0],
        p50=dates[:, 1],
        p90=dates[:, 2],
        remind_on=today.remind_on(dates[:, 1], lead_days),
        overdue_ratio=silent_days / np.maximum(stored.column("median_gap_days"), 1.0),
        probability_within=within,
    )


def _ltv(forecast: Forecast, stored: Stored, facts: Facts) -> Ltv:
    historic = stored.column("spend") if facts.has_amounts else np.full(len(stored), np.nan)
    return Ltv(
        currency=facts.currency,
        business_days=facts.ltv_days,
        horizons=forecast.horizons,
        expected_orders=forecast.expected_orders,
        spend=forecast.spend,
        historic=historic,
    )
