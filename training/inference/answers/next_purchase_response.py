"""Next purchase response: the JSON of the dates of the next order of one customer, overall and per category."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from training.inference.answers.answer import CURVE_DAYS
from training.inference.answers.schema import AnswerResponse, Probability, StrictModel

REMIND_ON = (
    "The later of the as-of day and the expected day less the lead days. The expected day is p50_if_within where p50 "
    "lies within its horizon, else p50."
)


class CategoryResponse(StrictModel):
    """The date of the next order in a category; never before that of the next order of any kind."""

    category: str = Field(description="As it stands in the shop's log.", examples=["skin care"])
    evidence: Literal["category", "customer", "population"] = Field(
        description="What the answer rests on: the customer's own rhythm in the category; the category's usual gap at "
        "the customer's pace in general; that gap alone."
    )
    last_order_at: date = Field(description="The shop's day.", examples=["2026-09-09"])
    p10: date | None = Field(examples=["2026-11-28"])
    p50: date | None = Field(examples=["2026-12-09"])
    p90: date | None = Field(examples=["2027-03-02"])
    p50_if_within: dict[str, date | None] = Field(
        description="The median given an order in the category within so many days, the churn horizon; null where "
        "such an order has probability 0.",
        examples=[{"90": "2026-12-01"}],
    )
    remind_on: date | None = Field(description=f"{REMIND_ON} It is never before the reminder of any order.")
    overdue_ratio: float = Field(
        description="Time since the last order in the category over the gap expected there.", examples=[0.8]
    )
    probability_within: dict[str, Probability] = Field(
        description="P(order in the category) within so many days.", examples=[{"7": 0.04, "14": 0.19, "30": 0.71}]
    )


class NextPurchaseResponse(AnswerResponse):
    """The date of the next order; dates are the shop's, and null lies beyond the model's last day."""

    p10: date | None = Field(examples=["2026-11-25"])
    p50: date | None = Field(examples=["2026-12-07"])
    p90: date | None = Field(examples=["2027-02-19"])
    p50_if_within: dict[str, date | None] = Field(
        description="The median given an order within so many days, the churn horizon; null where such an order has "
        "probability 0.",
        examples=[{"90": "2026-12-02"}],
    )
    remind_on: date | None = Field(description=REMIND_ON)
    overdue_ratio: float | None = Field(
        description="Time since the last order over the customer's own typical gap; null before a second order.",
        examples=[0.7],
    )
    probability_within: dict[str, Probability] = Field(
        description="P(order) within so many days.", examples=[{"7": 0.21, "14": 0.44, "30": 0.66}]
    )
    by_category: list[CategoryResponse] | None = Field(
        description="The categories that the customer ordered on the most days, up to eight, the soonest reminder "
        "first and those without one last; empty before the first order in any, null for a log without categories."
    )
    curve: Annotated[list[Probability], Field(min_length=len(CURVE_DAYS), max_length=len(CURVE_DAYS))] | None = Field(
        default=None,
        description=f"Only with `curve`: P(order) within 1, 2, ... {CURVE_DAYS[-1]} days. It never decreases, and "
        "agrees with `probability_within` and with the churn probability at their days.",
    )
