"""Small counts of growth: what a key without the scope ``admin`` is not told.

Counts of fewer customers than ``smallest_audience`` are null, none among them. The number before a period and its
movements add up to the number after, so a single one that is null could be computed from the others: then the smallest
movement of the others is null too (complementary suppression: Hundepool et al. 2012, "Statistical Disclosure Control",
section 5.3). So it is with the new customers of a month by source, and with those of a source by month, whose totals
stand in ``ltv_to_cac``. An average over customers who are not counted is not told either, because the costs beside it
would count them. ``revised`` is a difference between two logs and counts nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from serving.schemas.base import StrictModel
from serving.schemas.growth import CohortResponse, FigureResponse, GrowthResponse, PeriodResponse
from training.growth.ltv_to_cac import COHORT_MONTHS, MATURE_DAYS

MOVEMENTS = ("new", "won_back", "upgraded", "lapsed", "downgraded")
_ENDS = ("previous", "high_value_active")
_AVERAGES = ("cac", "realised_ltv", "predicted_ltv", "realised_ratio", "expected_ratio")
_Cell = tuple[str, str]  # period and source

Model = TypeVar("Model", bound=StrictModel)


def suppress_small_counts(answer: GrowthResponse, smallest: int) -> GrowthResponse:
    """The answer without counts of fewer customers than the smallest."""
    economics = answer.ltv_to_cac
    months = _hide_sources([_period(period, smallest) for period in answer.months], _mature_months(answer))
    return answer.model_copy(
        update={
            "today": _hide(answer.today, ("high_value_active", "four_weeks_ago", "active"), smallest),
            "weeks": _hide_sources([_period(period, smallest) for period in answer.weeks], ()),
            "months": months,
            "ltv_to_cac": economics.model_copy(
                update={
                    "overall": economics.overall and _cohort(economics.overall, smallest),
                    "by_source": [_cohort(cohort, smallest) for cohort in economics.by_source],
                    "by_month": [_cohort(cohort, smallest) for cohort in economics.by_month],
                }
            ),
        }
    )


def _period(period: PeriodResponse, smallest: int) -> PeriodResponse:
    shown = _hide(period, (*MOVEMENTS, *_ENDS, "active", "new_customers"), smallest)
    visible = [name for name in MOVEMENTS if getattr(shown, name) is not None]
    is_end_null = any(getattr(shown, name) is None for name in _ENDS)
    updates: dict[str, object] = {}
    if len(visible) == len(MOVEMENTS) - 1 or (is_end_null and len(visible) == len(MOVEMENTS)):
        updates[min(visible, key=lambda name: getattr(shown, name))] = None
    if period.restated is not None:
        updates["restated"] = _hide(period.restated, ("high_value_active",), smallest)
    updates["acquisition"] = [_hide(row, ("new_customers",), smallest) for row in period.acquisition]
    return shown.model_copy(update=updates)


def _cohort(cohort: CohortResponse, smallest: int) -> CohortResponse:
    """A cohort without its count and its averages, where it is too small."""
    if cohort.new_customers is None or cohort.new_customers >= smallest:
        return cohort
    too_few = FigureResponse(status="too_few", detail=f"Found fewer than {smallest} new customers.")
    return cohort.model_copy(update={"new_customers": None, **dict.fromkeys(_AVERAGES, too_few)})


def _mature_months(answer: GrowthResponse) -> Collection[str]:
    """The months whose sums by source stand in ``by_source``."""
    newest = answer.as_of - timedelta(days=MATURE_DAYS)
    return [month.period for month in answer.months if month.status == "closed" and month.end_day <= newest][
        -COHORT_MONTHS:
    ]


def _hide_sources(periods: Sequence[PeriodResponse], summed: Collection[str]) -> list[PeriodResponse]:
    """The periods, in which no source's new customers follow from those of other sources or other periods.

    ``summed`` are the periods whose sum by source is told.
    """
    counts = {
        (period.period, row.source): row.new_customers for period in periods for row in period.acquisition
    }  # (period, source) -> customers
    lines = [[cell for cell in counts if cell[0] == period.period] for period in periods]
    lines += [
        [cell for cell in counts if cell[0] in summed and cell[1] == source]
        for source in {source for _, source in counts}
    ]
    while chosen := next((cell for line in lines if (cell := _exposing(line, counts)) is not None), None):
        counts[chosen] = None
    return [
        period.model_copy(
            update={
                "acquisition": [
                    row.model_copy(update={"new_customers": counts[period.period, row.source]})
                    for row in period.acquisition
                ]
            }
        )
        for period in periods
    ]


def _exposing(line: Sequence[_Cell], counts: Mapping[_Cell, int | None]) -> _Cell | None:
    """The smallest count of a line that has to be hidden too, because a single one is."""
    others = [cell for cell in line if counts[cell] is not None]
    if len(line) - len(others) != 1 or not others:
        return None
    return min(others, key=lambda cell: (counts[cell] or 0, cell))


def _hide(model: Model, names: tuple[str, ...], smallest: int) -> Model:
    small = {name: None for name in names if abs(getattr(model, name) or 0) < smallest}
    return model.model_copy(update=small)
