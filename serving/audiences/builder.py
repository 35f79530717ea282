"""Audience builder: selects members for a checked request and computes the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa

from features.arrays import Booleans, RowIndices
from features.canonical_form import IdCase
from serving.audiences import distributions
from serving.audiences.disclosure import nobody_reachable_note, rounded_count, suppress
from serving.audiences.economics.assembly import EffectSources, Members, audience_economics
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.audiences.estimates.composition import composition
from serving.audiences.estimates.expected_totals import choose_horizon, expected_totals
from serving.audiences.formats import ndjson
from serving.audiences.global_holdout import summarize_holdout, without_holdout
from serving.audiences.query.filters import Filter
from serving.audiences.query.ordering import check_order, select_rows
from serving.audiences.query.scores_table import ID_COLUMN, Columns
from serving.audiences.schema import AudienceRequest, AudienceResponse, Scores
from serving.audiences.table_holdout import held_out
from serving.schemas.predictions import FieldProblem
from training.experiments.record.global_holdout import GlobalHoldout

# Which of n customers may be approached now, (n,); the caller has fixed purpose and channel.
ConsentCheck = Callable[[pa.StringArray], Booleans]
TableConsentCheck = Callable[[Columns], Booleans]  # the same for a whole table, (customers,)


@dataclass(frozen=True)
class TableConsents:
    """The consent checks of a request, each called at most once."""

    reachable: TableConsentCheck  # for purpose and channel of the request
    profiled: TableConsentCheck  # whose scores may be used at all


SAMPLE_SIZE = 10
MEMBER_COLUMN, HOLDOUT_COLUMN = "member", "holdout"  # columns that an audience adds to those of the table
DEFAULT_COLUMNS = ("churn_probability", "next_purchase_p50", "remind_on", "value_tier", "lifecycle_stage", "segments")


@dataclass(frozen=True, kw_only=True)
class AudienceContext:
    """The settings that an audience needs besides the table."""

    zone: ZoneInfo  # the shop's time zone
    bands: tuple[float, float]  # churn probabilities at which the bands medium and high begin
    currency: str | None
    cards: Sequence[Mapping[str, Any]]  # model cards of the release that scored
    secret: bytes  # the key of the hold-outs
    id_case: IdCase = "keep"
    global_holdout: GlobalHoldout | None = None  # the one that holds today
    effects: EffectSources = field(default_factory=EffectSources)


@dataclass(frozen=True, kw_only=True)
class AudienceResult:
    """An audience that is not stored yet."""

    request: AudienceRequest
    columns: Columns
    column_names: tuple[str, ...]  # columns of its members, customer_id first
    rows: RowIndices  # rows of the table, in order
    holdout_mask: Booleans | None  # (members,); None without a hold-out
    answer: AudienceResponse

    def members(self, limit: int | None = None) -> pa.Table:
        """Return all members in order, or the first ``limit``, with the requested columns and any ``holdout``."""
        return _members_table(self.columns, self.column_names, self.rows[:limit], self.holdout_mask)


def build_audience(
    request: AudienceRequest,
    columns: Columns,
    consents: TableConsents,
    context: AudienceContext,
    consent_state: str,
    smallest_audience: int = 0,
) -> AudienceResult:
    """Select the members of an audience, and compute its composition and expected totals.

    Args:
        request: as ``parse_request`` returns it.
        columns: as ``ScoresFile.columns`` returns them.
        consents: the consent checks; called after the request was checked against the table.
        context: settings besides the table.
        consent_state: the state of the ledger, for the response.
        smallest_audience: the response tells nothing of fewer members, and of values that fewer of them have.

    Raises:
        InvalidAudienceRequest: the request does not fit the table.
    """
    audience_filter = Filter(request.filter, columns, context.zone, context.id_case)
    names, horizon = _member_columns(request, columns), choose_horizon(request.horizon_days, columns, context.cards)
    check_order(request.order_by, columns)
    distributions.check_histograms(request.histogram or [], columns)
    reachable = consents.reachable(columns)
    global_holdout = context.global_holdout if request.global_holdout == "exclude" else None
    selected = audience_filter.mask() & reachable
    approachable = without_holdout(selected, columns, global_holdout, context.secret)
    rows = select_rows(approachable, columns, request.order_by, request.limit)
    holdout = _holdout_mask(request, columns, rows, context.secret)
    totals = expected_totals(columns, rows, horizon, context.cards, reachable)
    answer = AudienceResponse(
        audience_id=None,
        name=request.name,
        count=len(rows),
        excluded_by_consent=_excluded_count(request, columns, consents, reachable),
        consent_state=consent_state,
        holdout_count=None if holdout is None else int(holdout.sum()),
        global_holdout=summarize_holdout(global_holdout, int((selected & ~approachable).sum()), smallest_audience),
        purpose=request.purpose,
        channel=request.channel,
        scores=_scores_summary(columns),
        composition=composition(columns, rows, context.bands),
        expected_conversions=totals.conversions,
        expected_orders=totals.orders,
        expected_revenue=totals.revenue,
        currency=context.currency,
        economics=None
        if request.economics is None
        else audience_economics(
            request.economics,
            Members(columns, rows, holdout, request.channel, horizon, totals),
            context.effects,
            smallest_audience,
        ),
        notes=audience_filter.notes(reachable, max(smallest_audience, 1))
        if reachable.any()
        else [nobody_reachable_note(request.purpose, request.channel)],
        sample=_sample_rows(_members_table(columns, names, _rows_to_contact(rows, holdout)[:SAMPLE_SIZE], None)),
    )
    if len(rows) < smallest_audience:
        # Whether nobody at all has consented, or a few have, would be a count of them.
        notes = answer.notes if reachable.any() else []
        answer = suppress(answer.model_copy(update={"notes": notes}), smallest_audience)
    if request.histogram or request.funnel:
        everybody = without_holdout(reachable, columns, global_holdout, context.secret)
        answer = _with_distributions(answer, request, audience_filter, everybody, smallest_audience)
    return AudienceResult(
        request=request, columns=columns, column_names=names, rows=rows, holdout_mask=holdout, answer=answer
    )


def _with_distributions(
    answer: AudienceResponse, request: AudienceRequest, audience_filter: Filter, everybody: Booleans, smallest: int
) -> AudienceResponse:
    """Return the response with the requested histograms and counts among all who may be approached, (customers,)."""
    return answer.model_copy(
        update={
            "histograms": distributions.histograms(request.histogram or [], audience_filter, everybody, smallest),
            "funnel": distributions.funnel(audience_filter, everybody, smallest) if request.funnel else [],
        }
    )


def _excluded_count(
    request: AudienceRequest, columns: Columns, consents: TableConsents, reachable: Booleans
) -> int | None:
    """Return how many of all customers are profiled but not reachable, in tens; None under a filter."""
    if request.filter is not None:
        return None
    return rounded_count(int(np.count_nonzero(consents.profiled(columns) & ~reachable)))


def _rows_to_contact(rows: RowIndices, holdout: Booleans | None) -> RowIndices:
    """Return the rows of the members who are not held out."""
    return rows if holdout is None else rows[~holdout]


def _holdout_mask(request: AudienceRequest, columns: Columns, rows: RowIndices, secret: bytes) -> Booleans | None:
    holdout = request.holdout
    return None if holdout is None else held_out(columns, rows, holdout.share, holdout.name, secret)


def _member_columns(request: AudienceRequest, columns: Columns) -> tuple[str, ...]:
    """Return the columns of members, customer_id first."""
    if request.columns is None:
        return (ID_COLUMN, *(name for name in DEFAULT_COLUMNS if name in columns))
    problems = [
        FieldProblem(field=f"columns[{index}]", reason=reason)
        for index, name in enumerate(request.columns)
        if (reason := _column_error(name, columns))
    ]
    if problems:
        raise InvalidAudienceRequest.from_errors(problems)
    return tuple(dict.fromkeys([ID_COLUMN, *request.columns]))


def _column_error(name: str, columns: Columns) -> str:
    if name in {MEMBER_COLUMN, HOLDOUT_COLUMN}:
        return f"Found {name}, a name reserved for pages; expected a column of the scores table. Leave it out."
    if name in columns:
        return ""
    return f"Found {name}, which is not a column of the scores table. {suggestions(name, columns.column_types)}"


def _members_table(columns: Columns, names: Sequence[str], rows: RowIndices, holdout: Booleans | None) -> pa.Table:
    table = {name: columns[name].take(rows) for name in names}
    holdout_column = {} if holdout is None else {HOLDOUT_COLUMN: pa.array(holdout[: len(rows)])}
    return pa.table({ID_COLUMN: table.pop(ID_COLUMN), **holdout_column, **table})


def _sample_rows(members: pa.Table) -> list[dict[str, Any]]:
    return [orjson.loads(line) for lines in ndjson([members]) for line in lines.splitlines()]


def _scores_summary(columns: Columns) -> Scores:
    first_row = np.arange(min(len(columns), 1))

    def first_value(name: str) -> Any:  # noqa: ANN401 - any type of the table
        return next(iter(columns[name].take(first_row).to_pylist()), None) if name in columns else None

    return Scores(as_of=first_value("as_of"), release=first_value("release"), customers=len(columns))
