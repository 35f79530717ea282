"""Audience schema: the request as it is validated, and the response as it is documented."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, JsonValue, StringConstraints, Tag, WithJsonSchema

from serving.audiences.distribution_schema import FunnelStep, Histogram, HistogramRequests
from serving.audiences.request_limits import MAX_VALUES
from serving.schemas.base import StrictModel
from serving.schemas.economics import Economics, EconomicsRequest

MAX_AUDIENCE_SIZE = 10_000_000
MAX_COLUMNS = 100
MAX_NAME_LENGTH = 100

Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_LENGTH)]
# The type of an operand is the type of its column, which only the table defines.
Operand = Annotated[Any, WithJsonSchema({"type": ["number", "string", "boolean"]})]
Bound = Annotated[Any, WithJsonSchema({"type": ["number", "string"]})]
Day = Annotated[Any, WithJsonSchema({"type": "string", "examples": ["2026-01-01", "2026-01-01T00:00:00Z"]})]
Operands = Annotated[list[Operand], Field(min_length=1, max_length=MAX_VALUES)]


class Condition(StrictModel):
    """One comparison of one column; both ends of a range count as one comparison. A null fulfils no comparison.

    Numbers are compared with numbers, text with strings, dates with ISO dates, instants with RFC 3339 date-times
    (a plain date is the beginning of the shop's day), booleans with booleans.
    """

    keyword: ClassVar[str] = "condition"

    column: Name = Field(description="A column of the scores table.", examples=["churn_probability"])
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
    """Fulfilled if all of its nodes are fulfilled."""

    keyword: ClassVar[str] = "all"

    nodes: Annotated[list[Node], Field(min_length=1)] = Field(alias="all")


class AnyOf(StrictModel):
    """Fulfilled if at least one of its nodes is fulfilled."""

    keyword: ClassVar[str] = "any"

    nodes: Annotated[list[Node], Field(min_length=1)] = Field(alias="any")


class NotOf(StrictModel):
    """Fulfilled if its node is not fulfilled: each customer fulfils either a node or its ``not``, also with a null."""

    keyword: ClassVar[str] = "not"

    node: Node = Field(alias="not")


def node_tag(value: object) -> str | None:
    """Return the type of a node by its keyword."""
    if isinstance(value, dict):
        return next((keyword for keyword in ("all", "any", "not") if keyword in value), "condition")
    return getattr(value, "keyword", None)


Node = Annotated[
    Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[Condition, Tag("condition")],
    Discriminator(node_tag),
]


class OrderBy(StrictModel):
    """The column that orders the members; nulls come last, and equal values are ordered by customer_id."""

    column: Name = Field(examples=["ltv_90d_mean"])
    descending: bool = Field(default=False, strict=True)


class Holdout(StrictModel):
    """A share of the members that is not approached, so that the effect of a campaign can be measured.

    Whether a customer is held out depends only on the name: it is the same in every audience, and a larger share
    includes a smaller one.
    """

    share: Annotated[float, Field(ge=0, le=0.5, strict=True)] = Field(examples=[0.1])
    name: Name = Field(examples=["autumn"])


class AudienceRequest(StrictModel):
    """Which customers to select, in which order, and which columns to return."""

    name: Name | None = Field(default=None, description="What the list of audiences calls it.", examples=["win back"])
    filter: Node | None = Field(default=None, description="The condition for members. Default: all customers.")
    purpose: Name = "marketing"
    channel: Name | None = Field(
        default=None, description="Compared without case and outer blanks.", examples=["email"]
    )
    order_by: OrderBy | None = Field(default=None, description="Default: ascending customer_id.")
    limit: Annotated[int, Field(ge=1, le=MAX_AUDIENCE_SIZE, strict=True)] | None = Field(
        default=None, description="The maximum number of members, the first in order. Default: all.", examples=[50_000]
    )
    holdout: Holdout | None = None
    global_holdout: Literal["exclude", "include"] = Field(
        default="exclude",
        description="Whether the global hold-out of `[business]` is left out; include it only for what is no campaign.",
    )
    horizon_days: Annotated[int, Field(ge=1, strict=True)] | None = Field(
        default=None,
        description="Horizon of the expected totals. Default: the longest tested one of the table's amounts.",
    )
    keep: bool = Field(
        default=True,
        strict=True,
        description="Whether to store the members for paging; otherwise they are only counted.",
    )
    economics: EconomicsRequest | None = Field(
        default=None, description="What a campaign earns and costs; asks for the economics of contacting the members."
    )
    columns: Annotated[list[Name], Field(min_length=1, max_length=MAX_COLUMNS)] | None = Field(
        default=None,
        description="Columns of each member in pages, besides customer_id.",
        examples=[["churn_probability"]],
    )
    histogram: HistogramRequests | None = Field(
        default=None, description="Columns whose values are counted in bins, under the filter without that column."
    )
    funnel: bool = Field(
        default=False, strict=True, description="Whether to count after each condition, in their order."
    )


class Interval(StrictModel):
    """An 80 % prediction interval of a total."""

    p10: float
    p90: float
    method: str = Field(description="How the interval was computed.")


class ExpectedTotal(StrictModel):
    """A total over all members, the hold-out included, that is expected without a campaign."""

    mean: float
    horizon_days: int
    column: str = Field(description="The column of the scores table that was summed.")
    without_value: int = Field(description="Members with a null there; they count as 0.")
    interval: Interval | None
    reason: str | None = Field(default=None, description="Why there is no interval.")


class CompositionPart(StrictModel):
    """The number of members with one value of a column; null stands for no value."""

    value: str | None
    count: int
    share: float


class Scores(StrictModel):
    """The scores table from which the audience was selected."""

    as_of: datetime | None
    release: str | None
    customers: int


class GlobalHoldoutSummary(StrictModel):
    """The global hold-out that was left out of the audience."""

    name: str
    share: float
    until: date
    excluded: int | None = Field(
        description="Customers of the filter who are in it; null for fewer than `smallest_audience` without the scope "
        "admin."
    )


class AudienceResponse(StrictModel):
    """An audience: the number of its members, their composition, and expected totals."""

    audience_id: str | None = Field(description="The id for requesting pages of members; null if they were not stored.")
    name: str | None = None
    count: int | None = Field(
        description="Members, after consent and limit; null if there are fewer than `smallest_audience` and the key "
        "lacks the scope admin."
    )
    excluded_by_consent: int | None = Field(
        description="Customers whose scores are used, but who may not be approached: of all customers, in tens. Null "
        "below ten, and with any filter, because the difference of two such counts tells a score."
    )
    consent_state: str
    holdout_count: int | None = Field(description="Members in the hold-out; null without one.")
    global_holdout: GlobalHoldoutSummary | None = Field(
        default=None, description="The global hold-out, whose customers are no members; null where none was left out."
    )
    purpose: str
    channel: str | None
    scores: Scores
    composition: dict[str, list[CompositionPart]]
    expected_conversions: ExpectedTotal | None = Field(description="Members who order within the horizon.")
    expected_orders: ExpectedTotal | None = Field(description="Orders of the members within the horizon.")
    expected_revenue: ExpectedTotal | None = Field(description="Net amount; null for a log without amounts.")
    currency: str | None
    economics: Economics | None = Field(
        default=None,
        description="Null where none was asked for, and for fewer people to contact than `smallest_audience` without "
        "the scope admin.",
    )
    notes: list[str] = Field(
        default=[],
        description="A sentence for each value of the filter that nobody has, and for a channel that nobody has, with "
        "those that there are.",
    )
    sample: list[dict[str, JsonValue]] = Field(description="The first members in order, with their columns.")
    histograms: list[Histogram] = Field(default=[], description="The histograms that were asked for, in order.")
    funnel: list[FunnelStep] = Field(
        default=[],
        description="With `funnel`: all who may be approached, then those left after each condition that every member "
        "must fulfil.",
    )
