"""Growth schemas: high-value active customers by week and month, what moved them, and LTV to CAC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel

Count = int | None
_SMALL = "null where so few customers are not told to this key"


class LocalisedText(StrictModel):
    """A sentence in each language."""

    en: str
    zh: str


class DefinitionResponse(StrictModel):
    """Who counts as a high-value active customer, with the numbers used."""

    digest: str = Field(description="Other numbers have another digest; closed periods name theirs.")
    active_days: int
    value_days: int
    level: float = Field(description="The spend within `value_days`, or the orders, from which a customer counts.")
    measure: Literal["spend", "orders"]
    fixed_on: date = Field(description="The day as of which the numbers were chosen; they stay until configured.")
    text: LocalisedText


class TodayResponse(StrictModel):
    """The numbers of today and of four weeks ago, both by today's log and definition."""

    day: date
    high_value_active: Count = Field(description=f"Customers; {_SMALL}.")
    four_weeks_ago: Count
    active: Count = Field(description="Active customers of any value.")


class TrendResponse(StrictModel):
    """The mean change per week, or why it is not stated."""

    status: Literal["ok", "log_too_short"]
    detail: str | None = None
    weeks: int | None = None
    per_week: float | None = None
    low: float | None = Field(default=None, description="Of the 95 % interval.")
    high: float | None = None
    direction: Literal["rising", "falling", "unclear"] | None = None


class RestatementResponse(StrictModel):
    """What the log of today gives for a closed period, beside the closed figure."""

    high_value_active: Count = Field(description="null where it cannot be counted again, or is too small to be told.")
    reason: Literal["log_changed", "definition_changed", "log_begins_later"]
    note: LocalisedText


class AcquisitionResponse(StrictModel):
    """The new customers and the costs of a source in a month; the source is empty for all others."""

    source: str
    cost: float
    new_customers: Count


class PeriodResponse(StrictModel):
    """A week or month. `previous + revised + new + won_back + upgraded - lapsed - downgraded = high_value_active`."""

    period: str = Field(examples=["2026-W47", "2026-11"])
    first_day: date
    end_day: date = Field(description="The first day after the period; of a partial one, the day of the figures.")
    status: Literal["closed", "provisional", "partial"] = Field(
        description="`closed` figures never change; `provisional` ones wait for late lines; `partial` is not over."
    )
    closed_at: datetime | None
    definition: str = Field(description="The digest of the definition that was used.")
    previous: Count
    revised: Count = Field(description="By how much the number before is another one by the log known at closing.")
    new: Count = Field(description="In, with a first order within `active_days`.")
    won_back: Count = Field(description="In, after no order for `active_days`.")
    upgraded: Count = Field(description="In, by spend alone.")
    lapsed: Count = Field(description="Out: no order for `active_days`.")
    downgraded: Count = Field(description="Out, by spend alone.")
    high_value_active: Count
    active: Count
    spend: float
    new_customers: Count
    acquisition: list[AcquisitionResponse]
    restated: RestatementResponse | None


class FigureResponse(StrictModel):
    """A figure with its interval, or why it is not stated; then there is no number."""

    status: Literal[
        "ok",
        "log_too_short",
        "no_costs",
        "no_amounts",
        "no_predictions",
        "too_few",
        "not_mature",
    ]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = Field(default=None, description="Of the interval: 0.95 realised, 0.8 predicted.")
    detail: str | None = None


class CohortResponse(StrictModel):
    """LTV to CAC of the new customers of a source, or of a month; realised and predicted stand apart."""

    name: str = Field(examples=["search", "2026-09"])
    costs: Literal["closed", "restated"] = Field(
        description="`closed` with the months; `restated` from the log of today, for months closed before any costs."
    )
    cost: float
    new_customers: Count
    cac: FigureResponse = Field(description="Costs over new customers: an average, not what one more would cost.")
    realised_ltv: FigureResponse = Field(description="Per new customer, until the day of the figures.")
    predicted_ltv: FigureResponse = Field(description="Per new customer, from then within `horizon_days`.")
    realised_ratio: FigureResponse = Field(description="Realised LTV over CAC.")
    expected_ratio: FigureResponse = Field(description="Realised and predicted LTV over CAC.")


class LtvToCacResponse(StrictModel):
    """LTV to CAC of new customers: what came together, not what was caused."""

    label: Literal["average, not caused"] = "average, not caused"
    currency: str
    value: Literal["revenue", "gross_margin", "none"]
    horizon_days: int | None = Field(description="Of the predicted value; null without predictions.")
    status: Literal["ok", "no_costs", "log_too_short"]
    detail: LocalisedText | None = Field(default=None, description="How to get the figures, where there are none.")
    overall: CohortResponse | None = Field(description="All new customers of the months of `by_source`.")
    by_source: list[CohortResponse]
    by_month: list[CohortResponse]


class GrowthResponse(StrictModel):
    """The north star: high-value active customers, what moved them, and LTV to CAC."""

    as_of: date
    computed_at: datetime
    currency: str
    definition: DefinitionResponse
    today: TodayResponse
    trend: TrendResponse
    weeks: list[PeriodResponse]
    months: list[PeriodResponse]
    ltv_to_cac: LtvToCacResponse
