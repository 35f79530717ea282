"""Micro-batching: small requests that arrive within a millisecond share one feature read and one forecast.

A forecast of one customer costs almost as much as a forecast of a hundred. The answer for a customer is the same to
the last bit in every batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MAX_CUSTOMERS_PER_BATCH = 128
BUSY_BATCH_SIZE = 8  # requests; after a batch of more, the next one waits for as many
BATCH_WINDOW_SECONDS = 0.001

Key = TypeVar("Key", bound=Hashable)
Response = TypeVar("Response")
AnswerBatch = Callable[[Key, Sequence[Sequence[str]]], AsyncIterator[Response | Exception]]


@dataclass
class PendingRequest(Generic[Response]):
    """Pending request: the customers of one caller, and the future that the caller awaits."""

    customer_ids: Sequence[str]
    deadline: float  # by the clock of the event loop
    response: asyncio.Future[Response]

    def finish(self, outcome: Response | Exception) -> None:
        """Resolve the future with a response, or reject it with an error, unless the caller has left."""
        if self.response.done():
            return
        if isinstance(outcome, Exception):
            self.response.set_exception(outcome)
        else:
            self.response.set_result(outcome)


@dataclass
class Batch(Generic[Response]):
    """Batch: pending requests that are answered together."""

    requests: list[PendingRequest[Response]] = field(default_factory=list)
    customers: int = 0

    def add(self, request: PendingRequest[Response]) -> None:
        """Add one request."""
        self.requests.append(request)
        self.customers += len(request.customer_ids)


class MicroBatcher(Generic[Key, Response]):
    """Micro-batcher: collects the requests of one key and answers them with one call."""

    def __init__(self, answer: AnswerBatch[Key, Response]) -> None:
        """Set the callable that answers a batch.

        Args:
            answer: given a key and the customer ids of each request, it yields one response or one error per request,
                in the same order.
        """
        self._answer = answer
        self._open: dict[Key, Batch[Response]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._last_size = 0  # requests in the last batch

    async def submit(self, key: Key, customer_ids: Sequence[str], deadline: float) -> Response:
        """The response for these customers, computed together with other requests of the same key.

        Raises:
            TimeoutError: the deadline passed before the batch began.
            Exception: what the callable yielded for this request, or raised for the whole batch.
        """
        loop = asyncio.get_running_loop()
        batch = self._open.get(key)
        if batch is None:
            batch = self._open[key] = Batch()
            if self._last_size > BUSY_BATCH_SIZE:
                loop.call_later(BATCH_WINDOW_SECONDS, self._flush, key, batch)
            else:
                # Scheduled behind all callbacks that are ready now, so that their requests join this batch.
                loop.call_soon(self._flush, key, batch)
        request: PendingRequest[Response] = PendingRequest(customer_ids, deadline, loop.create_future())
        batch.add(request)
        if batch.customers >= MAX_CUSTOMERS_PER_BATCH:
            self._flush(key, batch)
        return await request.response

    def _flush(self, key: Key, batch: Batch[Response]) -> None:
        if self._open.get(key) is batch:
            del self._open[key]
            self._last_size = len(batch.requests)
            task = asyncio.create_task(self._run(key, batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _run(self, key: Key, batch: Batch[Response]) -> None:
        requests = _still_waiting(batch.requests)
        if not requests:
            return
        pending = iter(requests)
        try:
            async for outcome in self._answer(key, [request.customer_ids for request in requests]):
                next(pending).finish(outcome)
        except Exception as error:  # noqa: BLE001 - every caller that still waits gets the error
            for request in pending:
                request.finish(error)


def _still_waiting(requests: Sequence[PendingRequest[Response]]) -> list[PendingRequest[Response]]:
    """The requests whose deadline has not passed and whose caller has not left; the late ones are rejected."""
    now = asyncio.get_running_loop().time()
    for request in requests:
        if now >= request.deadline:
            request.finish(TimeoutError())
    return [request for request in requests if not request.response.done()]
