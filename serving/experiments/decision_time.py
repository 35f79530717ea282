"""Decision time: the instants of one request for decisions, which only the service and the command line read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from features.calendar import local_day


@dataclass(frozen=True)
class DecisionTime:
    """When a request is answered."""

    # Both in microseconds since 1970 UTC.
    machine_now: int  # by the clock of the machine: what happens is dated with it
    now: int  # for which the service answers; it may be pinned, and consents are read at it
    zone: ZoneInfo  # of the shop

    @property
    def day(self) -> date:
        """The day of the shop on which it happens."""
        return local_day(self.machine_now, self.zone)
