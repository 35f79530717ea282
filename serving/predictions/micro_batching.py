"""Small requests that arrive together are answered together: one read and one forecast cost little more than each.

A customer's answer is the same, to the last bit, in any company, so nobody can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from serving.predictions.feature_reader import FeatureReadResult
from serving.predictions.serializers import Rows
from serving.schemas.predictions import Part

if TYPE_CHECKING:
    from serving.predictions.prediction_service import PredictionService

MAX_CUSTOMERS_PER_BATCH = 128  # in one forecast: the callers of the next are answered the sooner
BUSY_BATCH_SIZE = 8  # callers, after whom as many are on their way again
BATCH_WINDOW_SECONDS = 0.001  # seconds until they are here: a forecast of few costs as much as one of many

_BatchKey = tuple[int, bool, frozenset[Part]]


@dataclass
class PendingRequest:
    desk: PredictionService
    customer_ids: Sequence[str]
    answer: asyncio.Future[Rows]

    def reject(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def resolve(self, rows: Rows) -> None:
        if not self.answer.done():
            self.answer.set_result(rows)


@dataclass
class Batch:
    all_day: bool
    include: frozenset[Part]
    requests: list[PendingRequest] = field(default_factory=list)
    customers: int = 0


class MicroBatcher:
    """The small requests of one worker that wait for the next turn of its loop."""

    def __init__(self) -> None:
        self._waiting: dict[_BatchKey, Batch] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._last = 0  # callers of the last batch

    async def submit(
        self, desk: PredictionService, customer_ids: Sequence[str], include: frozenset[Part], *, all_day: bool
    ) -> Rows:
        """Answers with all parts of ``include`` but reasons, for now, or such as hold all day; raises Problem."""
        key, loop = (id(desk.champion), all_day, include), asyncio.get_running_loop()
        batch = self._waiting.get(key)
        if batch is None:
            batch = self._waiting[key] = Batch(all_day, include)
            if self._last > BUSY_BATCH_SIZE:
                loop.call_later(BATCH_WINDOW_SECONDS, self._flush, key, batch)
            else:
                # Behind everybody who has arrived by now: whoever is awake in this turn of the loop joins.
                loop.call_soon(self._flush, key, batch)
        caller = PendingRequest(desk, customer_ids, loop.create_future())
        batch.requests.append(caller)
        batch.customers += len(customer_ids)
        if batch.customers >= MAX_CUSTOMERS_PER_BATCH:
            self._flush(key, batch)
        return await caller.answer

    def _flush(self, key: _BatchKey, batch: Batch) -> None:
        if self._waiting.get(key) is batch:
            del self._waiting[key]
            self._last = len(batch.requests)
            task = asyncio.create_task(_process(batch))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)


async def _process(batch: Batch) -> None:
    """Answer all at once, or, where that cannot be, each caller apart."""
    callers = _still_waiting(batch.requests)
    if not callers:
        return
    try:
        found = await callers[0].desk.read([one for caller in callers for one in caller.customer_ids])
    except Exception as error:  # noqa: BLE001 - every caller is told
        for caller in callers:
            caller.reject(error)
        return
    if not await _answer_batch(batch, callers, found):
        for caller, mine in _split(callers, found):
            await _answer_one(batch, caller, mine)


def _still_waiting(requests: Sequence[PendingRequest]) -> list[PendingRequest]:
    """Those who still wait; whoever would be late is not worked for."""
    found = []
    for caller in requests:
        if not caller.desk.is_waiting():
            caller.reject(TimeoutError())
        elif not caller.answer.done():
            found.append(caller)
    return found


async def _answer_batch(batch: Batch, requests: Sequence[PendingRequest], result: FeatureReadResult) -> bool:
    """Whether one forecast could answer all."""
    desk = requests[0].desk
    as_of = desk.as_of(result.stored, all_day=batch.all_day)
    # What holds all day is said for the instant at which a customer's features became known, if that was today.
    if batch.all_day and as_of != desk.as_of(result.stored.rows(0, 0), all_day=True):
        return False
    try:
        rows = await desk.answer(result, as_of, batch.include)
    except Exception:  # noqa: BLE001 - whose customers it was shows when each is answered apart
        return False
    begin = 0
    for caller in requests:
        caller.resolve(rows[begin : begin + len(caller.customer_ids)])
        begin += len(caller.customer_ids)
    return True


async def _answer_one(batch: Batch, request: PendingRequest, result: FeatureReadResult) -> None:
    as_of = request.desk.as_of(result.stored, all_day=batch.all_day)
    try:
        request.resolve(await request.desk.answer(result, as_of, batch.include))
    except Exception as error:  # noqa: BLE001 - this caller's own
        request.reject(error)


def _split(
    requests: Sequence[PendingRequest], result: FeatureReadResult
) -> Iterator[tuple[PendingRequest, FeatureReadResult]]:
    """What was read, caller by caller."""
    begin = 0
    for caller in requests:
        end = begin + len(caller.customer_ids)
        yield caller, replace(result, stored=result.stored.rows(begin, end))
        begin = end
