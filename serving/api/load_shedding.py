"""How many may wait at once, and how long? Who cannot be answered in time is told so, and when to ask again.

Campaign tools give up after two seconds and ask again: an answer after that is work for nobody and delays the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.problems import DETAILS, SOON, Problem

TOO_LATE = "The answer would come too late. Try again after Retry-After seconds."


class Pressure:
    """The requests that one worker has taken on and not yet answered."""

    def __init__(self, most: int, seconds: float) -> None:
        """``most`` may wait at once, each for so many ``seconds``."""
        self.waiting = 0
        self._most = most
        self._seconds = seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """While a request is answered; yields when that must be done, by the loop's clock.

        Raises Problem where there are too many already, or when time is up.
        """
        if self.waiting >= self._most:
            raise Problem(429, DETAILS[429], headers=SOON)
        due = asyncio.get_running_loop().time() + self._seconds
        self.waiting += 1
        try:
            async with asyncio.timeout_at(due):
                yield due
        except TimeoutError:
            raise Problem(503, TOO_LATE, headers=SOON) from None
        finally:
            self.waiting -= 1
