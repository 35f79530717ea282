"""To whom does a customer belong, and when, where and with what are they reached? As it goes over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from serving.schemas.base import Probability, StrictModel

Evidence = Literal["customer", "population"]
NOT_SCORED: Mapping[str, Any] = {"status": "not_scored"}


class Rfm(StrictModel):
    """Recency, frequency and monetary scores, and the layer that they make."""

    recency: int | None
    frequency: int | None
    monetary: int | None
    segment: str | None = Field(examples=["important_keep"])
    segment_zh: str | None = Field(examples=["重要价值"])


class Share(StrictModel):
    """A share, how sure it is (80 % interval), and whose counts weigh more in it."""

    share: Probability
    p10: Probability
    p90: Probability
    evidence: Evidence


class Hours(Share):
    """Two hours by the shop's clock, the first included, the last not."""

    begin: int = Field(examples=[20])
    end: int = Field(examples=[22])


class Weekday(Share):
    """A day of the week: 1 is Monday, 7 Sunday."""

    weekday: int = Field(examples=[5])


class Affinity(StrictModel):
    """One of some ranked things, and how sure its affinity is (80 % interval)."""

    name: str
    affinity: Probability
    p10: Probability
    p90: Probability


class Ranking(StrictModel):
    """The best first; whose counts weigh more in it."""

    ranked: list[Affinity]
    evidence: Evidence


class SegmentResponse(StrictModel):
    """To whom the customer belonged when everybody was scored last."""

    status: Literal["scored", "not_scored"]
    as_of: datetime | None = Field(default=None, description="When everybody was scored.")
    rfm: Rfm | None = Field(default=None, description="Null before the first order.")
    lifecycle_stage: str | None = Field(default=None, examples=["loyalty"])
    lifecycle_phase: str | None = Field(default=None, examples=["repurchase"])
    value_tier: str | None = Field(default=None, examples=["high"])
    segments: list[str] = Field(default=[], description="The business' own segments.")
    preset_segments: list[str] = Field(default=[], examples=[["active_regular", "price_sensitive"]])
    preferred_hours: Hours | None = None
    preferred_weekday: Weekday | None = None
    channels: Ranking | None = Field(default=None, description="Only those that the customer lets be used just now.")
    categories: Ranking | None = None
    price_sensitivity: Share | None = Field(
        default=None,
        description="Share of orders with a coupon or discount. Observed, not caused: only a randomised offer shows "
        "who would not have bought without it.",
    )
