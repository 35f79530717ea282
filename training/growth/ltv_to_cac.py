"""LTV to CAC: what new customers brought and are predicted to bring, over the average cost of a new customer.

The cost is an average: what was spent, divided by the new customers of the same months and source. It says nothing of
what one more customer would cost, and nothing of who would have come without the spend; both need spend that was
changed at random (Blake, Nosko & Tadelis 2015, Econometrica 83, 155-174).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.arrays import Booleans, Floats
from training.growth.mean_interval import Figure, mean_interval
from training.growth.refusal import GrowthRefusal

MIN_NEW_CUSTOMERS = 30
COHORT_MONTHS = 12  # that are summed
MATURE_DAYS = 90  # after the end of the months, before what the customers brought is compared with their cost

PredictedValue = Callable[[Booleans], "Figure | GrowthRefusal"]  # of the selected customers, per head


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """New customers of some months, or of a source in them, with what was spent."""

    name: str
    cost: float
    new_customers: int  # when the months were closed
    days_since: int  # from the end of the newest month until today
    members: Booleans  # (n,) those of today's log
    is_closed: bool  # whether cost and new customers are those of the closed months, not of today's log


@dataclass(frozen=True, kw_only=True)
class CustomerValues:
    """The values by which cohorts are judged."""

    realised: Floats  # (n,) from the first order until today, in the currency of the shop
    predicted: PredictedValue
    has_amounts: bool


@dataclass(frozen=True, kw_only=True)
class LtvToCac:
    """The unit economics of a cohort; realised and predicted values are never added up but in ``expected_ratio``."""

    cohort: Cohort
    cac: float | GrowthRefusal
    realised: Figure | GrowthRefusal  # per head until today
    predicted: Figure | GrowthRefusal  # per head, from today
    realised_ratio: Figure | GrowthRefusal
    expected_ratio: Figure | GrowthRefusal  # realised and predicted, with the interval of the predicted


def ltv_to_cac(cohort: Cohort, values: CustomerValues) -> LtvToCac:
    """The unit economics of a cohort, each figure or the reason why it is not stated."""
    cac, realised = _cac(cohort), _realised_value(cohort, values)
    predicted = _few(cohort) or _no_amounts(values) or values.predicted(cohort.members)
    return LtvToCac(
        cohort=cohort,
        cac=cac,
        realised=realised,
        predicted=predicted,
        realised_ratio=_realised_ratio(cohort, cac, realised),
        expected_ratio=_expected_ratio(cac, realised, predicted),
    )


def _cac(cohort: Cohort) -> float | GrowthRefusal:
    if cohort.cost <= 0:
        return GrowthRefusal(
            "no_costs",
            f"Found no costs of {cohort.name}; expected them in the table of [costs]. Add what was spent, by day and "
            "source.",
        )
    return _few(cohort) or cohort.cost / cohort.new_customers


def _few(cohort: Cohort) -> GrowthRefusal | None:
    if min(cohort.new_customers, int(cohort.members.sum())) >= MIN_NEW_CUSTOMERS:
        return None
    return GrowthRefusal(
        "too_few",
        f"Found fewer than {MIN_NEW_CUSTOMERS} new customers of {cohort.name}; expected at least {MIN_NEW_CUSTOMERS}. "
        "Wait, or join sources.",
    )


def _no_amounts(values: CustomerValues) -> GrowthRefusal | None:
    if values.has_amounts:
        return None
    return GrowthRefusal("no_amounts", "Found orders without amounts; expected them. Name the amount in [orders].")


def _realised_value(cohort: Cohort, values: CustomerValues) -> Figure | GrowthRefusal:
    return _few(cohort) or _no_amounts(values) or mean_interval(values.realised[cohort.members])


def _realised_ratio(
    cohort: Cohort, cac: float | GrowthRefusal, realised: Figure | GrowthRefusal
) -> Figure | GrowthRefusal:
    if isinstance(cac, GrowthRefusal):
        return cac
    if isinstance(realised, GrowthRefusal):
        return realised
    if cohort.days_since < MATURE_DAYS:
        return GrowthRefusal(
            "not_mature",
            f"Found {cohort.days_since} days since the new customers of {cohort.name} came; expected at least "
            f"{MATURE_DAYS}. Wait, or read the predicted value.",
        )
    return realised.scale(1 / cac)


def _expected_ratio(
    cac: float | GrowthRefusal, realised: Figure | GrowthRefusal, predicted: Figure | GrowthRefusal
) -> Figure | GrowthRefusal:
    if isinstance(cac, GrowthRefusal):
        return cac
    if isinstance(realised, GrowthRefusal):
        return realised
    if isinstance(predicted, GrowthRefusal):
        return predicted
    return predicted.scale(1 / cac, shift=realised.value)
