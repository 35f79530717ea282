"""Who asks a store that has just been silent? One reader now and then; the others are told at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from features.errors import StoreUnavailable


class CircuitBreaker:
    """After a failure nobody waits for the store until it has rested; then one reader tries it."""

    def __init__(self, cooldown_seconds: float, stopwatch: Callable[[], float] = monotonic) -> None:
        self._cooldown_seconds = cooldown_seconds
        self._stopwatch = stopwatch
        self._last_failure: StoreUnavailable | None = None
        self._open_until = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one attempt; raises Unreachable without an attempt while the store rests."""
        if self._last_failure is not None:
            if self._stopwatch() < self._open_until:
                raise StoreUnavailable(str(self._last_failure))
            self._open()
        failed = None
        try:
            yield
        except StoreUnavailable as error:
            failed = error
            self._open()
            raise
        finally:
            self._last_failure = failed

    def _open(self) -> None:
        self._open_until = self._stopwatch() + self._cooldown_seconds
