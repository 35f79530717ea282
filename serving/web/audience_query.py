"""Audience query: the conditions of an audience as parameters of an address, so that every list can be linked.

``in:value_tier=high`` (repeated: any of them), ``min:orders=3`` (at least), ``max:orders=9`` (at most),
``below:remind_on=2026-12-07``, and ``is:preset_segment_about_to_lapse=true``. A member fulfils the conditions of all
columns. ``audience_url`` writes them; the builder's form has one field for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from serving.api.pages import PAGE_PATH
from serving.audiences.query.column_types import ColumnKind, ColumnType

AUDIENCES_PATH = f"{PAGE_PATH}audiences"
BUILDER_PATH = f"{AUDIENCES_PATH}/new"
Condition = Mapping[str, Any]  # as `POST /v1/audiences` takes it
Pairs = Sequence[tuple[str, str]]
_PARAMETERS = {
    "equals": "in", "in": "in", "contains": "in", "at_least": "min", "since": "min", "at_most": "max",
    "below": "below", "before": "below",
}  # fmt: skip
_BOUNDS = {"min": "at_least", "max": "at_most", "below": "below"}
DEFAULT_HOLDOUT = 10  # percent
OPERATORS = frozenset({"in", "is", *_BOUNDS})


def audience_url(*conditions: Condition, **choices: str | int) -> str:
    """Return the address of the builder with conditions as in an audience request.

    ``audience_url({"column": "churn_band", "equals": "high"}, channel="email")``; the choices are ``purpose``,
    ``channel``, ``limit``, ``order``, ``holdout`` in percent, ``holdout_name`` and ``name``. Without a choice some are
    held out, since nobody can say later what an audience brought that was approached as a whole.

    Raises:
        KeyError: the address has no parameter for a comparison.
    """
    pairs = [pair for condition in conditions for pair in _pairs_of(condition)]
    pairs += [(name, str(value)) for name, value in {"holdout": DEFAULT_HOLDOUT, **choices}.items()]
    return f"{BUILDER_PATH}?{urlencode(pairs)}"


def _pairs_of(condition: Condition) -> Iterable[tuple[str, str]]:
    column = condition["column"]
    for operator, operand in condition.items():
        if operator == "column":
            continue
        for value in operand if isinstance(operand, list) else [operand]:
            if isinstance(value, bool):
                yield f"is:{column}", str(value).lower()
            else:
                yield f"{_PARAMETERS[operator]}:{column}", str(value)


@dataclass(frozen=True)
class AudienceQuery:
    """The parameters of the builder, in the order of the address."""

    pairs: Pairs

    @classmethod
    def parse(cls, query: str) -> AudienceQuery:
        """Return the parameters of a query string; fields that were left empty are not there."""
        return cls(tuple((name, value.strip()) for name, value in parse_qsl(query) if value.strip()))

    def choice(self, name: str, default: str = "") -> str:
        """Return a choice besides the conditions."""
        return next((value for key, value in self.pairs if key == name), default)

    def values(self, operator: str, column: str) -> list[str]:
        """Return the values of one parameter of a column."""
        return self._values.get(f"{operator}:{column}", [])

    @cached_property
    def _values(self) -> Mapping[str, list[str]]:
        """The values by parameter: an address of some thousand would else be read once for each of them."""
        values: dict[str, list[str]] = {}
        for key, value in self.pairs:
            values.setdefault(key, []).append(value)
        return values

    def columns(self) -> list[str]:
        """Return the columns that a condition names, in their order."""
        names = (key.partition(":") for key, _ in self.pairs)
        return list(dict.fromkeys(column for operator, _, column in names if operator in OPERATORS and column))

    def without(self, column: str) -> AudienceQuery:
        """Return the query without the conditions on a column."""
        return AudienceQuery(tuple(pair for pair in self.pairs if pair[0].partition(":")[2] != column))

    def replacing(self, **choices: str) -> AudienceQuery:
        """Return the query with other choices; an empty one is left out."""
        others = [pair for pair in self.pairs if pair[0] not in choices]
        return AudienceQuery((*others, *((name, value) for name, value in choices.items() if value)))

    @property
    def text(self) -> str:
        """The query string."""
        return urlencode(self.pairs)

    @property
    def url(self) -> str:
        """The address of the builder with this query."""
        return f"{BUILDER_PATH}?{self.text}" if self.pairs else BUILDER_PATH

    def conditions(self, column_types: Mapping[str, ColumnType]) -> list[Condition]:
        """Return the conditions for an audience request, one node for each column, with values of its type.

        What is no value of the type stays text, so that the service says what it expected.
        """
        return [node for column in self.columns() for node in self._nodes(column, column_types.get(column))]

    def _nodes(self, column: str, column_type: ColumnType | None) -> Iterable[Condition]:
        texts = self.values("in", column)
        if texts and column_type is not None and column_type.members is not None:
            contained = [{"column": column, "contains": text} for text in texts]
            yield contained[0] if len(contained) == 1 else {"any": contained}
        elif texts:
            yield {"column": column, "in": [_operand(text, column_type) for text in texts]}
        for text in self.values("is", column)[:1]:
            yield {"column": column, "equals": text == "true"}
        bounds = {
            name: _operand(values[-1], column_type)
            for operator, name in _BOUNDS.items()
            if (values := self.values(operator, column))
        }
        if "at_most" in bounds:
            bounds.pop("below", None)
        if bounds:
            yield {"column": column, **bounds}


def _operand(text: str, column_type: ColumnType | None) -> str | float:
    if column_type is None or column_type.kind is not ColumnKind.NUMBER:
        return text
    try:
        return float(text)
    except ValueError:
        return text
