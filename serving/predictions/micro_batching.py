"""Small requests that arrive together are answered together: one read and one forecast cost little more than each.

A customer's answer is the same, to the last bit, in any company, so nobody can tell.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from serving.predictions.feature_reader import Read
from serving.predictions.serializers import Rows
from serving.schemas.predictions import Part

if TYPE_CHECKING:
    from serving.predictions.prediction_service import Desk

MOST_CUSTOMERS = 128  # in one forecast: the callers of the next are answered the sooner
CROWD = 8  # callers, after whom as many are on their way again
PAUSE = 0.001  # seconds until they are here: a forecast of few costs as much as one of many

_Key = tuple[int, bool, frozenset[Part]]


@dataclass
class _Caller:
    desk: Desk
    customer_ids: Sequence[str]
    answer: asyncio.Future[Rows]

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def tell(self, rows: Rows) -> None:
        if not self.answer.done():
            self.answer.set_result(rows)


@dataclass
class _Batch:
    all_day: bool
    include: frozenset[Part]
    callers: list[_Caller] = field(default_factory=list)
    customers: int = 0


class Together:
    """The small requests of one worker that wait for the next turn of its loop."""

    def __init__(self) -> None:
        self._waiting: dict[_Key, _Batch] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._last = 0  # callers of the last batch

    async def ask(self, desk: Desk, customer_ids: Sequence[str], include: frozenset[Part], *, all_day: bool) -> Rows:
        """Answers with all parts of ``include`` but reasons, for now, or such as hold all day; raises Problem."""
        key, loop = (id(desk.champion), all_day, include), asyncio.get_running_loop()
        batch = self._waiting.get(key)
        if batch is None:
            batch = self._waiting[key] = _Batch(all_day, include)
            if self._last > CROWD:
                loop.call_later(PAUSE, self._begin, key, batch)
            else:
                # Behind everybody who has arrived by now: whoever is awake in this turn of the loop joins.
                loop.call_soon(self._begin, key, batch)
        caller = _Caller(desk, customer_ids, loop.create_future())
        batch.callers.append(caller)
        batch.customers += len(customer_ids)
        if batch.customers >= MOST_CUSTOMERS:
            self._begin(key, batch)
        return await caller.answer

    def _begin(self, key: _Key, batch: _Batch) -> None:
        if self._waiting.get(key) is batch:
            del self._waiting[key]
            self._last = len(batch.callers)
            task = asyncio.create_task(_answer(batch))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)


async def _answer(batch: _Batch) -> None:
    """Answer all at once, or, where that cannot be, each caller apart."""
    callers = _waiting(batch.callers)
    if not callers:
        return
    try:
        found = await callers[0].desk.read([one for caller in callers for one in caller.customer_ids])
    except Exception as error:  # noqa: BLE001 - every caller is told
        for caller in callers:
            caller.fail(error)
        return
    if not await _told_together(batch, callers, found):
        for caller, mine in _parts(callers, found):
            await _told_apart(batch, caller, mine)


def _waiting(callers: Sequence[_Caller]) -> list[_Caller]:
    """Those who still wait; whoever would be late is not worked for."""
    found = []
    for caller in callers:
        if not caller.desk.in_time():
            caller.fail(TimeoutError())
        elif not caller.answer.done():
            found.append(caller)
    return found


async def _told_together(batch: _Batch, callers: Sequence[_Caller], found: Read) -> bool:
    """Whether one forecast could answer all."""
    desk = callers[0].desk
    as_of = desk.as_of(found.stored, all_day=batch.all_day)
    # What holds all day is said for the instant at which a customer's features became known, if that was today.
    if batch.all_day and as_of != desk.as_of(found.stored.rows(0, 0), all_day=True):
        return False
    try:
        rows = await desk.answer(found, as_of, batch.include)
    except Exception:  # noqa: BLE001 - whose customers it was shows when each is answered apart
        return False
    begin = 0
    for caller in callers:
        caller.tell(rows[begin : begin + len(caller.customer_ids)])
        begin += len(caller.customer_ids)
    return True


async def _told_apart(batch: _Batch, caller: _Caller, found: Read) -> None:
    as_of = caller.desk.as_of(found.stored, all_day=batch.all_day)
    try:
        caller.tell(await caller.desk.answer(found, as_of, batch.include))
    except Exception as error:  # noqa: BLE001 - this caller's own
        caller.fail(error)


def _parts(callers: Sequence[_Caller], found: Read) -> Iterator[tuple[_Caller, Read]]:
    """What was read, caller by caller."""
    begin = 0
    for caller in callers:
        end = begin + len(caller.customer_ids)
        yield caller, replace(found, stored=found.stored.rows(begin, end))
        begin = end
