"""Prediction columns: the answers of all models for some customers, for responses and for the scores table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.arrays import Codes, Integers
from training.inference.answers.answer import Horizons
from training.inference.explanations.reasons import Reason

# The first that applies, so that all after ``unknown_customer`` have answers; ``no_signal`` is a status of one answer,
# never of the whole customer.
STATUSES = ("features_unavailable", "unknown_customer", "stale_features", "insufficient_history", "no_signal", "scored")


@dataclass(frozen=True, kw_only=True)
class PredictionColumns:
    """The answers for n customers in the order requested; NaN, NaT and ``MISSING_CODE`` for an unknown customer."""

    customer_ids: Sequence[str]
    as_of: int  # microseconds since 1970 UTC
    log_until: int | None  # the last order line that the features know, microseconds since 1970 UTC
    release: str
    model_versions: Mapping[str, str]
    status: Codes  # (n,) index into STATUSES
    tier: Codes  # (n,) index into TIERS
    features_at: Integers  # (n,) microseconds since 1970 UTC, 0 where unknown
    prediction_ids: tuple[str, ...]
    horizons: Horizons
    status_by_model: Mapping[str, Codes]  # model name -> (n,) index into STATUSES
    by_model: Mapping[str, Any]  # model name -> the columns that ``Model.answer`` computes, in the order of answers
    reasons: Sequence[Sequence[Reason]] | None = None  # per customer; None where they were not requested
    segments: Sequence[Mapping[str, Any]] | None = None  # per customer, as SegmentResponse; None where not requested

    def __len__(self) -> int:
        return len(self.status)
