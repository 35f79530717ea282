"""What is known of these customers, or why can that not be said just now? In time, whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import numpy as np

from features.errors import FlywheelError, LostRows, NothingThere, Unreachable
from features.online.codec import OtherSchema
from features.online.feature_rows import Stored
from serving.interfaces import Features, Release
from serving.moments import rfc3339
from serving.predictions.prediction_ids import prediction_ids
from serving.predictions.serializers import Rows

UNAVAILABLE = "features_unavailable"
UNREADABLE = "consents_unreadable"
READS_AT_ONCE = 16
Done = TypeVar("Done")
_REASONS: dict[type[FlywheelError], str] = {
    Unreachable: "store_unreachable",
    NothingThere: "nothing_published",
    LostRows: "rows_lost",
    OtherSchema: "other_columns",
}


@dataclass(frozen=True)
class Read:
    """Stored features, or, where they cannot be read, a reason and nothing known of anybody."""

    stored: Stored
    reason: str | None = None
    detail: str = ""


async def read(features: Features, customer_ids: Sequence[str]) -> Read:
    """What is stored, in the order asked for; a store on another machine keeps nobody longer than its patience."""
    try:
        return Read(await patiently(features.patience, lambda: features.read(customer_ids)))
    except TimeoutError:
        return Read(nothing(customer_ids), _REASONS[Unreachable], f"no answer within {features.patience} s")
    except tuple(_REASONS) as error:
        return lost(customer_ids, error)


def lost(customer_ids: Sequence[str], error: FlywheelError) -> Read:
    """Nothing known of anybody, because of one of the foreseen errors."""
    return Read(nothing(customer_ids), _REASONS[type(error)], str(error))


def unpermitted(customer_ids: Sequence[str], error: FlywheelError) -> Read:
    """Nothing known of anybody, since nobody knows of whom anything may be said."""
    reason = _REASONS[Unreachable] if isinstance(error, Unreachable) else UNREADABLE
    return Read(nothing(customer_ids), reason, str(error))


def unavailable(release: Release, customers: Read, as_of: int) -> Rows:
    """Answers that say why there is none, in the order asked for."""
    ids = prediction_ids(release.version, customers.stored, as_of)
    envelope = {
        "status": UNAVAILABLE,
        "reason": customers.reason,
        "as_of": rfc3339(as_of),
        "release": release.version,
        "model_versions": dict(release.model_versions),
    }
    return [
        {"customer_id": customer_id, **envelope, "prediction_id": prediction_id}
        for customer_id, prediction_id in zip(customers.stored.customer_ids, ids, strict=True)
    ]


async def patiently(patience: float | None, work: Callable[[], Done]) -> Done:
    """What is read from this machine at once, and from another in a thread; raises TimeoutError after the patience."""
    if patience is None:
        return work()
    async with asyncio.timeout(patience):
        return await asyncio.get_running_loop().run_in_executor(_threads(), work)


@cache
def _threads() -> ThreadPoolExecutor:
    """For reading alone: behind slow work in the usual threads, a sound store would seem not to answer."""
    return ThreadPoolExecutor(READS_AT_ONCE, "features")


def nothing(customer_ids: Sequence[str]) -> Stored:
    """As if nothing were stored of anybody."""
    n = len(customer_ids)
    return Stored(
        customer_ids=customer_ids,
        known=np.zeros(n, np.bool_),
        features_at=np.zeros(n, np.int64),
        columns=(),
        matrix=np.zeros((n, 0)),
        lists={},
    )
