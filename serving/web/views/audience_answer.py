"""View of an audience's answer: whom it reaches, what is expected of them, and how they are composed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from serving.audiences.distribution_schema import ColumnValue
from serving.audiences.schema import AudienceResponse, CompositionPart, ExpectedTotal
from serving.web.audience_answers import BuilderAnswer
from serving.web.views.economics import EconomicsView, economics_view

LEVELS = ("high", "medium", "low")
COMPOSITION = ("churn_band", "value_tier", "lifecycle_stage", "rfm_segment")
Part = TypeVar("Part", CompositionPart, ColumnValue)
_WORD_KINDS = {
    "churn_band": "band",
    "lifecycle_stage": "stage",
    "lifecycle_phase": "phase",
    "rfm_segment": "rfm",
    "channel_ranking": "channel",
}


@dataclass(frozen=True, kw_only=True)
class TotalView:
    """An expected total with its range."""

    key: str  # conversions, orders or revenue
    mean: float
    low: float | None
    high: float | None
    days: int
    basis: str | None  # how the range was computed, or why there is none; in English


@dataclass(frozen=True, kw_only=True)
class CompositionView:
    """The members by the values of one column."""

    column: str
    word_kind: str
    parts: Sequence[CompositionPart]


@dataclass(frozen=True, kw_only=True)
class StepView:
    """The people who are left after one condition, and those before it."""

    column: str | None  # None before the first condition
    count: int | None


@dataclass(frozen=True, kw_only=True)
class AnswerView:
    """View of the answer of the service to one query."""

    response: AudienceResponse
    to_reach: int | None  # members who are not held out; None for fewer than may be told
    totals: Sequence[TotalView]
    composition: Sequence[CompositionView]
    steps: Sequence[StepView]  # only for an audience of nobody, or of too few
    sample: Sequence[dict[str, Any]]
    sample_columns: Sequence[str]
    excluded_by_consent: int | None
    smallest: int
    economics: EconomicsView | None
    query: str  # the query string, for storing this audience

    @property
    def is_empty(self) -> bool:
        """Whether the audience has nobody, or too few to be told."""
        return not self.response.count


def answer_view(answer: BuilderAnswer) -> AnswerView | None:
    """Return the view of an answer; None for an invalid query."""
    response = answer.response
    if response is None:
        return None
    count = response.count
    totals = ("conversions", response.expected_conversions), ("orders", response.expected_orders)
    sample = [with_days(row) for row in response.sample]
    return AnswerView(
        response=response,
        to_reach=None if count is None else count - (response.holdout_count or 0),
        totals=[
            _total(key, total) for key, total in (*totals, ("revenue", response.expected_revenue)) if total is not None
        ],
        composition=[
            CompositionView(column=name, word_kind=word_kind(name), parts=from_high_to_low(response.composition[name]))
            for name in COMPOSITION
            if response.composition.get(name)
        ],
        steps=[]
        if count
        else [StepView(column=_column_of(step.condition), count=step.count) for step in response.funnel],
        sample=sample,
        sample_columns=[name for name in (sample[0] if sample else ()) if name != "customer_id"],
        excluded_by_consent=answer.excluded_by_consent,
        smallest=answer.smallest,
        economics=economics_view(response.economics, answer.query),
        query=answer.query.replacing(add="").text,
    )


def word_kind(column: str) -> str:
    """Return the kind of words in which the values of a column are shown."""
    return "evidence" if column.endswith("_evidence") else _WORD_KINDS.get(column, column)


def from_high_to_low(parts: Sequence[Part]) -> list[Part]:
    """Return the values of a band or tier from high to low; others stay in the order of their counts."""
    return sorted(parts, key=lambda part: LEVELS.index(part.value) if part.value in LEVELS else 0)


def _total(key: str, total: ExpectedTotal) -> TotalView:
    interval = total.interval
    return TotalView(
        key=key,
        mean=total.mean,
        low=interval.p10 if interval else None,
        high=interval.p90 if interval else None,
        days=total.horizon_days,
        basis=interval.method if interval else total.reason,
    )


def _column_of(condition: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return the first column that a node of a filter names."""
    while isinstance(condition, dict) and "column" not in condition:
        nested = next(iter(condition.values()))
        condition = nested[0] if isinstance(nested, list) else nested
    return condition["column"] if isinstance(condition, dict) else None


def with_days(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the sample with its days as dates."""
    days = ("next_purchase_p50", "remind_on")
    return {name: date.fromisoformat(value) if name in days and value else value for name, value in row.items()}
