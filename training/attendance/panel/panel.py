"""Attendance panel: attendees by week of attendance (cohort), and customers who never attended, with their purchases.

Each row has an index day, from which its windows count: the day of attendance or, for a comparison customer, a day
drawn from those of the cohort's attendees (Zhou et al. 2005, American Journal of Epidemiology 162, 1016-1023:
prescription time-distribution matching). The rows of all cohorts stand in one stacked panel (Cengiz et al. 2019,
Quarterly Journal of Economics 134, 1405-1454).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from features.arrays import Booleans, Floats, Integers

WEEK = 7
WEEKS_BEFORE = 12


@dataclass(frozen=True, kw_only=True)
class AttendancePanel:
    """Stacked panel of n rows; the outcome is an amount or a number of orders per week."""

    customer: Integers  # (n,)
    cohort: Integers  # (n,) position of the week of attendance, from 0
    attended: Booleans  # (n,)
    before: Floats  # (n, 12) outcome in each week before the index day, the oldest first
    after: Floats  # (n,) mean outcome per week of the window that begins with the index day
    converted: Booleans  # (n,) whether an order lies in that window
    covariates: Floats  # (n, p) of the 12 weeks before, without a constant

    def __len__(self) -> int:
        return len(self.customer)

    @property
    def change(self) -> Floats:
        """The mean per week after the index day, less that of the 12 weeks before, (n,)."""
        change: Floats = self.after - self.before.mean(axis=1)
        return change

    @property
    def attendees(self) -> int:
        """The number of attendees."""
        return int(self.attended.sum())

    def select(self, rows: Integers | Booleans) -> AttendancePanel:
        """The panel of some rows."""
        return AttendancePanel(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def design_matrix(self) -> Floats:
        """A constant for each cohort, then the standardised covariates, (n, cohorts + p)."""
        cohorts = np.unique(self.cohort)
        constants = (self.cohort[:, None] == cohorts).astype(float)
        deviation = self.covariates.std(axis=0)
        varying = deviation > 1e-9
        standardised = (self.covariates[:, varying] - self.covariates[:, varying].mean(axis=0)) / deviation[varying]
        return np.column_stack([constants, standardised])
