"""Segment schema: RFM, value tier, segments and preferences of a customer in a response, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from serving.schemas.base import Probability, StrictModel

Evidence = Literal["customer", "population"]
NOT_SCORED: Mapping[str, Any] = {"status": "not_scored"}


class Rfm(StrictModel):
    """RFM scores (recency, frequency, monetary value), and the segment that they form."""

    recency: int | None
    frequency: int | None
    monetary: int | None
    segment: str | None = Field(examples=["important_keep"])
    segment_zh: str | None = Field(examples=["重要价值"])


class Share(StrictModel):
    """A share with its 80 % interval; evidence is the source that weighs more, customer or population."""

    share: Probability
    p10: Probability
    p90: Probability
    evidence: Evidence


class PriceSensitivity(StrictModel):
    """A share with its 80 % interval; with the evidence `experiment`, of those whom a randomised offer moves."""

    share: Probability
    p10: Probability
    p90: Probability
    evidence: Literal["customer", "population", "experiment"]


class Hours(Share):
    """A window of two hours in the shop's local time; ``begin`` is included and ``end`` is not."""

    begin: int = Field(examples=[20])
    end: int = Field(examples=[22])


class Weekday(Share):
    """A day of the week; 1 is Monday and 7 is Sunday."""

    weekday: int = Field(examples=[5])


class Affinity(StrictModel):
    """A ranked item and its affinity with an 80 % interval."""

    name: str
    affinity: Probability
    p10: Probability
    p90: Probability


class Ranking(StrictModel):
    """Items by affinity, the best first; evidence is the source that weighs more."""

    ranked: list[Affinity]
    evidence: Evidence


class SegmentResponse(StrictModel):
    """The segments and preferences of a customer in the newest scores table."""

    status: Literal["scored", "not_scored"]
    as_of: datetime | None = Field(default=None, description="When all customers were scored.")
    rfm: Rfm | None = Field(default=None, description="Null before the first order.")
    lifecycle_stage: str | None = Field(default=None, examples=["loyalty"])
    lifecycle_phase: str | None = Field(default=None, examples=["repurchase"])
    value_tier: str | None = Field(default=None, examples=["high"])
    segments: list[str] = Field(default=[], description="The business' own segments.")
    preset_segments: list[str] = Field(default=[], examples=[["active_regular", "price_sensitive"]])
    preferred_hours: Hours | None = None
    preferred_weekday: Weekday | None = None
    channels: Ranking | None = Field(default=None, description="Only channels that the customer's consent allows now.")
    categories: Ranking | None = None
    price_sensitivity: PriceSensitivity | None = Field(
        default=None,
        description="Share of orders with a coupon or discount. Observed, not causal: only a randomized offer shows "
        "which customers would not have bought without it. With the evidence `experiment` it is that share.",
    )
