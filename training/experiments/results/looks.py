"""Looks: on which days an experiment may be judged, and how far its data have come on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.calendar import day_number
from training.experiments.result_schema import Look
from training.experiments.sequential.holm import LookSchedule
from training.experiments.units import Units

RECENT_DAYS = 14  # whose decisions a day say how many are still to come
ALPHA = 0.05  # two-sided, for all declared looks and all arms together


@dataclass(frozen=True, kw_only=True)
class LookPlan:
    """Look plan: the declared looks and the end, as of a day of the shop."""

    as_of: date
    declared: tuple[date, ...]  # before the end, ascending
    ends_on: date
    window_days: int  # of the outcome
    stopped: bool  # before its end
    past: tuple[Look, ...]  # made before ``as_of``, the first one first

    @property
    def next_look(self) -> date | None:
        """The next declared day, or the end; None after it."""
        return next((day for day in (*self.declared, self.ends_on) if day > self.as_of), None)

    def due(self) -> date | None:
        """The declared day whose look is to be made now; None on a day without one.

        A look that was missed is made on the next day with results; of several missed ones only the last is made. A
        stopped experiment has no look that was declared.
        """
        if self.stopped:
            return None
        done = max((look.day for look in self.past), default=date.min)
        if self.as_of >= self.ends_on:
            return self.ends_on
        return max((day for day in self.declared if done < day <= self.as_of), default=None)

    def schedule(self, units: Units, matured: int) -> LookSchedule:
        """The matured customers and their shares at the past looks and now."""
        customers = [float(look.matured) for look in self.past]
        for position in range(1, len(customers)):  # erased customers may leave fewer than before
            customers[position] = max(customers[position], customers[position - 1] + 1)
        newest = max(float(matured), customers[-1] + 1 if customers else 1.0)
        share = 1.0 if self.as_of >= self.ends_on else newest / max(self._expected_customers(units), newest + 1)
        return LookSchedule([*customers, newest], [*(look.share for look in self.past), share])

    def _expected_customers(self, units: Units) -> float:
        """The customers who will have matured at the end: those decided so far, and as many a day as lately."""
        today, last = day_number(self.as_of), day_number(self.ends_on) - self.window_days
        first = int(units.day.min()) if len(units) else today
        days = max(1, min(RECENT_DAYS, today - first))
        recent = int(np.count_nonzero(units.day >= today - days))
        return np.count_nonzero(units.day < last) + recent / days * max(0, last - today)


def decided_before(past: Sequence[Look]) -> dict[str, str]:
    """The arms that a past look decided, with the direction of the first decision."""
    decisions: dict[str, str] = {}
    for look in past:
        for arm in look.arms:
            if arm.decision is not None:
                decisions.setdefault(arm.name, arm.decision)
    return decisions
