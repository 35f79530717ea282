"""Audience metadata: what is stored besides the members, for paging and for the audit; it contains no customer id."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, JsonValue

from serving.audiences.builder import AudienceResult
from serving.audiences.query.scores_table import ID_COLUMN
from serving.audiences.schema import AllOf, AnyOf, Condition, Holdout, Node, OrderBy, Scores
from serving.schemas.base import StrictModel


class AudienceMetadata(StrictModel):
    """The request and the counts of a stored audience."""

    audience_id: str
    name: str | None = None
    created_at: datetime = Field(description="By the clock of the machine.")
    created_by: str | None = Field(default=None, description="The client and the id of the key that created it.")
    purpose: str
    channel: str | None
    count: int | None = Field(description="Members at creation; null for a key that may not see so small an audience.")
    holdout_count: int | None
    holdout: Holdout | None
    order_by: OrderBy | None
    columns: list[str]
    filter: JsonValue
    scores: Scores

    def suppressed_below(self, smallest: int) -> AudienceMetadata:
        """Return the metadata, without its counts for fewer members than ``smallest``."""
        if (self.count or 0) >= smallest:
            return self
        return self.model_copy(update={"count": None, "holdout_count": None})


def metadata_of(
    audience_id: str, result: AudienceResult, created_at: datetime, created_by: str | None
) -> AudienceMetadata:
    """Return the metadata of an audience."""
    request, answer = result.request, result.answer
    return AudienceMetadata(
        audience_id=audience_id,
        name=request.name,
        created_at=created_at,
        created_by=created_by,
        purpose=request.purpose,
        channel=request.channel,
        count=answer.count,
        holdout_count=answer.holdout_count,
        holdout=request.holdout,
        order_by=request.order_by,
        columns=list(result.column_names),
        filter=None if request.filter is None else _redacted_filter(request.filter),
        scores=answer.scores,
    )


def _redacted_filter(node: Node) -> JsonValue:
    """Return a filter as JSON with a count in place of customer ids, because a named customer may be erased later."""
    if isinstance(node, Condition):
        return _redacted_condition(node)
    if isinstance(node, AllOf | AnyOf):
        return {node.keyword: [_redacted_filter(child) for child in node.nodes]}
    return {node.keyword: _redacted_filter(node.node)}


def _redacted_condition(condition: Condition) -> JsonValue:
    fields: dict[str, JsonValue] = condition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if condition.column != ID_COLUMN:
        return fields
    return {key: _customer_count(value) if key != "column" else value for key, value in fields.items()}


def _customer_count(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return value
    number = len(value) if isinstance(value, list) else 1
    return "1 customer" if number == 1 else f"{number} customers"
