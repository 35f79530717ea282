"""Audience answers: what the builder asks the service for one query: the count, histograms, and values of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.distribution_schema import ColumnResponse
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.expected_totals import choose_horizon
from serving.audiences.query.column_descriptions import ColumnDescription, read_descriptions
from serving.audiences.query.column_types import ColumnKind
from serving.audiences.query.scores_table import Columns
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceRequest, AudienceResponse
from serving.audiences.scoring_context import audience_context, scoring_release
from serving.schemas.predictions import FieldProblem
from serving.web.audience_query import AudienceQuery
from serving.web.economics_query import economics_fields

CHURN = "churn_probability"
BINS = 20
_WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
SAMPLE_COLUMNS = (CHURN, "churn_band", "value_tier", "next_purchase_p50", "remind_on")


class AudienceSource(Protocol):
    """Where audiences are counted: the state of a worker, or a process of its own."""

    @property
    def home(self) -> Path:
        """The folder of the home."""
        ...

    @property
    def audience_service(self) -> AudienceService:
        """The audiences of the home."""
        ...


@dataclass(frozen=True, kw_only=True)
class BuilderAnswer:
    """The answer to one query of the builder, or the reasons why there is none."""

    query: AudienceQuery
    response: AudienceResponse | None
    errors: Sequence[FieldProblem]
    value_column: str | None  # of the value slider
    sliders: Sequence[str]  # their columns
    columns: dict[str, ColumnResponse]  # those of the other conditions
    descriptions: Sequence[ColumnDescription]
    excluded_by_consent: int | None  # of all customers, whatever the conditions
    smallest: int  # a count of fewer is not told; 0 tells every count


def answer_query(source: AudienceSource, query: AudienceQuery, export: ExportContext) -> BuilderAnswer:
    """Count the audience of a query, and describe the columns that it uses.

    Raises:
        InvalidScores: there are no scores.
    """
    service = source.audience_service
    columns = service.scores.columns()
    value_column = value_column_of(source, columns)
    query = _with_added_flag(without_idle_sliders(query, value_column), columns)
    response, errors = None, tuple[FieldProblem, ...]()
    try:
        request = audience_request(query, columns, value_column, keep=False)
        response = service.create(request, export)
        if not response.count and request.filter is not None:
            response = service.create(request.model_copy(update={"funnel": True}), export)
    except InvalidAudienceRequest as error:
        errors = error.errors
    reach = query.choice("purpose", "marketing"), query.choice("channel") or None
    named = {*query.columns(), query.choice("add")} - {CHURN, value_column}
    used = {name for name in named if name in columns}
    described = service.columns.describe(*reach, used, export.now, is_admin=export.is_admin) if used else None
    return BuilderAnswer(
        query=query,
        response=response,
        errors=errors,
        value_column=value_column,
        sliders=[name for name in (CHURN, value_column) if name and name in columns],
        columns={column.name: column for column in (described.columns if described else ())},
        descriptions=read_descriptions(columns.schema),
        excluded_by_consent=service.columns.excluded_by_consent(*reach, export.now),
        smallest=service.policy.smallest_told(is_admin=export.is_admin),
    )


def audience_request(
    query: AudienceQuery, columns: Columns, value_column: str | None, *, keep: bool
) -> AudienceRequest:
    """Return the audience request of a query.

    Raises:
        InvalidAudienceRequest: a field is not as expected.
    """
    conditions = without_idle_sliders(query, value_column).conditions(columns.column_types)
    body: dict[str, Any] = {
        "filter": {"all": conditions} if conditions else None,
        "purpose": query.choice("purpose", "marketing"),
        "channel": query.choice("channel") or None,
        "limit": _whole_number(query.choice("limit")),
        "order_by": _order_by(query.choice("order"), value_column),
        "holdout": _holdout(query),
        "name": query.choice("name") or None,
        "columns": [name for name in SAMPLE_COLUMNS if name in columns] or None,
        "keep": keep,
    }
    if not keep:
        sliders = [name for name in (CHURN, value_column) if name and name in columns]
        body["economics"] = economics_fields(query)
        body["histogram"] = [{"column": name, "bins": BINS} for name in sliders] or None
    return parse_request(orjson.dumps({name: value for name, value in body.items() if value is not None}))


def _with_added_flag(query: AudienceQuery, columns: Columns) -> AudienceQuery:
    """Return the query with the condition that is being added, where it is a flag: a person wants those who have it."""
    added = query.choice("add")
    is_flag = added in columns and columns.column_types[added].kind is ColumnKind.BOOLEAN
    return query.replacing(**{"add": "", f"is:{added}": "true"}) if is_flag else query


def without_idle_sliders(query: AudienceQuery, value_column: str | None) -> AudienceQuery:
    """Return the query without sliders at their ends, which select everybody, those without a value included."""
    idle = {f"min:{CHURN}": 0.0, f"max:{CHURN}": 1.0, f"min:{value_column}": 0.0}
    return AudienceQuery(tuple((name, value) for name, value in query.pairs if not _is_number(value, idle.get(name))))


def _is_number(text: str, number: float | None) -> bool:
    try:
        return number is not None and float(text) == number
    except ValueError:
        return False


def value_column_of(source: AudienceSource, columns: Columns) -> str | None:
    """Return the column of the value slider: expected spend, or orders, within the horizon of the expected totals."""
    horizon = choose_horizon(None, columns, audience_context(source.home, scoring_release(columns)).cards)
    names = (f"ltv_{horizon}d_mean", f"expected_orders_{horizon}d")
    return next((name for name in names if name in columns), None)


def _order_by(order: str, value_column: str | None) -> dict[str, Any] | None:
    column = {"value": value_column, "risk": CHURN}.get(order)
    return {"column": column, "descending": True} if column else None


def _holdout(query: AudienceQuery) -> dict[str, Any] | None:
    percent = _whole_number(query.choice("holdout"))
    if not percent:
        return None
    name = query.choice("holdout_name") or query.choice("name") or "campaign"
    return {"share": percent / 100 if isinstance(percent, int) else percent, "name": name}


def _whole_number(text: str) -> int | str | None:
    """Return a whole number; other text, and more digits than JSON holds, so that the service says what it expected."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text or None
