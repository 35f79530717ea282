"""Who belongs to an audience, and what is there to be said of them? From a checked request to members and an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa

from features.arrays import Booleans, RowIndices
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.estimates.composition import composition
from serving.audiences.estimates.expected_totals import choose_horizon, expected_totals
from serving.audiences.formats import ndjson
from serving.audiences.holdout import holdout_mask
from serving.audiences.query.filters import Filter
from serving.audiences.query.ordering import check_order, select_rows
from serving.audiences.query.scores_table import ID_COLUMN, Columns
from serving.audiences.schema import AudienceRequest, AudienceResponse, Scores
from serving.schemas.predictions import FieldProblem

# Which of some customers may be approached now, (n,); for the purpose and channel that the caller knows.
ConsentCheck = Callable[[pa.StringArray], Booleans]
TableConsentCheck = Callable[[Columns], Booleans]  # the same of a whole table, (customers,)

SAMPLE_SIZE = 10
MEMBER_COLUMN, HOLDOUT_COLUMN = "member", "holdout"  # columns that an audience adds to those of the table
DEFAULT_COLUMNS = ("churn_probability", "next_purchase_p50", "remind_on", "value_tier", "lifecycle_stage", "segments")


@dataclass(frozen=True, kw_only=True)
class AudienceContext:
    """What an audience must know besides the table."""

    zone: ZoneInfo  # the shop's
    bands: tuple[float, float]  # of churn: from where on it is medium, and high
    currency: str | None
    cards: Sequence[Mapping[str, Any]]  # of the release that scored
    secret: bytes  # of the hold-outs


@dataclass(frozen=True, kw_only=True)
class AudienceResult:
    """An audience that nobody has stored yet."""

    request: AudienceRequest
    columns: Columns
    column_names: tuple[str, ...]  # columns of its members, customer_id first
    rows: RowIndices  # of the table, in order
    holdout_mask: Booleans | None  # (members,); None without a hold-out
    answer: AudienceResponse

    def members(self, limit: int | None = None) -> pa.Table:
        """All members in order, or the first, with the columns asked for and ``holdout`` where there is one."""
        return _members_table(self.columns, self.column_names, self.rows[:limit], self.holdout_mask)


def build_audience(
    request: AudienceRequest,
    columns: Columns,
    reachable: TableConsentCheck,
    context: AudienceContext,
    consent_state: str,
) -> AudienceResult:
    """The members, and what is to be expected of them.

    Args:
        request: as ``asking.asked`` returns it.
        columns: as ``ScoresFile.columns`` returns them.
        reachable: asked once, when the request has turned out to fit the table.
        context: what else must be known.
        consent_state: handed on to the answer.

    Raises:
        Refused: something in the request does not fit the table.
    """
    chosen = Filter(request.filter, columns, context.zone)
    names, horizon = _member_columns(request, columns), choose_horizon(request.horizon_days, columns, context.cards)
    check_order(request.order_by, columns)
    matched = chosen.mask()
    may = matched & reachable(columns)
    rows = select_rows(may, columns, request.order_by, request.limit)
    held = _holdout_mask(request, columns, rows, context.secret)
    expected = expected_totals(columns, rows, horizon, context.cards)
    answer = AudienceResponse(
        audience_id=None,
        count=len(rows),
        excluded_by_consent=int(np.count_nonzero(matched)) - int(np.count_nonzero(may)),
        consent_state=consent_state,
        holdout_count=None if held is None else int(held.sum()),
        purpose=request.purpose,
        channel=request.channel,
        scores=_scores_summary(columns),
        composition=composition(columns, rows, context.bands),
        expected_conversions=expected.conversions,
        expected_revenue=expected.revenue,
        currency=context.currency,
        sample=_sample_rows(_members_table(columns, names, rows[:SAMPLE_SIZE], held)),
    )
    return AudienceResult(
        request=request, columns=columns, column_names=names, rows=rows, holdout_mask=held, answer=answer
    )


def _holdout_mask(request: AudienceRequest, columns: Columns, rows: RowIndices, secret: bytes) -> Booleans | None:
    asked = request.holdout
    return None if asked is None else holdout_mask(columns[ID_COLUMN].take(rows), asked.share, asked.name, secret)


def _member_columns(request: AudienceRequest, columns: Columns) -> tuple[str, ...]:
    """The columns of members, customer_id first."""
    if request.columns is None:
        return (ID_COLUMN, *(name for name in DEFAULT_COLUMNS if name in columns))
    problems = [
        FieldProblem(field=f"columns[{place}]", reason=reason)
        for place, name in enumerate(request.columns)
        if (reason := _column_error(name, columns))
    ]
    if problems:
        raise InvalidAudienceRequest.from_errors(problems)
    return tuple(dict.fromkeys([ID_COLUMN, *request.columns]))


def _column_error(name: str, columns: Columns) -> str:
    if name in {MEMBER_COLUMN, HOLDOUT_COLUMN}:
        return f"Found {name}, a name that pages use themselves; expected a column of the scores table. Leave it out."
    if name in columns:
        return ""
    return f"Found {name}, which is no column of the scores table. {suggestions(name, columns.column_types)}"


def _members_table(columns: Columns, names: Sequence[str], rows: RowIndices, holdout: Booleans | None) -> pa.Table:
    table = {name: columns[name].take(rows) for name in names}
    sides = {} if holdout is None else {HOLDOUT_COLUMN: pa.array(holdout[: len(rows)])}
    return pa.table({ID_COLUMN: table.pop(ID_COLUMN), **sides, **table})


def _sample_rows(members: pa.Table) -> list[dict[str, Any]]:
    return [orjson.loads(line) for written in ndjson([members]) for line in written.splitlines()]


def _scores_summary(columns: Columns) -> Scores:
    first = np.arange(min(len(columns), 1))

    def said(name: str) -> Any:  # noqa: ANN401 - whatever the table says
        return next(iter(columns[name].take(first).to_pylist()), None) if name in columns else None

    return Scores(as_of=said("as_of"), release=said("release"), customers=len(columns))
