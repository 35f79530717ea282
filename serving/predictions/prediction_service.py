"""From a question to its answers: which release, which instant, which features; one release per request."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from features.consents.ledger import Standing
from features.errors import FlywheelError
from features.online.feature_rows import Stored
from serving.moments import day_beginning, resolve
from serving.observability.json_logs import report
from serving.predictions.consent_gate import status_of, unsaid
from serving.predictions.feature_reader import UNAVAILABLE, Read, nothing, read, unavailable, unpermitted
from serving.predictions.scorer import TooEarly, score
from serving.predictions.serializers import Rows, predictions
from serving.problems import DETAILS, SOON, Problem
from serving.schemas.predictions import DEFAULT_PARTS, FieldProblem, Part, Question
from training.inference.explanations.reasons import ANSWERS

if TYPE_CHECKING:
    from serving.api.app_state import Worker
    from serving.releases.release_loader import Champion

SCORED_AT_ONCE = 200  # customers, before other requests get their turn
FEW = 10  # customers, up to which a request is answered together with others


@dataclass(frozen=True)
class Desk:
    """Where one request is answered: a worker and the champion it had when the request came."""

    worker: Worker
    champion: Champion
    due: float  # by the loop's clock: later nobody waits for the answer any more

    @classmethod
    def of(cls, worker: Worker, due: float = math.inf) -> Desk:
        """The desk for a new request; raises Problem while no release is ready."""
        champion = worker.champions.current
        if champion is None:
            raise Problem(503, DETAILS[503], headers=SOON)
        return cls(worker, champion, due)

    def in_time(self) -> bool:
        """Whether anybody still waits."""
        return asyncio.get_running_loop().time() < self.due

    async def now(self, question: Question) -> Rows:
        """Answers for the instant asked about, by default this one."""
        return await self._asked(question, all_day=False)

    async def today(self, question: Question) -> Rows:
        """Answers that stay the same all day: for the beginning of the shop's day, unless an instant is asked for.

        Where the features became known since, for the instant at which they did.
        """
        return await self._asked(question, all_day=True)

    async def _asked(self, question: Question, *, all_day: bool) -> Rows:
        customer_ids = question.customer_ids
        try:
            held = await self.worker.permission.held(customer_ids, self.worker.clock.now(self._zone))
        except FlywheelError as error:
            found = self._noted(unpermitted(customer_ids, error))
            return await self.answer(found, self._instant(question, found.stored, all_day=all_day), ())
        if not held:
            return await self._spoken(question, all_day=all_day)
        free = [one for place, one in enumerate(customer_ids) if place not in held]
        spoken = iter(await self._spoken(question.model_copy(update={"customer_ids": free}), all_day=all_day))
        silent = iter(await self._unsaid(question, held, all_day=all_day))
        return [next(silent if place in held else spoken) for place in range(len(customer_ids))]

    async def _unsaid(self, question: Question, held: Mapping[int, Standing], *, all_day: bool) -> Rows:
        """For those of whom nothing may be said, in the order asked; of whom nothing is read but whether they exist."""
        customer_ids = [question.customer_ids[place] for place in held]
        unasked = [place for place, standing in enumerate(held.values()) if standing is Standing.UNASKED]
        found = await self.read([customer_ids[place] for place in unasked]) if unasked else None
        known = dict(zip(unasked, found.stored.known.tolist(), strict=True)) if found else {}
        statuses = [status_of(one, known=known.get(place, False)) for place, one in enumerate(held.values())]
        release, customers = self.champion.release, Read(nothing(customer_ids))
        if found is not None and found.reason is not None:
            customers = replace(customers, reason=found.reason)
            statuses = [UNAVAILABLE if place in known else one for place, one in enumerate(statuses)]
        for status in statuses:
            self.worker.metrics.unanswered(release, 1, status)
        return unsaid(release, customers, statuses, self._instant(question, customers.stored, all_day=all_day))

    async def _spoken(self, question: Question, *, all_day: bool) -> Rows:
        """For those of whom there may be answers."""
        include = DEFAULT_PARTS if question.include is None else frozenset(question.include)
        if not question.customer_ids:
            return []
        if len(question.customer_ids) <= FEW and question.as_of is None and "reasons" not in include:
            return await self.worker.together.ask(self, question.customer_ids, include, all_day=all_day)
        # Whoever has arrived by now is counted before this one is worked for.
        await asyncio.sleep(0)
        if not self.in_time():
            raise TimeoutError
        found = await self.read(question.customer_ids)
        return await self.answer(found, self._instant(question, found.stored, all_day=all_day), include)

    def _instant(self, question: Question, stored: Stored, *, all_day: bool) -> int:
        """The instant asked about, or the one that answers are for where none is."""
        if question.as_of is not None:
            return resolve(question.as_of, self._zone)
        return self.as_of(stored, all_day=all_day)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.champion.release.facts.timezone)

    def as_of(self, stored: Stored, *, all_day: bool) -> int:
        """The instant that answers are for where none is asked about, microseconds since 1970 UTC."""
        now = self.worker.clock.now(self._zone)
        if not all_day:
            return now
        return max(day_beginning(now, self._zone), min(int(stored.features_at.max(initial=0)), now))

    async def read(self, customer_ids: Sequence[str]) -> Read:
        """What is stored of these customers, or why that cannot be said; raises Problem for what nobody foresaw."""
        try:
            found = await read(self.champion.features, customer_ids)
        except Exception as error:  # noqa: BLE001 - a store has many ways to fail, and a caller may always try again
            report(self.worker.log, "features unreadable", error)
            raise Problem(503, "The features cannot be read just now. Try again soon.", headers=SOON) from None
        return self._noted(found)

    async def trouble(self) -> str | None:
        """Why customers would be left without an answer just now; None where they would not."""
        try:
            await self.worker.permission.held((), 0)
        except FlywheelError as error:
            return self._noted(unpermitted((), error)).reason
        return (await self.read(())).reason

    def _noted(self, found: Read) -> Read:
        """Counted, and logged when it begins and when it ends."""
        if self.worker.metrics.reads(available=found.reason is None):
            self.worker.log.warning("features available", now=found.reason is None, reason=found.detail or None)
        return found

    async def answer(self, found: Read, as_of: int, include: Collection[Part]) -> Rows:
        """Answers for an instant, in the order read; raises Problem where that lies before the features."""
        release, metrics, stored = self.champion.release, self.worker.metrics, found.stored
        if found.reason is not None:
            metrics.unanswered(release, len(stored), UNAVAILABLE)
            return unavailable(release, found, as_of)
        rows: Rows = []
        for some in _turns(stored):
            try:
                answers = score(release, some, as_of)
            except TooEarly as error:
                raise Problem(422, str(error), [FieldProblem(field="as_of", reason=str(error))]) from None
            metrics.answered(answers)
            if "reasons" in include:
                # Milliseconds a customer, in a thread that lets go of the interpreter for most of them.
                reasons = await asyncio.to_thread(release.reasons, some, as_of, explained(include))
                answers = replace(answers, reasons=reasons)
            if "segment" in include:
                now = self.worker.clock.now(self._zone)
                answers = replace(answers, segments=await self.worker.segments.of(some.customer_ids, now))
            rows += predictions(answers, include)
            if len(some) < len(stored):
                await asyncio.sleep(0)
        if stored.known.any():
            now = self.worker.clock.now(self._zone)
            metrics.aged(now - int(stored.features_at[stored.known].min()))
        return rows


def explained(include: Collection[Part]) -> list[str]:
    """The answers whose reasons are asked for: those that are included; with none of them, all three."""
    return [answer for answer in ANSWERS if answer in include] or [*ANSWERS]


def _turns(stored: Stored) -> Iterator[Stored]:
    if len(stored) <= SCORED_AT_ONCE:
        yield stored
        return
    for first in range(0, len(stored), SCORED_AT_ONCE):
        yield stored.rows(first, first + SCORED_AT_ONCE)
