"""Load shedding: a bounded queue with backpressure and a deadline; requests beyond them get 429 or 503 and Retry-After.

Campaign tools give up after two seconds and ask again. A later answer is wasted work and delays the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.problems import DETAILS, RETRY_AFTER, Problem

DEADLINE_EXCEEDED = "The answer would come too late. Try again after Retry-After seconds."


class LoadShedder:
    """Load shedder of one worker: counts the requests that it has accepted and not yet answered."""

    def __init__(self, max_waiting: int, deadline_seconds: float) -> None:
        """Accept at most ``max_waiting`` requests at once, each for ``deadline_seconds``."""
        self.waiting = 0
        self._max_waiting = max_waiting
        self._deadline_seconds = deadline_seconds

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[float]:
        """Admission control around the answer to one request; yields its deadline by the clock of the event loop.

        Raises:
            Problem: 429 if too many requests wait already, 503 when the deadline passes.
        """
        if self.waiting >= self._max_waiting:
            raise Problem(429, DETAILS[429], headers=RETRY_AFTER)
        deadline = asyncio.get_running_loop().time() + self._deadline_seconds
        self.waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                yield deadline
        except TimeoutError:
            raise Problem(503, DEADLINE_EXCEEDED, headers=RETRY_AFTER) from None
        finally:
            self.waiting -= 1
