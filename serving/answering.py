"""From a question to its answers: which release, which instant, which features; one release per request."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from features.stored import Ragged, Stored
from serving.logs import report
from serving.moments import day_beginning, resolve
from serving.problems import DETAILS, Problem
from serving.reading import UNAVAILABLE, Read, read, unavailable
from serving.schemas import DEFAULT_PARTS, FieldProblem, Part, Question
from serving.scorer import TooEarly, score
from serving.wire import Rows, predictions
from training.predict.reasons import ANSWERS

if TYPE_CHECKING:
    from serving.champions import Champion
    from serving.worker import Worker

SCORED_AT_ONCE = 200  # customers, before other requests get their turn
_SOON = {"Retry-After": "1"}


@dataclass(frozen=True)
class Desk:
    """Where one request is answered: a worker and the champion it had when the request came."""

    worker: Worker
    champion: Champion

    @classmethod
    def of(cls, worker: Worker) -> Desk:
        """The desk for a new request; raises Problem while no release is ready."""
        champion = worker.champions.current
        if champion is None:
            raise Problem(503, DETAILS[503], headers=_SOON)
        return cls(worker, champion)

    async def now(self, question: Question) -> Rows:
        """Answers for the instant asked about, by default this one."""
        now = self.worker.clock.now(self._zone)
        found = await self.read(question.customer_ids)
        as_of = now if question.as_of is None else resolve(question.as_of, self._zone)
        return await self._answer(question, found, as_of, now)

    async def today(self, question: Question) -> Rows:
        """Answers that stay the same all day: for the beginning of the shop's day, unless an instant is asked for.

        Where the features became known since, for the instant at which they did.
        """
        now = self.worker.clock.now(self._zone)
        found = await self.read(question.customer_ids)
        newest = int(found.stored.features_at.max(initial=0))
        as_of = max(day_beginning(now, self._zone), min(newest, now))
        if question.as_of is not None:
            as_of = resolve(question.as_of, self._zone)
        return await self._answer(question, found, as_of, now)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.champion.release.facts.timezone)

    async def read(self, customer_ids: Sequence[str]) -> Read:
        """What is stored of these customers, or why that cannot be said; raises Problem for what nobody foresaw."""
        try:
            found = await read(self.champion.features, customer_ids)
        except Exception as error:  # noqa: BLE001 - a store has many ways to fail, and a caller may always try again
            report(self.worker.log, "features unreadable", error)
            raise Problem(503, "The features cannot be read just now. Try again soon.", headers=_SOON) from None
        if self.worker.metrics.reads(available=found.reason is None):
            self.worker.log.warning("features available", now=found.reason is None, reason=found.detail or None)
        return found

    async def _answer(self, question: Question, found: Read, as_of: int, now: int) -> Rows:
        include = DEFAULT_PARTS if question.include is None else frozenset(question.include)
        release, metrics, stored = self.champion.release, self.worker.metrics, found.stored
        if found.reason is not None:
            metrics.unanswered(len(stored), UNAVAILABLE)
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
            rows += predictions(answers, include)
            if len(some) < len(stored):
                await asyncio.sleep(0)
        if stored.known.any():
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
        yield _some(stored, slice(first, first + SCORED_AT_ONCE))


def _some(stored: Stored, rows: slice) -> Stored:
    """The stored features of some of the customers, all read at one moment."""
    return Stored(
        customer_ids=stored.customer_ids[rows],
        known=stored.known[rows],
        features_at=stored.features_at[rows],
        columns=stored.columns,
        matrix=stored.matrix[rows],
        lists={name: _some_lists(ragged, rows) for name, ragged in stored.lists.items()},
    )


def _some_lists(ragged: Ragged, rows: slice) -> Ragged:
    offsets = ragged.offsets[rows.start : rows.stop + 1]
    return Ragged(offsets=offsets - offsets[0], values=ragged.values[offsets[0] : offsets[-1]])
