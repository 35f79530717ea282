"""How many may wait at once, and how long? Who cannot be answered in time is told so, and when to ask again.

Campaign tools give up after two seconds and ask again: an answer after that is work for nobody and delays the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from serving.problems import DETAILS, Problem

TOO_LATE = "The answer would come too late. Try again after Retry-After seconds."
_SOON = {"Retry-After": "1"}


class Pressure:
    """The requests that one worker has taken on and not yet answered."""

    def __init__(self, most: int, seconds: float) -> None:
        """``most`` may wait at once, each for so many ``seconds``."""
        self.waiting = 0
        self._most = most
        self._seconds = seconds

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and have it; raises Problem where there are too many already, or when time is up."""
        if self.waiting >= self._most:
            raise Problem(429, DETAILS[429], headers=_SOON)
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        self.waiting += 1
        try:
            async with asyncio.timeout_at(due):
                # Whoever has arrived by now is counted before the first of them is worked for.
                await asyncio.sleep(0)
                if loop.time() >= due:
                    raise _too_late()
                yield
        except TimeoutError:
            raise _too_late() from None
        finally:
            self.waiting -= 1


def _too_late() -> Problem:
    return Problem(503, TOO_LATE, headers=_SOON)
