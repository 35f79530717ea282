"""Question about attendance: which event, which outcome and which window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from training.attendance.panel.panel_building import Outcome


@dataclass(frozen=True, kw_only=True)
class AttendanceQuestion:
    """What attending an event does to an outcome in the days from the attendance on."""

    event: str
    outcome: Outcome
    within_days: int
    from_day: date | None = None  # first day of the attendances that count
    to_day: date | None = None  # day after the last
    invitation_experiment: str | None = None  # an experiment, or a campaign of touches
