"""Load shedding: a bounded queue with backpressure and a deadline; requests beyond them get 429 or 503 and Retry-After.

Campaign tools give up after two seconds and ask again. A later answer is wasted work and delays the next one. The queue
is measured in work: a request for a thousand customers takes the place of fifty requests for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext

from serving.api.turn_queue import TurnQueue
from serving.predictions.prediction_service import MAX_BATCHED_CUSTOMERS
from serving.problems import DETAILS, Problem, retry_after
from serving.schemas.predictions import PredictionRequest

DEADLINE_EXCEEDED = "The answer would come too late. Try again after Retry-After seconds."
CUSTOMERS_PER_PLACE = 20  # customers of a large request that cost as much as a request for one
COST_OF_REASONS = 5  # a customer with reasons costs as much as this many without


class LoadShedder:
    """Load shedder of one worker: measures the work that it has accepted and not yet answered."""

    def __init__(self, max_waiting: int, deadline_seconds: float) -> None:
        """Accept requests for ``max_waiting`` places at once, each for ``deadline_seconds``."""
        self.waiting = 0  # places: one for each request, and one more for every twenty customers
        self._max_waiting = max_waiting
        self._deadline_seconds = deadline_seconds
        self._turn_queue = TurnQueue()

    @asynccontextmanager
    async def admit(self, customers: int = 1) -> AsyncIterator[float]:
        """Admission control around the answer to one request; yields its deadline by the clock of the event loop.

        A request for many customers waits here for its turn; a small one does not wait.

        Args:
            customers: the work of the request, as ``work_of`` measures it.

        Raises:
            Problem: 429 if too much work waits already, or more than can be done in time; 503 when the deadline passes.
        """
        places = 1 + customers // CUSTOMERS_PER_PLACE
        if not self._has_room(places, customers):
            raise Problem(429, DETAILS[429], headers=self._retry_after())
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        self.waiting += places
        try:
            async with asyncio.timeout_at(deadline), self._turn(customers):
                yield deadline
        except TimeoutError:
            raise Problem(503, DEADLINE_EXCEEDED, headers=self._retry_after()) from None
        finally:
            self.waiting -= places

    def _has_room(self, places: int, customers: int) -> bool:
        """Whether a request can wait; one that needs more places than there are is accepted when nothing waits."""
        if self.waiting == 0:
            return True
        if self.waiting + places > self._max_waiting:
            return False
        is_small = customers <= MAX_BATCHED_CUSTOMERS or self._turn_queue.queued == 0
        return is_small or self._turn_queue.drain_seconds(customers) <= self._deadline_seconds

    def _turn(self, customers: int) -> AbstractAsyncContextManager[None]:
        return nullcontext() if customers <= MAX_BATCHED_CUSTOMERS else self._turn_queue.turn(customers)

    def _retry_after(self) -> dict[str, str]:
        """The header with the seconds until the large requests that wait now are answered."""
        return retry_after(self._turn_queue.drain_seconds())


def work_of(request: PredictionRequest) -> int:
    """The work of a prediction request, in customers without reasons."""
    cost = COST_OF_REASONS if "reasons" in (request.include or ()) else 1
    return cost * len(request.customer_ids)
