"""What do we answer about some customers? Columns, for the wire and for the scores table alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.arrays import Codes, Days, Floats, Integers
from training.inference.explanations.reasons import Reason
from training.inference.forecast import SpendForecast

STATUSES = ("unknown_customer", "stale_features", "insufficient_history", "scored")  # the first that applies
BANDS = ("low", "medium", "high")
WITHIN_DAYS = (7, 14, 30, 60, 90)
QUANTILES = (0.1, 0.5, 0.9)  # of the date of an order
MISSING_CODE = -1  # the code of a tier or band where nothing is answered


@dataclass(frozen=True, kw_only=True)
class ChurnColumns:
    """Will the customer place no order within the horizon?"""

    horizon_days: int
    probability: Floats  # (n,)
    percentile: Floats  # (n,) 0 to 100
    band: Codes  # (n,) index into BANDS


@dataclass(frozen=True, kw_only=True)
class DateColumns:
    """When do m orders come? All dates are the shop's, none before the day asked about."""

    p10: Days  # (m,)
    p50: Days  # (m,)
    p90: Days  # (m,)
    remind_on: Days  # (m,)
    overdue_ratio: Floats  # (m,) silence over the gap that is usual, NaN where none is known
    probability_within: Floats  # (m, len(WITHIN_DAYS))


@dataclass(frozen=True, kw_only=True)
class CategoryColumns(DateColumns):
    """When does the next order in a category come? The lines of customer i are ``offsets[i]:offsets[i + 1]``.

    A customer's lines come by reminder, the soonest first, those without one last. The gap is that expected in the
    category; no probability is above that of any order.
    """

    offsets: Integers  # (n + 1,)
    category: tuple[str, ...]  # (m,)
    evidence: Codes  # (m,) index into training.inference.categories.hazard_tables.RUNGS
    last_order_at: Days  # (m,)


@dataclass(frozen=True, kw_only=True)
class NextPurchaseColumns(DateColumns):
    """When does the next order of each of n customers come? The gap is their own typical one, from the second order."""

    by_category: CategoryColumns | None = None  # None for a log without categories


@dataclass(frozen=True, kw_only=True)
class LtvColumns:
    """What will the customer spend? ``horizons`` hold those of the business and that of churn, in days."""

    currency: str
    business_days: tuple[int, ...]  # the horizons that a caller is told of
    horizons: tuple[int, ...]
    expected_orders: Floats  # (n, horizons)
    spend: SpendForecast | None  # None for a log without amounts
    historic: Floats  # (n,) net spend so far, NaN without amounts


@dataclass(frozen=True, kw_only=True)
class PredictionColumns:
    """The three answers for n customers in the order asked for; NaN, NaT and NOBODY for one nobody knows."""

    customer_ids: Sequence[str]
    as_of: int  # microseconds since 1970 UTC
    release: str
    model_versions: Mapping[str, str]
    status: Codes  # (n,) index into STATUSES
    tier: Codes  # (n,) index into TIERS
    features_at: Integers  # (n,) microseconds since 1970 UTC, 0 where unknown
    prediction_ids: tuple[str, ...]
    churn: ChurnColumns
    next_purchase: NextPurchaseColumns
    ltv: LtvColumns
    reasons: Sequence[Sequence[Reason]] | None = None  # per customer; None where nobody asked
    segments: Sequence[Mapping[str, Any]] | None = None  # per customer, as SegmentResponse; None where nobody asked

    def __len__(self) -> int:
        return len(self.status)
