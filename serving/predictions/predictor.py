"""Predictor: reads features, scores them, attaches segments and serializes the predictions of one release."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from structlog.typing import FilteringBoundLogger

from features.errors import FlywheelError
from features.online.feature_rows import FeatureRows
from serving.interfaces import ActiveRelease
from serving.moments import resolve_instant, start_of_shop_day
from serving.observability.clock import Clock
from serving.observability.json_logs import log_error
from serving.observability.metrics import Metrics
from serving.predictions.feature_reader import (
    FEATURES_UNAVAILABLE,
    FeatureReadResult,
    consents_failed,
    read_features,
    unavailable_rows,
)
from serving.predictions.scorer import AsOfBeforeFeatures, score
from serving.predictions.serializers import Rows, serialize_predictions
from serving.problems import RETRY_AFTER, Problem
from serving.schemas.predictions import FieldProblem, Part
from serving.segments.segment_lookup import SegmentLookup
from training.models import EXPLANATIONS

SCORE_CHUNK_SIZE = 100  # customers; between two chunks the event loop serves other requests


@dataclass(frozen=True)
class PredictionContext:
    """Prediction context: what holds for every customer of a request; requests of equal contexts can share a batch."""

    active: ActiveRelease
    include: frozenset[Part]
    as_of: datetime | None = None  # the instant that the caller names; without an offset, the shop's wall clock
    all_day: bool = False  # whether a default instant is the beginning of the shop's day
    log_until: int | None = None  # the end of the log that the features know, microseconds since 1970 UTC
    with_curve: bool = False  # whether the daily curve of the next order is answered

    @property
    def timezone(self) -> ZoneInfo:
        """The time zone of the shop."""
        return ZoneInfo(self.active.release.metadata.timezone)


@dataclass(frozen=True)
class Predictor:
    """Predictor of one worker: answers the customers that the consent gate allows."""

    clock: Clock
    segment_lookup: SegmentLookup
    metrics: Metrics
    log: FilteringBoundLogger

    async def predict(
        self, context: PredictionContext, customer_ids: Sequence[str], deadline: float = math.inf
    ) -> Rows:
        """Predictions in the order of the ids.

        Raises:
            Problem: the features cannot be read, or the instant is before the features.
            TimeoutError: the deadline, by the clock of the event loop, passed before the last chunk began.
        """
        result = await self.read(context.active, customer_ids)
        return await self._answer(context, result, self.resolve_as_of(context, result.stored), deadline)

    async def predict_batch(
        self, context: PredictionContext, requests: Sequence[Sequence[str]]
    ) -> AsyncIterator[Rows | Exception]:
        """Predictions for each of several requests, from one read and, where possible, one forecast."""
        customer_ids = [customer_id for request in requests for customer_id in request]
        result = await self.read(context.active, customer_ids)
        rows = await self._answer_together(context, result)
        for first, last in _bounds(requests):
            if rows is not None:
                yield rows[first:last]
            else:
                yield await self._answer_alone(context, replace(result, stored=result.stored.rows(first, last)))

    async def read(self, active: ActiveRelease, customer_ids: Sequence[str]) -> FeatureReadResult:
        """Stored features of these customers, or the reason why they cannot be read.

        Raises:
            Problem: 503 for an error of the store that has no reason of its own.
        """
        try:
            result = await read_features(active.features, customer_ids)
        except Exception as error:  # noqa: BLE001 - a store has many ways to fail, and a caller may always try again
            log_error(self.log, "features unreadable", error)
            raise Problem(503, "The features cannot be read just now. Try again soon.", headers=RETRY_AFTER) from None
        return self._record_read(result)

    def unreadable_consents(self, customer_ids: Sequence[str], error: FlywheelError) -> FeatureReadResult:
        """Count a failed read of consents like one of features, and return its result for these customers."""
        return self._record_read(consents_failed(customer_ids, error))

    def unavailable(self, context: PredictionContext, result: FeatureReadResult) -> Rows:
        """Rows without predictions, each with the reason of the failed read."""
        self.metrics.record_unanswered(context.active.release, len(result.stored), FEATURES_UNAVAILABLE)
        return unavailable_rows(
            context.active.release, result, self.resolve_as_of(context, result.stored), context.log_until
        )

    def resolve_as_of(self, context: PredictionContext, stored: FeatureRows) -> int:
        """The instant that the predictions are for, microseconds since 1970 UTC."""
        if context.as_of is not None:
            return resolve_instant(context.as_of, context.timezone)
        now = self.clock.now(context.timezone)
        if not context.all_day:
            return now
        return max(start_of_shop_day(now, context.timezone), min(int(stored.features_at.max(initial=0)), now))

    async def _answer(
        self, context: PredictionContext, result: FeatureReadResult, as_of: int, deadline: float = math.inf
    ) -> Rows:
        """Score, attach reasons and segments, serialize; raises Problem if the instant is before the features."""
        release, stored = context.active.release, result.stored
        if result.reason is not None:
            return self.unavailable(context, result)
        rows: Rows = []
        for chunk in _chunks(stored):
            check_in_time(deadline)
            try:
                answers = score(release, chunk, as_of, context.log_until, with_curve=context.with_curve)
            except AsOfBeforeFeatures as error:
                raise Problem(422, str(error), [FieldProblem(field="as_of", reason=str(error))]) from None
            self.metrics.record_predictions(answers)
            if "reasons" in context.include:
                # Reasons take milliseconds per customer; the thread releases the interpreter lock for most of them.
                reasons = await asyncio.to_thread(release.reasons, chunk, as_of, reason_targets(context.include))
                answers = replace(answers, reasons=reasons)
            if "segment" in context.include:
                now = self.clock.now(context.timezone)
                answers = replace(answers, segments=await self.segment_lookup.lookup(chunk.customer_ids, now))
            rows += serialize_predictions(answers, context.include)
            if len(chunk) < len(stored):
                await asyncio.sleep(0)
        self._record_feature_age(context, stored)
        return rows

    async def _answer_together(self, context: PredictionContext, result: FeatureReadResult) -> Rows | None:
        """Rows of one forecast for all requests of a batch; None if each request needs a forecast of its own."""
        as_of = self.resolve_as_of(context, result.stored)
        # An answer for the whole day may depend on when a customer's features became known.
        if context.all_day and as_of != self.resolve_as_of(context, result.stored.rows(0, 0)):
            return None
        try:
            return await self._answer(context, result, as_of)
        except Exception:  # noqa: BLE001 - answered one by one, the request at fault gets the error
            return None

    async def _answer_alone(self, context: PredictionContext, result: FeatureReadResult) -> Rows | Exception:
        try:
            return await self._answer(context, result, self.resolve_as_of(context, result.stored))
        except Exception as error:  # noqa: BLE001 - the error of this request alone
            return error

    def _record_read(self, result: FeatureReadResult) -> FeatureReadResult:
        """Count a read, and log when reads begin to fail and when they succeed again."""
        if self.metrics.record_feature_read(available=result.reason is None):
            self.log.warning("features available", now=result.reason is None, reason=result.detail or None)
        return result

    def _record_feature_age(self, context: PredictionContext, stored: FeatureRows) -> None:
        if stored.known.any():
            now = self.clock.now(context.timezone)
            self.metrics.record_feature_age(now - int(stored.features_at[stored.known].min()))


def check_in_time(deadline: float) -> None:
    """Raise TimeoutError if the deadline, by the clock of the event loop, has passed."""
    if asyncio.get_running_loop().time() >= deadline:
        raise TimeoutError


def reason_targets(include: Collection[Part]) -> list[str]:
    """The answers whose reasons are wanted: those that are included, or all when none is."""
    return [answer for answer in EXPLANATIONS if answer in include] or [*EXPLANATIONS]


def _bounds(requests: Sequence[Sequence[str]]) -> Iterator[tuple[int, int]]:
    first = 0
    for request in requests:
        yield first, first + len(request)
        first += len(request)


def _chunks(stored: FeatureRows) -> Iterator[FeatureRows]:
    if len(stored) <= SCORE_CHUNK_SIZE:
        yield stored
        return
    for first in range(0, len(stored), SCORE_CHUNK_SIZE):
        yield stored.rows(first, first + SCORE_CHUNK_SIZE)
