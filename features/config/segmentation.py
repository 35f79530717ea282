"""Segmentation: RFM, lifecycle, value tiers, segments and preset segments from [business], with their defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, field_validator, model_validator

from features.config.base import ConfigModel
from features.config.churn_rules import MAX_NAME_LENGTH, is_valid_name
from features.config.conditions import AMOUNT_MEASURES, Bounds, Conditions, LookbackDays, WindowedBounds

CutPoints = Annotated[tuple[float, ...], Strict(False)]  # noqa: FBT003 -- TOML has lists only, and a frozen section tuples
Share = Annotated[float, Field(ge=0, le=1)]
AtLeastOne = Annotated[int, Field(ge=1)]
LAPSE_DAYS = 182  # a customer without an order for 26 weeks, half a year, has lapsed


class Rfm(ConfigModel):
    """RFM settings: cut points for recency (days), frequency (orders) and monetary value (spend), and their windows."""

    recency: CutPoints = ()
    """Rising cut points for the days since the last order; without them, fifths of the buyers."""
    frequency: CutPoints = ()
    """Rising cut points for the number of orders; without them, fifths of the buyers."""
    monetary: CutPoints = ()
    """Rising cut points for the amount spent; without them, fifths of the buyers."""
    frequency_days: LookbackDays | None = None
    """How many days back orders are counted; without it, all of the log."""
    monetary_days: LookbackDays | None = None
    """How many days back the amount is summed; without it, all of the log."""

    @field_validator("recency", "frequency", "monetary")
    @classmethod
    def _check_rising(cls, points: tuple[float, ...]) -> tuple[float, ...]:
        # Written in this form so that a nan is rejected too.
        if not all(low < high for low, high in pairwise((*points, float("inf")))):
            raise ValueError(f"found [{', '.join(f'{point:g}' for point in points)}]; expected rising numbers")
        return points


class Stage(ConfigModel):
    """A lifecycle stage and the conditions on its customers."""

    stage: Literal["potential", "contact", "conversion", "retention", "loyalty"]
    """How far the customer has come with the shop."""
    phase: Literal["acquire", "activate", "repurchase", "lapse"]
    """What the shop wants to achieve with the customer next."""
    when: Conditions = Conditions()
    """The conditions that all have to hold; only the last stage may have none."""


# A lapsed buyer has the stage "retention": a former buyer is a customer to win back, not a prospect to convert.
LIFECYCLE = (
    Stage(stage="retention", phase="lapse", when=Conditions(days_since_order=Bounds(at_least=LAPSE_DAYS))),
    Stage(
        stage="loyalty", phase="repurchase", when=Conditions(orders=WindowedBounds(within_days=LAPSE_DAYS, at_least=5))
    ),
    Stage(stage="retention", phase="repurchase", when=Conditions(orders=WindowedBounds(at_least=2))),
    Stage(stage="conversion", phase="activate", when=Conditions(orders=WindowedBounds(at_least=1))),
    Stage(stage="contact", phase="acquire", when=Conditions(contacts=WindowedBounds(within_days=30, at_least=1))),
    Stage(stage="potential", phase="acquire"),
)


def _check_reachable(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    if not stages:
        raise ValueError("found []; expected at least one stage")
    if not all(stage.when.bounds for stage in stages[:-1]):
        raise ValueError(
            "found a stage without conditions before the last; expected it last, because it matches every customer"
        )
    return stages


class ValueTiers(ConfigModel):
    """Value tiers: shares of the customers, or of their predicted revenue, the most valuable first."""

    by: Literal["customers", "revenue"] = "customers"
    """Shares of the customers, or of the revenue that they are predicted to bring."""
    horizon_days: Annotated[int, Field(ge=1, le=730)] | None = None
    """The horizon of the predicted value, one of `ltv_days`; without it, the longest."""
    shares: Mapping[str, float] = {"high": 0.2, "medium": 0.3}
    """The share of each tier, the most valuable first; together 1 or less."""
    rest: str = "low"
    """The tier of all other customers."""

    @field_validator("shares")
    @classmethod
    def _check_shares(cls, shares: Mapping[str, float]) -> Mapping[str, float]:
        text = ", ".join(f"{name} = {share:g}" for name, share in shares.items())
        if not all(0 < share <= 1 for share in shares.values()) or sum(map(exact_fraction, shares.values())) > 1:
            raise ValueError(f"found {text}; expected shares above 0 that come to 1 or less together")
        return shares

    @model_validator(mode="after")
    def _check_names(self) -> ValueTiers:
        names = [*self.shares, self.rest]
        if len(set(names)) < len(names) or not all(map(is_valid_name, names)):
            raise ValueError(
                f"found the tiers {', '.join(map(repr, names))}; expected different names of 1 to {MAX_NAME_LENGTH} "
                "printable characters"
            )
        return self


class PresetSegmentsConfig(ConfigModel):
    """Limits of the preset segments, the ready-made segments for campaigns."""

    newcomer_days: LookbackDays = 30
    """A customer whose first order is at most this many days ago is a newcomer."""
    newcomer_share: Share = 0.2
    """The share of the newcomers, most valuable first, that has high potential."""
    regular_orders: AtLeastOne = 5
    """An active regular has at least this many orders within `regular_days`."""
    regular_days: LookbackDays = LAPSE_DAYS
    """The window in which the orders of an active regular are counted."""
    lapse_orders: Annotated[int, Field(ge=2)] = 2
    """A customer with fewer orders has no typical gap, and is never about to lapse."""
    overdue_gaps: Annotated[float, Field(ge=1)] = 2.0
    """A customer is overdue when the days since the last order exceed this multiple of their own mean gap."""


def _check_segments(segments: Mapping[str, Conditions]) -> Mapping[str, Conditions]:
    for name, conditions in segments.items():
        if not is_valid_name(name):
            raise ValueError(
                f"found a segment named {name!r}; expected a name of 1 to {MAX_NAME_LENGTH} printable characters, "
                "no blanks around it"
            )
        if not conditions.bounds:
            raise ValueError(
                f"found no condition in {name!r}; expected at least one of {', '.join(Conditions.model_fields)}"
            )
    return segments


Lifecycle = Annotated[tuple[Stage, ...], Strict(False), AfterValidator(_check_reachable)]  # noqa: FBT003 -- as above
Segments = Annotated[Mapping[str, Conditions], AfterValidator(_check_segments)]


def amount_conditions(lifecycle: tuple[Stage, ...], segments: Mapping[str, Conditions]) -> Iterator[str]:
    """Every condition that needs amounts, as text with its section."""
    rules = [(f"[business.lifecycle.#{position}]", stage.when) for position, stage in enumerate(lifecycle, 1)]
    rules += [(f'[business.segments."{name}"]', conditions) for name, conditions in segments.items()]
    for section, conditions in rules:
        for measure in conditions.bounds:
            if measure.name in AMOUNT_MEASURES:
                yield f"{measure.name} in {section}"


def exact_fraction(share: float) -> Fraction:
    """The share as an exact fraction of its decimal text, so that ten times 0.1 is exactly 1."""
    return Fraction(repr(share))
