"""Cohorts of a home: the new customers of closed months and of their sources, with LTV to CAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from features.calendar import day_number
from training.growth.growth_log import GrowthLog
from training.growth.ltv_to_cac import MATURE_DAYS, Cohort, CustomerValues, LtvToCac, ltv_to_cac
from training.growth.new_customers import OTHER_SOURCES, Acquisition, ordered_first_between, sum_acquisition
from training.growth.period_figures import PeriodFigures

COHORT_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class CohortSource:
    """What the cohorts of a home are made from."""

    log: GrowthLog
    acquisition: Acquisition
    months: Sequence[PeriodFigures]  # closed, oldest first
    today: date

    def by_month(self, values: CustomerValues) -> list[LtvToCac]:
        """The cohorts of the newest twelve months, oldest first."""
        return [ltv_to_cac(self._month(month), values) for month in self.months[-COHORT_MONTHS:]]

    def by_source(self, values: CustomerValues) -> list[LtvToCac]:
        """The cohorts of each source over the newest twelve months that are mature, the most costly first."""
        return [ltv_to_cac(cohort, values) for cohort in self._sources()]

    def _month(self, month: PeriodFigures) -> Cohort:
        first, end = _days(month)
        return Cohort(
            kind="month",
            name=month.period,
            cost=sum(row.cost for row in month.acquisition),
            new_customers=month.new_customers,
            days_since=day_number(self.today) - end,
            members=ordered_first_between(self.log, first, end),
        )

    def _sources(self) -> Iterator[Cohort]:
        mature = [month for month in self.months if day_number(self.today) - _days(month)[1] >= MATURE_DAYS]
        chosen = mature[-COHORT_MONTHS:]
        if not chosen:
            return
        first, end = _days(chosen[0])[0], _days(chosen[-1])[1]
        new = ordered_first_between(self.log, first, end)
        position = {name: number for number, name in enumerate(self.acquisition.sources)}
        totals = sum_acquisition([month.acquisition for month in chosen])
        for name, (cost, count) in sorted(totals.items(), key=lambda item: (-item[1][0], item[0])):
            if name == OTHER_SOURCES or name not in position:
                continue
            yield Cohort(
                kind="source",
                name=name,
                cost=cost,
                new_customers=count,
                days_since=day_number(self.today) - end,
                members=new & (self.acquisition.source == position[name]),
            )


def _days(month: PeriodFigures) -> tuple[int, int]:
    """The first day, and the first day after, as days since 1970."""
    return day_number(date.fromisoformat(month.first_day)), day_number(date.fromisoformat(month.end_day))
