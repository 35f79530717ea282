"""Period series: the weeks and months of a home, the closed ones as they were written, and which are closed now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from features.calendar import day_from_number
from training.growth.definition import HighValueDefinition
from training.growth.growth_log import GrowthLog
from training.growth.movements import count_movements
from training.growth.new_customers import Acquisition, acquisition_of, ordered_first_between
from training.growth.period_figures import PeriodFigures, PeriodTotals, chain_figures
from training.growth.periods import GrowthPeriod, PeriodKind, months_between, weeks_between

MAX_PERIODS = {"week": 104, "month": 24}


@dataclass(frozen=True, kw_only=True)
class PeriodSeries:
    """The periods of one kind, oldest first, and what today's log and definition give for them."""

    figures: tuple[PeriodFigures, ...]  # of whole periods
    partial: PeriodFigures | None  # of the period that is not over
    recounted: Mapping[str, int]  # high-value active customers at the end of a period, by today's log and definition


@dataclass(frozen=True, kw_only=True)
class SeriesSource:
    """What the periods of a home are counted from; days are days since 1970."""

    log: GrowthLog
    definition: HighValueDefinition
    acquisition: Acquisition | None
    today: date
    first_day: int  # the first day of the log
    closable_until: int  # the last day by whose beginning all lines are there
    closed_at: str  # RFC 3339, the instant of this run

    def series(self, kind: PeriodKind, closed: Sequence[PeriodFigures]) -> PeriodSeries:
        """The series of one kind; what is closed stays as it is."""
        written = {figures.period: figures for figures in closed if figures.kind == kind}
        whole = self._whole_periods(kind)
        begun = whole[-1].end if whole else self.today
        periods = [*whole, GrowthPeriod(kind, begun, self.today)] if begun < self.today else whole
        ends = [periods[0].first_day, *(period.end_day for period in periods)] if periods else []
        computed = [
            (period, moved, self._totals(period))
            for period, moved in zip(periods, count_movements(self.log, self.definition, ends), strict=True)
        ]
        closable = {period.name: self.closed_at for period in whole if period.end_day <= self.closable_until}
        shown = list(chain_figures(computed, written, self.definition.digest, closable))
        partial = shown.pop() if len(periods) > len(whole) else None
        return PeriodSeries(
            figures=(*_older(written.values(), shown, self.today), *shown)[-MAX_PERIODS[kind] :],
            partial=partial,
            recounted={period.name: moved.now for period, moved, _ in computed},
        )

    def _whole_periods(self, kind: PeriodKind) -> list[GrowthPeriod]:
        """The whole periods before today at whose beginning the log covers the window of spend."""
        covered = day_from_number(self.first_day + self.definition.value_days)
        periods = (weeks_between if kind == "week" else months_between)(covered, self.today)
        return periods[-MAX_PERIODS[kind] :]

    def _totals(self, period: GrowthPeriod) -> PeriodTotals:
        by_source = self.acquisition if period.kind == "month" else None
        return PeriodTotals(
            spend=self.log.total_value(period.first_day, period.end_day) if self.log.has_amounts else 0.0,
            new_customers=int(ordered_first_between(self.log, period.first_day, period.end_day).sum()),
            acquisition=() if by_source is None else acquisition_of(self.log, by_source, period),
        )


def _older(closed: Iterable[PeriodFigures], shown: Sequence[PeriodFigures], today: date) -> list[PeriodFigures]:
    """The closed periods before those that today's log covers."""
    first = shown[0].first_day if shown else str(today)
    return sorted((each for each in closed if each.end_day <= first), key=lambda each: each.first_day)
