"""Turn queue: large requests are answered one at a time, in the order of their arrival.

Large requests that take turns slice by slice all get late together; one after the other, most of them are in time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MAX_LARGE_REQUESTS = 1  # that a worker answers at once
_WEIGHT_OF_NEWEST = 0.5  # of the newest request in the moving average of the pace


class TurnQueue:
    """Turn queue of one worker, and an estimate of the seconds until it is empty."""

    def __init__(self) -> None:
        self.queued = 0  # customers of the requests that wait or are answered now
        self.seconds_per_customer = 0.0  # zero until the first request is answered
        self._turns = asyncio.Semaphore(MAX_LARGE_REQUESTS)

    def drain_seconds(self, customers: int = 0) -> float:
        """The estimated seconds until all queued customers, and ``customers`` more, are answered."""
        return (self.queued + customers) * self.seconds_per_customer

    @asynccontextmanager
    async def turn(self, customers: int) -> AsyncIterator[None]:
        """Wait for the turn of a request of ``customers``; the next request has its turn when the block ends."""
        loop = asyncio.get_running_loop()
        self.queued += customers
        try:
            async with self._turns:
                started_at = loop.time()
                try:
                    yield
                except BaseException:
                    # The whole request would have taken longer, unless it failed at once.
                    if (pace := (loop.time() - started_at) / customers) > self.seconds_per_customer:
                        self._observe(pace)
                    raise
                self._observe((loop.time() - started_at) / customers)
        finally:
            self.queued -= customers

    def _observe(self, pace: float) -> None:
        former = self.seconds_per_customer or pace
        self.seconds_per_customer = former + _WEIGHT_OF_NEWEST * (pace - former)
