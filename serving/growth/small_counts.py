"""Small counts of growth: what a key without the scope ``admin`` is not told.

Counts of fewer customers than ``smallest_audience`` are null, none among them. The movements of a period add up, so a
single one that is null could be computed from the others: then the smallest of the others is null too (complementary
suppression: Hundepool et al. 2012, "Statistical Disclosure Control", section 5.3). ``revised`` is a difference between
two logs and counts nobody.
"""

from __future__ import annotations

from typing import TypeVar

from serving.schemas.base import StrictModel
from serving.schemas.growth import GrowthResponse, PeriodResponse

MOVEMENTS = ("new", "won_back", "upgraded", "lapsed", "downgraded")
_LEVELS = ("previous", "high_value_active", "active", "new_customers")

Model = TypeVar("Model", bound=StrictModel)


def suppress_small_counts(answer: GrowthResponse, smallest: int) -> GrowthResponse:
    """The answer without counts of fewer customers than the smallest."""
    economics = answer.ltv_to_cac
    return answer.model_copy(
        update={
            "today": _hide(answer.today, ("high_value_active", "four_weeks_ago", "active"), smallest),
            "weeks": [_period(period, smallest) for period in answer.weeks],
            "months": [_period(period, smallest) for period in answer.months],
            "ltv_to_cac": economics.model_copy(
                update={
                    "overall": economics.overall and _hide(economics.overall, ("new_customers",), smallest),
                    "by_source": [_hide(cohort, ("new_customers",), smallest) for cohort in economics.by_source],
                    "by_month": [_hide(cohort, ("new_customers",), smallest) for cohort in economics.by_month],
                }
            ),
        }
    )


def _period(period: PeriodResponse, smallest: int) -> PeriodResponse:
    shown = _hide(period, (*MOVEMENTS, *_LEVELS), smallest)
    visible = [name for name in MOVEMENTS if getattr(shown, name) is not None]
    updates: dict[str, object] = {}
    if len(visible) == len(MOVEMENTS) - 1:
        updates[min(visible, key=lambda name: getattr(shown, name))] = None
    if period.restated is not None:
        updates["restated"] = _hide(period.restated, ("high_value_active",), smallest)
    updates["acquisition"] = [_hide(row, ("new_customers",), smallest) for row in period.acquisition]
    return shown.model_copy(update=updates)


def _hide(model: Model, names: tuple[str, ...], smallest: int) -> Model:
    small = {name: None for name in names if abs(getattr(model, name) or 0) < smallest}
    return model.model_copy(update=small)
