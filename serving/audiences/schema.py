"""What goes over the wire about audiences: the request as it is checked, the answer as it is documented."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Discriminator, Field, JsonValue, StringConstraints, Tag, WithJsonSchema

from serving.audiences.request_limits import MAX_VALUES
from serving.schemas.base import StrictModel

MAX_AUDIENCE_SIZE = 10_000_000
MAX_COLUMNS = 100
MAX_NAME_LENGTH = 100

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH)]
# Their types are the column's, which only the table knows.
Operand = Annotated[Any, WithJsonSchema({"type": ["number", "string", "boolean"]})]
Bound = Annotated[Any, WithJsonSchema({"type": ["number", "string"]})]
Day = Annotated[Any, WithJsonSchema({"type": "string", "examples": ["2026-01-01", "2026-01-01T00:00:00Z"]})]
Operands = Annotated[list[Operand], Field(min_length=1, max_length=MAX_VALUES)]


class Condition(StrictModel):
    """One column compared in one way: the two ends of a range count as one. A null value fulfils no comparison.

    Numbers are compared with numbers, text with strings, dates with ISO dates, instants with RFC 3339 date-times
    (a plain date is the beginning of the shop's day), booleans with booleans.
    """

    word: ClassVar[str] = "condition"

    column: Name = Field(description="Of the scores table.", examples=["churn_probability"])
    equals: Operand = None
    not_equals: Operand = Field(default=None, description="Another value, and not null.")
    one_of: Operands | None = Field(default=None, alias="in")
    none_of: Operands | None = Field(default=None, alias="not_in", description="Another value, and not null.")
    at_least: Bound = Field(default=None, description="Numbers, dates and instants.", examples=[0.5])
    above: Bound = None
    at_most: Bound = None
    below: Bound = None
    since: Day = Field(default=None, description="The same as at_least, of dates and instants.")
    before: Day = Field(default=None, description="The same as below, of dates and instants.")
    contains: Operand = Field(default=None, description="List columns: a member of the list.")
    is_null: bool | None = Field(default=None, strict=True)


class AllOf(StrictModel):
    """Fulfilled where every one of its nodes is."""

    word: ClassVar[str] = "all"

    nodes: Annotated[list[Node], Field(min_length=1)] = Field(alias="all")


class AnyOf(StrictModel):
    """Fulfilled where at least one of its nodes is."""

    word: ClassVar[str] = "any"

    nodes: Annotated[list[Node], Field(min_length=1)] = Field(alias="any")


class NotOf(StrictModel):
    """Fulfilled where its node is not, null values included: a node and its ``not`` share out all customers."""

    word: ClassVar[str] = "not"

    node: Node = Field(alias="not")


def node_tag(value: object) -> str | None:
    """Which kind of node is meant: by its words."""
    if isinstance(value, dict):
        return next((word for word in ("all", "any", "not") if word in value), "condition")
    return getattr(value, "word", None)


Node = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[Condition, Tag("condition")],
    Discriminator(node_tag),
]


class OrderBy(StrictModel):
    """By which column members are ordered; customers without a value come last, equal ones by customer_id."""

    column: Name = Field(examples=["ltv_90d_mean"])
    descending: bool = Field(default=False, strict=True)


class Holdout(StrictModel):
    """A share of the members who shall not be approached, so that the campaign's effect can be measured.

    A customer's side depends on the name and nothing else: under one name it is the same in every audience, and a
    larger share holds those of a smaller one.
    """

    share: Annotated[float, Field(ge=0, le=0.5, strict=True)] = Field(examples=[0.1])
    name: Name = Field(examples=["autumn"])


class AudienceRequest(StrictModel):
    """Whom to choose, in which order, and what to say of them."""

    filter: Node | None = Field(default=None, description="Who belongs to the audience. Default: everybody.")
    purpose: Name = "marketing"
    channel: Name | None = Field(default=None, examples=["email"])
    order_by: OrderBy | None = Field(default=None, description="Default: ascending customer_id.")
    limit: Annotated[int, Field(ge=1, le=MAX_AUDIENCE_SIZE, strict=True)] | None = Field(
        default=None, description="The most members, the first in order. Default: all.", examples=[50_000]
    )
    holdout: Holdout | None = None
    horizon_days: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None,
        description="Of the expectations. Default: the longest tested one of the table's amounts.",
    )
    keep: bool = Field(
        default=True, strict=True, description="Whether to keep the members, to be paged; else they are only counted."
    )
    columns: Annotated[list[Name], Field(min_length=1, max_length=MAX_COLUMNS)] | None = Field(
        default=None,
        description="What pages hold of each member, besides customer_id.",
        examples=[["churn_probability"]],
    )


class Interval(StrictModel):
    """Between which totals the actual one should lie, with the probability given."""

    p10: float
    p90: float
    method: str = Field(description="How the interval was made.")


class ExpectedTotal(StrictModel):
    """A total over all members, the hold-out included, if nobody did anything."""

    mean: float
    horizon_days: int
    column: str = Field(description="The column of the scores table that was summed.")
    without_value: int = Field(description="Members with no value there; they count as 0.")
    interval: Interval | None
    reason: str | None = Field(default=None, description="Why there is no interval.")


class CompositionPart(StrictModel):
    """How many members have one value of a column; null is no value."""

    value: str | None
    count: int
    share: float


class Scores(StrictModel):
    """The table that was asked."""

    as_of: datetime | None
    release: str | None
    customers: int


class AudienceResponse(StrictModel):
    """Who was found: how many, of which kind, and what to expect of them."""

    audience_id: str | None = Field(description="By which pages of members are asked for; null when none were stored.")
    count: int = Field(description="Members, after consent and limit.")
    excluded_by_consent: int = Field(description="Customers whom the filter found, but who may not be approached.")
    consent_state: str
    holdout_count: int | None = Field(description="Of the members; null without a hold-out.")
    purpose: str
    channel: str | None
    scores: Scores
    composition: dict[str, list[CompositionPart]]
    expected_conversions: ExpectedTotal | None = Field(description="Members who order within the horizon.")
    expected_revenue: ExpectedTotal | None = Field(description="Net amount; null for a log without amounts.")
    currency: str | None
    sample: list[dict[str, JsonValue]] = Field(description="The first members in order, with their columns.")
