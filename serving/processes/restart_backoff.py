"""Restart backoff: a worker that ended is replaced at once, workers that end again and again ever later."""

from __future__ import annotations

from collections import deque

WINDOW_SECONDS = 30.0
ENDS_IN_WINDOW = 5
LONGEST_SECONDS = 30.0


class RestartBackoff:
    """Restart backoff of one service: from the fifth end of a worker within 30 seconds on, each pause doubles.

    Instants are seconds of any clock that only goes forward.
    """

    def __init__(self) -> None:
        self._ends: deque[float] = deque()
        self._pause = 0.0

    @property
    def ends(self) -> int:
        """How many workers ended within the window before the last end."""
        return len(self._ends)

    def pause_after(self, ended_at: float) -> float:
        """The seconds from the end of a worker to the start of the next: 0, or 1 to 30 where workers end repeatedly."""
        window = max(WINDOW_SECONDS, 2 * self._pause)  # or the pauses themselves would empty the window
        self._ends.append(ended_at)
        while self._ends[0] < ended_at - window:
            self._ends.popleft()
        if len(self._ends) >= ENDS_IN_WINDOW or (self._pause and len(self._ends) > 1):
            self._pause = min(max(1.0, 2 * self._pause), LONGEST_SECONDS)
        else:
            self._pause = 0.0
        return self._pause
