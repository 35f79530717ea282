"""Who asks a store that has just been silent? One reader now and then; the others are told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from features.errors import Unreachable


class Breaker:
    """After a failure nobody waits for the store until it has rested; then one reader tries it."""

    def __init__(self, rest_seconds: float, stopwatch: Callable[[], float] = monotonic) -> None:
        self._rest_seconds = rest_seconds
        self._stopwatch = stopwatch
        self._failed: Unreachable | None = None
        self._rests_until = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one attempt; raises Unreachable without an attempt while the store rests."""
        if self._failed is not None:
            if self._stopwatch() < self._rests_until:
                raise Unreachable(str(self._failed))
            self._rest()
        failed = None
        try:
            yield
        except Unreachable as error:
            failed = error
            self._rest()
            raise
        finally:
            self._failed = failed

    def _rest(self) -> None:
        self._rests_until = self._stopwatch() + self._rest_seconds
