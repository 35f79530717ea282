"""From a question to its answers: which release, which instant, which features; one release per request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from features.consents.ledger import ConsentStatus
from features.errors import FlywheelError
from features.online.feature_rows import FeatureRows
from serving.moments import resolve_instant, start_of_shop_day
from serving.observability.json_logs import log_error
from serving.predictions.consent_gate import blocked_status, without_prediction
from serving.predictions.feature_reader import (
    FEATURES_UNAVAILABLE,
    FeatureReadResult,
    consents_failed,
    empty_rows,
    read_features,
    unavailable_rows,
)
from serving.predictions.scorer import AsOfBeforeFeatures, score
from serving.predictions.serializers import Rows, serialize_predictions
from serving.problems import DETAILS, RETRY_AFTER, Problem
from serving.schemas.predictions import DEFAULT_PARTS, FieldProblem, Part, PredictionRequest
from training.models import EXPLANATIONS

if TYPE_CHECKING:
    from serving.api.app_state import AppState
    from serving.releases.release_loader import ActiveRelease

SCORE_CHUNK_SIZE = 200  # customers, before other requests get their turn
MAX_BATCHED_CUSTOMERS = 10  # customers, up to which a request is answered together with others


@dataclass(frozen=True)
class PredictionService:
    """Where one request is answered: a worker and the champion it had when the request came."""

    app_state: AppState
    champion: ActiveRelease
    deadline: float  # by the loop's clock: later nobody waits for the answer any more

    @classmethod
    def for_request(cls, app_state: AppState, deadline: float = math.inf) -> PredictionService:
        """The desk for a new request; raises Problem while no release is ready."""
        champion = app_state.release_loader.current
        if champion is None:
            raise Problem(503, DETAILS[503], headers=RETRY_AFTER)
        return cls(app_state, champion, deadline)

    def is_waiting(self) -> bool:
        """Whether anybody still waits."""
        return asyncio.get_running_loop().time() < self.deadline

    async def now(self, request: PredictionRequest) -> Rows:
        """Answers for the instant asked about, by default this one."""
        return await self._predict(request, all_day=False)

    async def today(self, request: PredictionRequest) -> Rows:
        """Answers that stay the same all day: for the beginning of the shop's day, unless an instant is asked for.

        Where the features became known since, for the instant at which they did.
        """
        return await self._predict(request, all_day=True)

    async def _predict(self, request: PredictionRequest, *, all_day: bool) -> Rows:
        customer_ids = request.customer_ids
        try:
            held = await self.app_state.consent_gate.blocked(customer_ids, self.app_state.clock.now(self._zone))
        except FlywheelError as error:
            found = self._record_read(consents_failed(customer_ids, error))
            return await self.answer(found, self._instant(request, found.stored, all_day=all_day), ())
        if not held:
            return await self._predict_allowed(request, all_day=all_day)
        free = [one for place, one in enumerate(customer_ids) if place not in held]
        spoken = iter(await self._predict_allowed(request.model_copy(update={"customer_ids": free}), all_day=all_day))
        silent = iter(await self._withheld(request, held, all_day=all_day))
        return [next(silent if place in held else spoken) for place in range(len(customer_ids))]

    async def _withheld(
        self, request: PredictionRequest, blocked: Mapping[int, ConsentStatus], *, all_day: bool
    ) -> Rows:
        """For those of whom nothing may be said, in the order asked; of whom nothing is read but whether they exist."""
        customer_ids = [request.customer_ids[place] for place in blocked]
        unasked = [place for place, standing in enumerate(blocked.values()) if standing is ConsentStatus.UNKNOWN]
        found = await self.read([customer_ids[place] for place in unasked]) if unasked else None
        known = dict(zip(unasked, found.stored.known.tolist(), strict=True)) if found else {}
        statuses = [blocked_status(one, known=known.get(place, False)) for place, one in enumerate(blocked.values())]
        release, customers = self.champion.release, FeatureReadResult(empty_rows(customer_ids))
        if found is not None and found.reason is not None:
            customers = replace(customers, reason=found.reason)
            statuses = [FEATURES_UNAVAILABLE if place in known else one for place, one in enumerate(statuses)]
        for status in statuses:
            self.app_state.metrics.record_unanswered(release, 1, status)
        return without_prediction(
            release, customers, statuses, self._instant(request, customers.stored, all_day=all_day)
        )

    async def _predict_allowed(self, request: PredictionRequest, *, all_day: bool) -> Rows:
        """For those of whom there may be answers."""
        include = DEFAULT_PARTS if request.include is None else frozenset(request.include)
        if not request.customer_ids:
            return []
        if len(request.customer_ids) <= MAX_BATCHED_CUSTOMERS and request.as_of is None and "reasons" not in include:
            return await self.app_state.micro_batcher.submit(self, request.customer_ids, include, all_day=all_day)
        # Whoever has arrived by now is counted before this one is worked for.
        await asyncio.sleep(0)
        if not self.is_waiting():
            raise TimeoutError
        found = await self.read(request.customer_ids)
        return await self.answer(found, self._instant(request, found.stored, all_day=all_day), include)

    def _instant(self, request: PredictionRequest, stored: FeatureRows, *, all_day: bool) -> int:
        """The instant asked about, or the one that answers are for where none is."""
        if request.as_of is not None:
            return resolve_instant(request.as_of, self._zone)
        return self.as_of(stored, all_day=all_day)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.champion.release.metadata.timezone)

    def as_of(self, stored: FeatureRows, *, all_day: bool) -> int:
        """The instant that answers are for where none is asked about, microseconds since 1970 UTC."""
        now = self.app_state.clock.now(self._zone)
        if not all_day:
            return now
        return max(start_of_shop_day(now, self._zone), min(int(stored.features_at.max(initial=0)), now))

    async def read(self, customer_ids: Sequence[str]) -> FeatureReadResult:
        """What is stored of these customers, or why that cannot be said; raises Problem for what nobody foresaw."""
        try:
            found = await read_features(self.champion.features, customer_ids)
        except Exception as error:  # noqa: BLE001 - a store has many ways to fail, and a caller may always try again
            log_error(self.app_state.log, "features unreadable", error)
            raise Problem(503, "The features cannot be read just now. Try again soon.", headers=RETRY_AFTER) from None
        return self._record_read(found)

    async def degraded_reason(self) -> str | None:
        """Why customers would be left without an answer just now; None where they would not."""
        try:
            await self.app_state.consent_gate.blocked((), 0)
        except FlywheelError as error:
            return self._record_read(consents_failed((), error)).reason
        return (await self.read(())).reason

    def _record_read(self, result: FeatureReadResult) -> FeatureReadResult:
        """Counted, and logged when it begins and when it ends."""
        if self.app_state.metrics.record_feature_read(available=result.reason is None):
            self.app_state.log.warning("features available", now=result.reason is None, reason=result.detail or None)
        return result

    async def answer(self, result: FeatureReadResult, as_of: int, include: Collection[Part]) -> Rows:
        """Answers for an instant, in the order read; raises Problem where that lies before the features."""
        release, metrics, stored = self.champion.release, self.app_state.metrics, result.stored
        if result.reason is not None:
            metrics.record_unanswered(release, len(stored), FEATURES_UNAVAILABLE)
            return unavailable_rows(release, result, as_of)
        rows: Rows = []
        for some in _chunks(stored):
            try:
                answers = score(release, some, as_of)
            except AsOfBeforeFeatures as error:
                raise Problem(422, str(error), [FieldProblem(field="as_of", reason=str(error))]) from None
            metrics.record_predictions(answers)
            if "reasons" in include:
                # Milliseconds a customer, in a thread that lets go of the interpreter for most of them.
                reasons = await asyncio.to_thread(release.reasons, some, as_of, reason_targets(include))
                answers = replace(answers, reasons=reasons)
            if "segment" in include:
                now = self.app_state.clock.now(self._zone)
                answers = replace(answers, segments=await self.app_state.segment_lookup.lookup(some.customer_ids, now))
            rows += serialize_predictions(answers, include)
            if len(some) < len(stored):
                await asyncio.sleep(0)
        if stored.known.any():
            now = self.app_state.clock.now(self._zone)
            metrics.record_feature_age(now - int(stored.features_at[stored.known].min()))
        return rows


def reason_targets(include: Collection[Part]) -> list[str]:
    """The answers whose reasons are asked for: those that are included; with none of them, all three."""
    return [answer for answer in EXPLANATIONS if answer in include] or [*EXPLANATIONS]


def _chunks(stored: FeatureRows) -> Iterator[FeatureRows]:
    if len(stored) <= SCORE_CHUNK_SIZE:
        yield stored
        return
    for first in range(0, len(stored), SCORE_CHUNK_SIZE):
        yield stored.rows(first, first + SCORE_CHUNK_SIZE)
