"""Clock: the only place where the service reads the current time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from serving.moments import resolve_instant


class Clock(Protocol):
    """Returns the instant for which the service answers."""

    def now(self, zone: ZoneInfo) -> int:
        """Return microseconds since 1970 UTC; a clock that was pinned to local time needs the shop's ``zone``."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self, zone: ZoneInfo) -> int:  # noqa: ARG002 - the machine's clock needs no zone
        """Return microseconds since 1970 UTC."""
        return time.time_ns() // 1000


@dataclass(frozen=True)
class PinnedClock:
    """A clock fixed at one instant, for a history that ended in the past."""

    moment: datetime

    def now(self, zone: ZoneInfo) -> int:
        """Return microseconds since 1970 UTC."""
        return resolve_instant(self.moment, zone)


def make_clock(moment: datetime | None) -> Clock:
    """Return a clock pinned at ``moment``, or the clock of the machine."""
    return SystemClock() if moment is None else PinnedClock(moment)
