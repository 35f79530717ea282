"""Turned-away connections: a counter, and a line in the log at most every ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

LOG_SECONDS = 10.0


class TurnedAway:
    """Turned-away connections of one worker, by reason."""

    def __init__(self, log: FilteringBoundLogger, count: Callable[[str], None], monotonic: Callable[[], float]) -> None:
        """Call ``count`` with each reason; ``monotonic`` returns seconds."""
        self._log = log
        self._count = count
        self._monotonic = monotonic
        self._unlogged: Counter[str] = Counter()
        self._next_line_at = 0.0

    def record(self, reason: str, address: str) -> None:
        """Record a connection that was closed or refused, and its address."""
        self._count(reason)
        self._unlogged[reason] += 1
        now = self._monotonic()
        if now < self._next_line_at:
            return
        self._next_line_at = now + LOG_SECONDS
        self._log.warning("connections turned away", reasons=dict(self._unlogged), last_address=address)
        self._unlogged.clear()
