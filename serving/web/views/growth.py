"""View of growth: the north star as the page Today shows it, from the figures of the last run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from serving.schemas.growth import CohortResponse, GrowthResponse, LtvToCacResponse, PeriodResponse, TrendResponse
from serving.web.language import Language

CHART_WEEKS, MOVED_WEEKS, MAX_COHORTS = 26, 4, 8
MOVEMENTS = ("new", "won_back", "upgraded", "lapsed", "downgraded")


@dataclass(frozen=True)
class MovementBar:
    """One movement over the last weeks; its share is of the largest one."""

    name: str  # one of MOVEMENTS
    count: int
    share: float

    @property
    def sign(self) -> str:
        """Whether it came in or went out; nothing for none."""
        if not self.count:
            return ""
        return "\N{MINUS SIGN}" if self.name in ("lapsed", "downgraded") else "+"


@dataclass(frozen=True, kw_only=True)
class CohortRow:
    """A source or a month; a figure that is not stated is None, with its status beside it."""

    name: str | None  # None for all new customers
    cac: float | None
    realised_ltv: float | None
    predicted_ltv: float | None
    ratio: float | None  # realised over CAC
    ratio_low: float | None
    ratio_high: float | None
    expected_ratio: float | None
    status: str  # of the realised ratio


@dataclass(frozen=True, kw_only=True)
class GrowthView:
    """The north star: the number, its line over half a year, what moved it, and LTV to CAC."""

    today: int | None
    four_weeks_ago: int | None
    day: date
    definition: str
    trend: TrendResponse
    weeks: tuple[tuple[date, int | None], ...]  # the last day of each week, and the number
    movements: tuple[MovementBar, ...]  # empty where any is too small to be told
    restated: int  # closed weeks of the line that today's log would tell differently
    cohorts: tuple[CohortRow, ...]  # the last one of all new customers
    by_source: bool  # else the cohorts are months
    no_cohorts: str | None  # how to get them
    currency: str
    margin: bool  # whether the values are gross margin, not revenue
    horizon_days: int | None

    @property
    def change(self) -> int | None:
        """Customers more than four weeks ago."""
        if self.today is None or self.four_weeks_ago is None:
            return None
        return self.today - self.four_weeks_ago


def growth_view(answer: GrowthResponse, language: Language) -> GrowthView:
    """The north star in a language."""
    economics = answer.ltv_to_cac
    whole = [week for week in answer.weeks if week.status != "partial"]
    shown = answer.weeks[-CHART_WEEKS:]
    return GrowthView(
        today=answer.today.high_value_active,
        four_weeks_ago=answer.today.four_weeks_ago,
        day=answer.today.day,
        definition=str(getattr(answer.definition.text, language)),
        trend=answer.trend,
        weeks=tuple((week.end_day - timedelta(days=1), week.high_value_active) for week in shown),
        movements=_movements(whole[-MOVED_WEEKS:]),
        restated=sum(week.restated is not None for week in shown),
        cohorts=_cohort_rows(economics),
        by_source=bool(economics.by_source),
        no_cohorts=None if economics.detail is None else str(getattr(economics.detail, language)),
        currency=economics.currency,
        margin=economics.value == "gross_margin",
        horizon_days=economics.horizon_days,
    )


def _movements(weeks: Sequence[PeriodResponse]) -> tuple[MovementBar, ...]:
    """The movements over some weeks; none where a week does not tell one of them."""
    counts = {name: [getattr(week, name) for week in weeks] for name in MOVEMENTS}
    if not weeks or any(None in values for values in counts.values()):
        return ()
    totals = {name: sum(values) for name, values in counts.items()}
    largest = max(*totals.values(), 1)
    return tuple(MovementBar(name, total, total / largest) for name, total in totals.items())


def _cohort_rows(economics: LtvToCacResponse) -> tuple[CohortRow, ...]:
    """The sources, or else the months from the newest, of which any figure is stated; and all of them together."""
    cohorts = economics.by_source or economics.by_month[::-1]
    parts = [each for each in cohorts if each.cac.status == "ok" or each.realised_ltv.status == "ok"][:MAX_COHORTS]
    overall = [] if economics.overall is None else [_cohort_row(economics.overall, None)]
    return (*(_cohort_row(cohort, cohort.name) for cohort in parts), *overall)


def _cohort_row(cohort: CohortResponse, name: str | None) -> CohortRow:
    return CohortRow(
        name=name,
        cac=cohort.cac.value,
        realised_ltv=cohort.realised_ltv.value,
        predicted_ltv=cohort.predicted_ltv.value,
        ratio=cohort.realised_ratio.value,
        ratio_low=cohort.realised_ratio.low,
        ratio_high=cohort.realised_ratio.high,
        expected_ratio=cohort.expected_ratio.value,
        status=cohort.realised_ratio.status,
    )
