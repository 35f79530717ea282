"""How many may wait at once, and how long? Who cannot be answered in time is told so, and when to ask again.

Campaign tools give up after two seconds and ask again: an answer after that is work for nobody and delays the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.problems import DETAILS, RETRY_AFTER, Problem

DEADLINE_EXCEEDED = "The answer would come too late. Try again after Retry-After seconds."


class LoadShedder:
    """The requests that one worker has taken on and not yet answered."""

    def __init__(self, max_waiting: int, deadline_seconds: float) -> None:
        """``max_waiting`` may wait at once, each for so many ``deadline_seconds``."""
        self.waiting = 0
        self._max_waiting = max_waiting
        self._deadline_seconds = deadline_seconds

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[float]:
        """While a request is answered; yields when that must be done, by the loop's clock.

        Raises Problem where there are too many already, or when time is up.
        """
        if self.waiting >= self._max_waiting:
            raise Problem(429, DETAILS[429], headers=RETRY_AFTER)
        due = asyncio.get_running_loop().time() + self._deadline_seconds
        self.waiting += 1
        try:
            async with asyncio.timeout_at(due):
                yield due
        except TimeoutError:
            raise Problem(503, DEADLINE_EXCEEDED, headers=RETRY_AFTER) from None
        finally:
            self.waiting -= 1
