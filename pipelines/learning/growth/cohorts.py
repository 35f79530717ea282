"""Cohorts of a home: the new customers of closed months and of their sources, with LTV to CAC.

Costs and new customers are those that the month was closed with. A month that was closed before the shop had any costs
takes them from today's log, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from features.arrays import Booleans
from features.calendar import day_number
from training.growth.growth_log import GrowthLog
from training.growth.ltv_to_cac import COHORT_MONTHS, MATURE_DAYS, Cohort, CustomerValues, LtvToCac, ltv_to_cac
from training.growth.new_customers import (
    OTHER_SOURCES,
    Acquisition,
    acquisition_of,
    ordered_first_between,
    sum_acquisition,
)
from training.growth.period_figures import PeriodFigures, SourceAcquisition
from training.growth.periods import GrowthPeriod

_NO_SOURCE = -2  # no code of a customer's source


@dataclass(frozen=True)
class CohortMonth:
    """A closed month with what was spent in it, and on whom."""

    period: GrowthPeriod
    acquisition: tuple[SourceAcquisition, ...]
    is_closed: bool  # whether the costs were known when the month was closed

    @property
    def cost(self) -> float:
        """The costs of all sources."""
        return sum(row.cost for row in self.acquisition)

    @property
    def new_customers(self) -> int:
        """The new customers of all sources, and of none."""
        return sum(row.new_customers for row in self.acquisition)


@dataclass(frozen=True, kw_only=True)
class CohortSource:
    """What the cohorts of a home are made from."""

    log: GrowthLog
    acquisition: Acquisition
    figures: Sequence[PeriodFigures]  # of closed months, oldest first
    today: date

    def by_month(self, values: CustomerValues) -> list[LtvToCac]:
        """The cohorts of the newest twelve months, oldest first."""
        return [ltv_to_cac(self._total(month.period.name, [month]), values) for month in self._months[-COHORT_MONTHS:]]

    def overall(self, values: CustomerValues) -> LtvToCac | None:
        """All new customers of the newest twelve months that are mature; None without such a month."""
        return ltv_to_cac(self._total("all", self._mature), values) if self._mature else None

    def by_source(self, values: CustomerValues) -> list[LtvToCac]:
        """The cohorts of each source over the same months, the most costly first; none where no source is known."""
        cohorts = list(self._sources()) if self._mature else []
        return [ltv_to_cac(cohort, values) for cohort in cohorts] if any(each.new_customers for each in cohorts) else []

    @cached_property
    def _months(self) -> list[CohortMonth]:
        return [self._month(figures) for figures in self.figures]

    def _month(self, figures: PeriodFigures) -> CohortMonth:
        first, end = map(date.fromisoformat, (figures.first_day, figures.end_day))
        period = GrowthPeriod("month", first, end)
        closed = figures.acquisition
        return CohortMonth(period, closed or acquisition_of(self.log, self.acquisition, period), bool(closed))

    @cached_property
    def _mature(self) -> list[CohortMonth]:
        """The newest twelve months that ended long enough ago."""
        oldest_end = day_number(self.today) - MATURE_DAYS
        return [month for month in self._months if month.period.end_day <= oldest_end][-COHORT_MONTHS:]

    def _total(self, name: str, months: Sequence[CohortMonth]) -> Cohort:
        first, end = months[0].period.first_day, months[-1].period.end_day
        return Cohort(
            name=name,
            cost=sum(month.cost for month in months),
            new_customers=sum(month.new_customers for month in months),
            days_since=day_number(self.today) - end,
            members=ordered_first_between(self.log, first, end),
            is_closed=all(month.is_closed for month in months),
        )

    def _sources(self) -> Iterator[Cohort]:
        total = self._total("all", self._mature)
        sums = sum_acquisition([month.acquisition for month in self._mature])
        for name, (cost, count) in sorted(sums.items(), key=lambda item: (-item[1][0], item[0])):
            if name == OTHER_SOURCES:
                continue
            yield Cohort(
                name=name,
                cost=cost,
                new_customers=count,
                days_since=total.days_since,
                members=total.members & self._came_from(name),
                is_closed=total.is_closed,
            )

    def _came_from(self, source: str) -> Booleans:
        """The customers of today's log from a source, (n,); none from one that only closed months know."""
        sources = self.acquisition.sources
        return np.asarray(self.acquisition.source == (sources.index(source) if source in sources else _NO_SOURCE))
