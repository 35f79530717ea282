"""What is kept of an audience besides its members? Enough to produce its pages and to account for it; nobody's id."""

from __future__ import annotations

from datetime import datetime

from pydantic import JsonValue

from serving.audiences.builder import AudienceResult
from serving.audiences.query.scores_table import ID_COLUMN
from serving.audiences.schema import AllOf, AnyOf, Condition, Holdout, Node, OrderBy, Scores
from serving.schemas.base import StrictModel


class AudienceMetadata(StrictModel):
    """An audience as it was when it was made."""

    audience_id: str
    created_at: datetime
    purpose: str
    channel: str | None
    count: int
    holdout_count: int | None
    holdout: Holdout | None
    order_by: OrderBy | None
    columns: list[str]
    filter: JsonValue
    scores: Scores


def metadata_of(audience_id: str, result: AudienceResult, created_at: datetime) -> AudienceMetadata:
    """What is kept of an audience that was found."""
    request, answer = result.request, result.answer
    return AudienceMetadata(
        audience_id=audience_id,
        created_at=created_at,
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
    """A filter as JSON, in which customers are counted where they were named: one of them may be forgotten one day."""
    if isinstance(node, Condition):
        return _redacted_condition(node)
    if isinstance(node, AllOf | AnyOf):
        return {node.word: [_redacted_filter(one) for one in node.nodes]}
    return {node.word: _redacted_filter(node.node)}


def _redacted_condition(condition: Condition) -> JsonValue:
    said: dict[str, JsonValue] = condition.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if condition.column != ID_COLUMN:
        return said
    return {word: _customer_count(value) if word != "column" else value for word, value in said.items()}


def _customer_count(value: JsonValue) -> JsonValue:
    if isinstance(value, bool):
        return value
    number = len(value) if isinstance(value, list) else 1
    return "1 customer" if number == 1 else f"{number} customers"
