"""View of the builder: sliders under their histograms, the conditions, and whom a channel reaches."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from serving.audiences.distribution_schema import BinEdge, ColumnResponse, ColumnValue, Histogram
from serving.audiences.query.column_descriptions import ColumnDescription
from serving.audiences.query.value_ranges import nice_step
from serving.schemas.predictions import FieldProblem
from serving.web.audience_answers import CHURN, BuilderAnswer
from serving.web.audience_query import AudienceQuery
from serving.web.views.audience_answer import AnswerView, word_kind

_STEPS = 100  # of the value slider
_LARGEST = 1e15  # of its ends: nobody is worth more
_Bar = tuple[BinEdge, BinEdge, int, bool]  # from, to, customers, and whether it lies in the chosen range


@dataclass(frozen=True, kw_only=True)
class SliderView:
    """A slider: its ends, what is chosen, and the customers by its value under all other conditions."""

    column: str
    key: str  # of its texts: churn, spend or orders
    maximum: float
    step: float
    low: float
    high: float | None  # None for a slider with a lower end alone
    bars: Sequence[_Bar]


@dataclass(frozen=True, kw_only=True)
class ConditionView:
    """A condition that the form lets a person change: the column, and the values to choose from."""

    column: str
    type: str  # text, boolean, number, date or instant
    meaning: Mapping[str, str]  # by language
    word_kind: str  # of its values
    values: Sequence[ColumnValue]
    chosen: Sequence[str]
    absent: Sequence[str]  # chosen values that nobody has
    minimum: BinEdge | None
    maximum: BinEdge | None
    bounds: Mapping[str, str]  # min, max and below, as they were sent
    remove_url: str


@dataclass(frozen=True, kw_only=True)
class ChannelView:
    """A channel, and how many agree to it; it cannot be chosen where nobody does."""

    name: str
    agreed: int | None  # None for fewer than may be told
    enabled: bool


@dataclass(frozen=True, kw_only=True)
class BuilderView:
    """View of the builder."""

    query: AudienceQuery
    sliders: Sequence[SliderView]
    answer: AnswerView | None
    errors: Sequence[FieldProblem]
    conditions: Sequence[ConditionView] = ()
    columns: Mapping[str, Sequence[ColumnDescription]]  # group -> those that a condition may name
    channels: Sequence[ChannelView] = ()
    matches: Sequence[ColumnDescription] | None = None  # columns with a text that is none; None where none was typed
    offers: Sequence[str] = ()  # of experiments, for the economics
    is_refused: bool = False  # whether an audience was to be stored, and was not


def sliders_of(answer: BuilderAnswer) -> list[SliderView]:
    """Return the sliders of churn and value, as far as the table has their columns."""
    histograms = {histogram.column: histogram for histogram in (answer.response.histograms if answer.response else ())}
    return [_slider(name, answer.query, histograms.get(name)) for name in answer.sliders]


def _slider(name: str, query: AudienceQuery, histogram: Histogram | None) -> SliderView:
    is_churn = name == CHURN
    edges = [edge for edge in (part.below for part in (histogram.bins if histogram else ())) if isinstance(edge, float)]
    low = _number(next(iter(query.values("min", name)), None), 0.0)
    maximum = 1.0 if is_churn else max(edges, default=low if low > 0 else 1.0)
    high = _number(next(iter(query.values("max", name)), None), 1.0) if is_churn else None
    return SliderView(
        column=name,
        key="churn" if is_churn else "spend" if name.startswith("ltv") else "orders",
        maximum=maximum,
        step=0.01 if is_churn else nice_step(maximum / _STEPS, 0.0),
        low=low,
        high=high,
        bars=_bars(histogram, low, high) if histogram else (),
    )


def _bars(histogram: Histogram, low: float, high: float | None) -> list[_Bar]:
    """Return the bars, none where nobody is counted; one is in the chosen range if its middle is."""
    if not any(part.count for part in histogram.bins):
        return []
    middles = [(_number(part.at_least, 0.0) + _number(part.below, 0.0)) / 2 for part in histogram.bins]
    return [
        (part.at_least, part.below, part.count, low <= middle and (high is None or middle <= high))
        for part, middle in zip(histogram.bins, middles, strict=True)
    ]


def conditions_of(answer: BuilderAnswer) -> list[ConditionView]:
    """Return the conditions besides those of the sliders, and the one that is being added."""
    query = answer.query
    names = dict.fromkeys([*query.columns(), *filter(None, [query.choice("add")])])
    sliders = {CHURN, answer.value_column}
    return [
        condition_of(answer.columns[name], query) for name in names if name in answer.columns and name not in sliders
    ]


def condition_of(column: ColumnResponse, query: AudienceQuery) -> ConditionView:
    """Return a condition on a column as the form shows it."""
    chosen = [*query.values("in", column.name), *query.values("is", column.name)]
    values = {str(value.value) for value in column.values or ()}
    may_have_more = column.more_values or column.type == "boolean"
    return ConditionView(
        column=column.name,
        type="text" if column.type == "list of text" else column.type,
        meaning=column.meaning,
        word_kind=word_kind(column.name),
        values=column.values or (),
        chosen=chosen,
        absent=[] if may_have_more else [value for value in chosen if value not in values],
        minimum=column.minimum,
        maximum=column.maximum,
        bounds={name: "".join(query.values(name, column.name)[-1:]) for name in ("min", "max", "below")},
        remove_url=query.without(column.name).replacing(add="").url,
    )


def addable_columns(answer: BuilderAnswer) -> dict[str, list[ColumnDescription]]:
    """Return the columns that a condition may name, by group; those of the sliders are always there."""
    groups: dict[str, list[ColumnDescription]] = {}
    for column in answer.descriptions:
        if column.targeting and column.name not in {CHURN, answer.value_column, *answer.query.columns()}:
            groups.setdefault(column.group, []).append(column)
    return groups


def matching_columns(answer: BuilderAnswer) -> list[ColumnDescription] | None:
    """Return the columns whose name or sentence has the text that was typed as a condition; None if it is a column."""
    typed = answer.query.choice("add").casefold()
    addable = [column for group in addable_columns(answer).values() for column in group]
    if not typed or typed in {column.name for column in answer.descriptions}:
        return None
    return [
        column
        for column in addable
        if any(typed in text.casefold() for text in (column.name, *column.meaning.values()))
    ]


def _number(value: object, otherwise: float) -> float:
    """Return a number of the address, as far out as a slider and its text can show."""
    try:
        number = float(str(value))
    except ValueError:
        return otherwise
    return otherwise if math.isnan(number) else min(max(number, -_LARGEST), _LARGEST)
