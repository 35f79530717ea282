"""Distribution schema: histograms, counts after each condition, and the values of columns, as they are documented."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints

from serving.schemas.base import StrictModel

MAX_HISTOGRAMS = 10
MAX_BINS = 100
BinEdge = float | str  # a number, an ISO date or an RFC 3339 date-time, as the column is compared


class HistogramRequest(StrictModel):
    """A column whose values are counted in bins."""

    column: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(
        description="A column of numbers, dates or instants.", examples=["churn_probability"]
    )
    bins: Annotated[int, Field(ge=1, le=MAX_BINS, strict=True)] = Field(
        default=20, description="About how many bins; their edges are round numbers."
    )


def _as_list(value: object) -> object:
    return [value] if isinstance(value, dict | HistogramRequest) else value


HistogramRequests = Annotated[
    list[HistogramRequest],
    Field(min_length=1, max_length=MAX_HISTOGRAMS),
    BeforeValidator(_as_list, json_schema_input_type=HistogramRequest | list[HistogramRequest]),
]


class HistogramBin(StrictModel):
    """The customers with a value of at least one edge and below the next; the outer bins hold those beyond, too."""

    at_least: BinEdge
    below: BinEdge
    count: int


class Histogram(StrictModel):
    """The customers of the filter by the value of a column, without the conditions on that column itself."""

    column: str
    bins: list[HistogramBin] = Field(
        description="Bins of fewer than `smallest_audience` customers are joined with their neighbours, without the "
        "scope admin; none where there are fewer in all."
    )
    without_value: int | None = Field(
        description="Customers with a null there; null for a few, without the scope admin."
    )


class FunnelStep(StrictModel):
    """The customers who are left after one condition and all those before it."""

    condition: JsonValue = Field(description="The node of the filter as it was sent; null before the first one.")
    count: int | None = Field(
        description="Customers after consent, without the limit; null for fewer than `smallest_audience` without the "
        "scope admin."
    )


class ColumnValue(StrictModel):
    """One value of a column and the customers who have it."""

    value: str | bool
    count: int


class ColumnResponse(StrictModel):
    """One column of the scores table, with its values among the customers who may be approached."""

    name: str
    type: str = Field(examples=["number", "text", "boolean", "date", "instant", "list of text"])
    group: Literal["predictions", "segments", "preferences", "consent", "other"] = Field(
        description="`other` is a column that batch scoring did not describe."
    )
    meaning: dict[str, str] = Field(description="A sentence by language, `en` and `zh`; empty for an undescribed one.")
    targeting: bool = Field(description="Whether it says something about the customer, so that a filter may use it.")
    minimum: BinEdge | None = Field(description="Numbers, dates and instants; rounded, without the scope admin.")
    maximum: BinEdge | None
    values: list[ColumnValue] | None = Field(
        description="Text, booleans and lists of text: the values with their customers, the most frequent first. "
        "Without the scope admin, none that fewer than `smallest_audience` customers have."
    )
    more_values: bool = Field(description="Whether there are more values than are listed.")


class ColumnsResponse(StrictModel):
    """The columns of the scores table, in order."""

    purpose: str
    channel: str | None
    columns: list[ColumnResponse]
