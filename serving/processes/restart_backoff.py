"""Restart backoff: a worker that ended is replaced at once, workers that end again and again ever later."""

from __future__ import annotations

SHORT_LIFE_SECONDS = 30.0
SHORT_LIVES = 5
LONGEST_PAUSE_SECONDS = 30.0
REFUSAL_PAUSE_SECONDS = 10.0


class RestartBackoff:
    """Restart backoff of one service: from the fifth worker in a row that lived under 30 seconds on, pauses double."""

    def __init__(self) -> None:
        self.short_lives = 0  # in a row

    def pause_after(self, life_seconds: float) -> float:
        """The seconds until the next worker starts, 0 or 1 to 30, after one that ended ``life_seconds`` old."""
        self.short_lives = self.short_lives + 1 if life_seconds < SHORT_LIFE_SECONDS else 0
        if self.short_lives < SHORT_LIVES:
            return 0.0
        return float(min(2 ** (self.short_lives - SHORT_LIVES), LONGEST_PAUSE_SECONDS))

    def pause_after_refusal(self, life_seconds: float) -> float:
        """The same after a worker that refused to start; the next would most likely refuse as well."""
        return max(REFUSAL_PAUSE_SECONDS, self.pause_after(life_seconds))
