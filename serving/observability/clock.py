"""What time is it? The only place in the service that knows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from serving.moments import resolve_instant


class Clock(Protocol):
    """Tells the instant from which the service speaks."""

    def now(self, zone: ZoneInfo) -> int:
        """Microseconds since 1970, UTC; ``zone`` is the shop's, for a clock that was set by its wall."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self, zone: ZoneInfo) -> int:  # noqa: ARG002 - the machine's clock needs no zone
        """Microseconds since 1970, UTC."""
        return time.time_ns() // 1000


@dataclass(frozen=True)
class PinnedClock:
    """A clock that stands still, for a log that ended in the past."""

    moment: datetime

    def now(self, zone: ZoneInfo) -> int:
        """Microseconds since 1970, UTC."""
        return resolve_instant(self.moment, zone)


def make_clock(moment: datetime | None) -> Clock:
    """A clock that stands at ``moment``, or the machine's."""
    return SystemClock() if moment is None else PinnedClock(moment)
