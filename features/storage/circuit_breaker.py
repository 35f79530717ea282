"""Circuit breaker: after a failure, one caller per cooldown tries the store and all others fail at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from features.errors import StoreUnavailable


class CircuitBreaker:
    """A circuit breaker that opens at the first failure and closes after the first successful call."""

    def __init__(self, cooldown_seconds: float, stopwatch: Callable[[], float] = monotonic) -> None:
        self._cooldown_seconds = cooldown_seconds
        self._stopwatch = stopwatch
        self._last_failure: StoreUnavailable | None = None
        self._open_until = 0.0

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Guard one call of the store.

        Raises:
            StoreUnavailable: the call failed, or the cooldown after an earlier failure has not ended.
        """
        if self._last_failure is not None:
            if self._stopwatch() < self._open_until:
                raise StoreUnavailable(str(self._last_failure))
            self._open()
        failure = None
        try:
            yield
        except StoreUnavailable as error:
            failure = error
            self._open()
            raise
        finally:
            self._last_failure = failure

    def _open(self) -> None:
        self._open_until = self._stopwatch() + self._cooldown_seconds
