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
from serving.audiences.errors import Refused, choice
from serving.audiences.estimates.composition import composition
from serving.audiences.estimates.expected_totals import expectations, horizon_of
from serving.audiences.export.formats import ndjson
from serving.audiences.holdout import held_out
from serving.audiences.query.filters import Filter
from serving.audiences.query.ordering import check_order, selected
from serving.audiences.query.scores_table import ID, Columns
from serving.audiences.schema import AudienceAnswer, AudienceRequest, Scores
from serving.schemas.predictions import FieldProblem

# Which of some customers may be approached now, (n,); for the purpose and channel that the caller knows.
Allowed = Callable[[pa.StringArray], Booleans]
Reachable = Callable[[Columns], Booleans]  # the same of a whole table, (customers,)

SAMPLE = 10
MEMBER, HELD_OUT = "member", "holdout"  # columns that an audience adds to those of the table
USUAL = ("churn_probability", "next_purchase_p50", "remind_on", "value_tier", "lifecycle_stage", "segments")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What an audience must know besides the table."""

    zone: ZoneInfo  # the shop's
    bands: tuple[float, float]  # of churn: from where on it is medium, and high
    currency: str | None
    cards: Sequence[Mapping[str, Any]]  # of the release that scored
    secret: bytes  # of the hold-outs


@dataclass(frozen=True, kw_only=True)
class Found:
    """An audience that nobody has stored yet."""

    request: AudienceRequest
    columns: Columns
    names: tuple[str, ...]  # columns of its members, customer_id first
    rows: RowIndices  # of the table, in order
    held_out: Booleans | None  # (members,); None without a hold-out
    answer: AudienceAnswer

    def members(self, most: int | None = None) -> pa.Table:
        """All members in order, or the first, with the columns asked for and ``holdout`` where there is one."""
        return _members(self.columns, self.names, self.rows[:most], self.held_out)


def count(
    request: AudienceRequest, columns: Columns, reachable: Reachable, setting: Setting, consent_state: str
) -> Found:
    """The members, and what is to be expected of them.

    Args:
        request: as ``asking.asked`` returns it.
        columns: as ``ScoresFile.columns`` returns them.
        reachable: asked once, when the request has turned out to fit the table.
        setting: what else must be known.
        consent_state: handed on to the answer.

    Raises:
        Refused: something in the request does not fit the table.
    """
    chosen = Filter(request.filter, columns, setting.zone)
    names, horizon = _names(request, columns), horizon_of(request.horizon_days, columns, setting.cards)
    check_order(request.order_by, columns)
    matched = chosen.mask()
    may = matched & reachable(columns)
    rows = selected(may, columns, request.order_by, request.limit)
    held = _held_out(request, columns, rows, setting.secret)
    expected = expectations(columns, rows, horizon, setting.cards)
    answer = AudienceAnswer(
        audience_id=None,
        count=len(rows),
        excluded_by_consent=int(np.count_nonzero(matched)) - int(np.count_nonzero(may)),
        consent_state=consent_state,
        holdout_count=None if held is None else int(held.sum()),
        purpose=request.purpose,
        channel=request.channel,
        scores=_scores(columns),
        composition=composition(columns, rows, setting.bands),
        expected_conversions=expected.conversions,
        expected_revenue=expected.revenue,
        currency=setting.currency,
        sample=_sample(_members(columns, names, rows[:SAMPLE], held)),
    )
    return Found(request=request, columns=columns, names=names, rows=rows, held_out=held, answer=answer)


def _held_out(request: AudienceRequest, columns: Columns, rows: RowIndices, secret: bytes) -> Booleans | None:
    asked = request.holdout
    return None if asked is None else held_out(columns[ID].at(rows), asked.share, asked.name, secret)


def _names(request: AudienceRequest, columns: Columns) -> tuple[str, ...]:
    """The columns of members, customer_id first."""
    if request.columns is None:
        return (ID, *(name for name in USUAL if name in columns))
    problems = [
        FieldProblem(field=f"columns[{place}]", reason=reason)
        for place, name in enumerate(request.columns)
        if (reason := _unfit(name, columns))
    ]
    if problems:
        raise Refused.of(problems)
    return tuple(dict.fromkeys([ID, *request.columns]))


def _unfit(name: str, columns: Columns) -> str:
    if name in {MEMBER, HELD_OUT}:
        return f"Found {name}, a name that pages use themselves; expected a column of the scores table. Leave it out."
    if name in columns:
        return ""
    return f"Found {name}, which is no column of the scores table. {choice(name, columns.kinds)}"


def _members(columns: Columns, names: Sequence[str], rows: RowIndices, held: Booleans | None) -> pa.Table:
    table = {name: columns[name].at(rows) for name in names}
    sides = {} if held is None else {HELD_OUT: pa.array(held[: len(rows)])}
    return pa.table({ID: table.pop(ID), **sides, **table})


def _sample(members: pa.Table) -> list[dict[str, Any]]:
    return [orjson.loads(line) for written in ndjson([members]) for line in written.splitlines()]


def _scores(columns: Columns) -> Scores:
    first = np.arange(min(len(columns), 1))

    def said(name: str) -> Any:  # noqa: ANN401 - whatever the table says
        return next(iter(columns[name].at(first).to_pylist()), None) if name in columns else None

    return Scores(as_of=said("as_of"), release=said("release"), customers=len(columns))
