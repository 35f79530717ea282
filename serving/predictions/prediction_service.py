"""Prediction service: passes a request through the consent gate and answers it from one release."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from features.consents.ledger import ConsentStatus
from features.errors import FlywheelError
from features.publication import Publication
from serving.interfaces import ActiveRelease
from serving.moments import rfc3339
from serving.observability.clock import Clock
from serving.predictions.consent_gate import ConsentGate, blocked_status, without_prediction
from serving.predictions.feature_reader import FEATURES_UNAVAILABLE, FeatureReadResult, empty_rows
from serving.predictions.micro_batching import MicroBatcher
from serving.predictions.predictor import PredictionContext, Predictor, check_in_time
from serving.predictions.serializers import Rows
from serving.problems import DETAILS, RETRY_AFTER, Problem
from serving.schemas.predictions import DEFAULT_PARTS, PredictionRequest

MAX_BATCHED_CUSTOMERS = 10  # requests of more customers are answered on their own


@dataclass(frozen=True)
class PredictionService:
    """Prediction service of one worker: gate, read, score, attach segments, serialize."""

    current_release: Callable[[], ActiveRelease | None]
    publication: Callable[[], Publication | None]
    clock: Clock
    consent_gate: ConsentGate
    predictor: Predictor
    micro_batcher: MicroBatcher[PredictionContext, Rows]
    canonical_id: Callable[[str], str]

    def active_release(self) -> ActiveRelease:
        """The release that answers now.

        Raises:
            Problem: 503 while no release is loaded.
        """
        active = self.current_release()
        if active is None:
            raise Problem(503, DETAILS[503], headers=RETRY_AFTER)
        return active

    async def predict(self, request: PredictionRequest, *, all_day: bool, deadline: float = math.inf) -> Rows:
        """Predictions in the order of the request, each with the id as the caller wrote it.

        Args:
            request: the customers, the parts of the answer and, optionally, the instant.
            all_day: whether the default instant is the beginning of the shop's day instead of now, so that the answer
                is the same all day; if the features are newer, it is their instant.
            deadline: by the clock of the event loop.

        Raises:
            Problem: no release is loaded, the features cannot be read, or the instant is before the features.
            TimeoutError: the request waited until its deadline.
        """
        include = DEFAULT_PARTS if request.include is None else frozenset(request.include)
        publication = self.publication()
        log_until = None if publication is None else publication.log_until
        context = PredictionContext(
            self.active_release(), include, request.as_of, all_day, log_until, with_curve=request.curve
        )
        customer_ids = list(map(self.canonical_id, request.customer_ids))
        rows = await self._predict_with_consent(context, customer_ids, deadline)
        for row, customer_id in zip(rows, request.customer_ids, strict=True):
            row["customer_id"] = customer_id
        return rows

    def clock_mismatch(self) -> str | None:
        """Why every known customer's answer would be 422: the service's clock is before the features; else None."""
        publication, zone = self.publication(), ZoneInfo(self.active_release().release.metadata.timezone)
        now = self.clock.now(zone)
        if publication is None or now >= publication.features_at:
            return None
        return (
            f"Found the service's clock at {rfc3339(now)}, before the features of {rfc3339(publication.features_at)}; "
            "expected an instant not before them. Serve with a later --as-of, or run `flywheel publish` as of an "
            "earlier day."
        )

    async def degraded_reason(self) -> str | None:
        """The reason why predictions would fail now; None if they would succeed."""
        try:
            await self.consent_gate.blocked_statuses((), 0)
        except FlywheelError as error:
            return self.predictor.unreadable_consents((), error).reason
        return (await self.predictor.read(self.active_release(), ())).reason

    async def _predict_with_consent(
        self, context: PredictionContext, customer_ids: Sequence[str], deadline: float
    ) -> Rows:
        try:
            blocked = await self.consent_gate.blocked_statuses(customer_ids, self.clock.now(context.timezone))
        except FlywheelError as error:
            failed = self.predictor.unreadable_consents(customer_ids, error)
            return self.predictor.unavailable(context, failed)
        if not blocked:
            return await self._predict_allowed(context, customer_ids, deadline)
        allowed_ids = [id_ for index, id_ in enumerate(customer_ids) if index not in blocked]
        allowed = iter(await self._predict_allowed(context, allowed_ids, deadline))
        withheld = iter(await self._withhold(context, customer_ids, blocked))
        return [next(withheld if index in blocked else allowed) for index in range(len(customer_ids))]

    async def _predict_allowed(self, context: PredictionContext, customer_ids: Sequence[str], deadline: float) -> Rows:
        if not customer_ids:
            return []
        if len(customer_ids) <= MAX_BATCHED_CUSTOMERS and context.as_of is None and "reasons" not in context.include:
            return await self.micro_batcher.submit(context, customer_ids, deadline)
        # Requests that have arrived by now are counted by load shedding before work on this one begins.
        await asyncio.sleep(0)
        check_in_time(deadline)
        return await self.predictor.predict(context, customer_ids, deadline)

    async def _withhold(
        self, context: PredictionContext, customer_ids: Sequence[str], blocked: Mapping[int, ConsentStatus]
    ) -> Rows:
        """Rows without predictions for blocked customers; for one without a consent, the store shows if it is known."""
        blocked_ids = [customer_ids[index] for index in blocked]
        unknown = [index for index, status in enumerate(blocked.values()) if status is ConsentStatus.UNKNOWN]
        result = (
            await self.predictor.read(context.active, [blocked_ids[index] for index in unknown]) if unknown else None
        )
        exists = dict(zip(unknown, result.stored.known.tolist(), strict=True)) if result else {}
        statuses = [
            blocked_status(status, known=exists.get(index, False)) for index, status in enumerate(blocked.values())
        ]
        customers = FeatureReadResult(empty_rows(blocked_ids))
        if result is not None and result.reason is not None:
            customers = replace(customers, reason=result.reason)
            statuses = [FEATURES_UNAVAILABLE if index in exists else status for index, status in enumerate(statuses)]
        for status in statuses:
            self.predictor.metrics.record_unanswered(context.active.release, 1, status)
        as_of = self.predictor.resolve_as_of(context, customers.stored)
        return without_prediction(context.active.release, customers, statuses, as_of, context.log_until)
