"""Feature reader: reads stored features within a timeout; a failure becomes a reason instead of an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from features.errors import FlywheelError, NotFound, RowsLost, StoreDamaged, StoreUnavailable
from features.online.codec import SchemaMismatch
from features.online.feature_rows import FeatureRows
from serving.interfaces import FeatureReader, ReleasePort
from serving.moments import rfc3339
from serving.predictions.prediction_ids import prediction_ids
from serving.predictions.serializers import DAMAGED, Rows

FEATURES_UNAVAILABLE = "features_unavailable"
CONSENTS_UNAVAILABLE = "consents_unavailable"
MAX_CONCURRENT_READS = 16
Result = TypeVar("Result")
# The first that applies: StoreDamaged is a StoreUnavailable.
_REASONS: dict[type[FlywheelError], str] = {
    StoreDamaged: DAMAGED,
    StoreUnavailable: "store_unreachable",
    NotFound: "not_materialized",
    RowsLost: "rows_lost",
    SchemaMismatch: "schema_mismatch",
}


@dataclass(frozen=True)
class FeatureReadResult:
    """Result of a read: stored features; after a failure the reason, and rows as of unknown customers."""

    stored: FeatureRows
    reason: str | None = None
    detail: str = ""


async def read_features(features: FeatureReader, customer_ids: Sequence[str]) -> FeatureReadResult:
    """Stored features in the order of the ids; the read of a store on another machine ends at its timeout."""
    try:
        return FeatureReadResult(await with_timeout(features.timeout_seconds, lambda: features.read(customer_ids)))
    except TimeoutError:
        return FeatureReadResult(
            empty_rows(customer_ids), _REASONS[StoreUnavailable], f"no answer within {features.timeout_seconds} s"
        )
    except tuple(_REASONS) as error:
        return read_failed(customer_ids, error)


def read_failed(customer_ids: Sequence[str], error: FlywheelError) -> FeatureReadResult:
    """The result of a read that failed with one of the expected errors."""
    reason = next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
    return FeatureReadResult(empty_rows(customer_ids), reason, str(error))


def consents_failed(customer_ids: Sequence[str], error: FlywheelError) -> FeatureReadResult:
    """The result for customers whose consents cannot be read: the reason, without a read of features."""
    is_unreachable = isinstance(error, StoreUnavailable) and not isinstance(error, StoreDamaged)
    reason = _REASONS[StoreUnavailable] if is_unreachable else CONSENTS_UNAVAILABLE
    return FeatureReadResult(empty_rows(customer_ids), reason, str(error))


def unavailable_rows(release: ReleasePort, customers: FeatureReadResult, as_of: int, log_until: int | None) -> Rows:
    """Rows without predictions, each with the reason, in the order of the ids."""
    ids = prediction_ids(release.version, customers.stored, as_of)
    envelope = {
        "status": FEATURES_UNAVAILABLE,
        "reason": customers.reason,
        "as_of": rfc3339(as_of),
        "log_until": None if log_until is None else rfc3339(log_until),
        "release": release.version,
        "model_versions": dict(release.model_versions),
    }
    return [
        {"customer_id": customer_id, **envelope, "prediction_id": prediction_id}
        for customer_id, prediction_id in zip(customers.stored.customer_ids, ids, strict=True)
    ]


async def with_timeout(timeout_seconds: float | None, work: Callable[[], Result]) -> Result:
    """Run ``work`` with a time limit in a thread; without a time limit, in the thread of the event loop.

    Raises:
        TimeoutError: the timeout passed.
    """
    if timeout_seconds is None:
        return work()
    async with asyncio.timeout(timeout_seconds):
        return await asyncio.get_running_loop().run_in_executor(_executor(), work)


@cache
def _executor() -> ThreadPoolExecutor:
    """Threads only for reads: in threads shared with slow work, a read could wait until its timeout."""
    return ThreadPoolExecutor(MAX_CONCURRENT_READS, "features")


def empty_rows(customer_ids: Sequence[str]) -> FeatureRows:
    """Feature rows of unknown customers."""
    n = len(customer_ids)
    return FeatureRows(
        customer_ids=customer_ids,
        known=np.zeros(n, np.bool_),
        features_at=np.zeros(n, np.int64),
        columns=(),
        matrix=np.zeros((n, 0)),
        lists={},
    )
