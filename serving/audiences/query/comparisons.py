"""What does one condition ask of its column? Exactly one kind of comparison, with values of the column's own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo

from features.arrays import Booleans
from serving.audiences.errors import choice
from serving.audiences.query.column_store import COMPARISONS, Compared, Ordered
from serving.audiences.query.column_types import COMPARED, ORDERED, Kind, Typed, Value, operand
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import Condition
from serving.schemas.predictions import FieldProblem

_AMONG = {"equals": True, "not_equals": False, "one_of": True, "none_of": False, "contains": True}
_SPOKEN = {"one_of": "in", "none_of": "not_in"}
_BOUND = {"since": "at_least", "before": "below"}
_LOWER, _UPPER = {"at_least", "above"}, {"at_most", "below"}
_TIMES = {Kind.DATE, Kind.INSTANT}
_FAMILIES = "equals, not_equals, in, not_in, a range of at_least, above, at_most, below, contains or is_null"


@dataclass(frozen=True)
class Comparison:
    """A condition with typed values."""

    column: str
    among: Sequence[Value] = ()
    wanted: bool = True  # whether the value shall be among these, or a null be one
    bounds: Mapping[str, Value] = field(default_factory=dict)
    null: bool = False  # whether nulls are asked for, and no values

    def mask(self, columns: Columns) -> Booleans:
        """Whom it finds, (customers,); a null value fulfils no comparison."""
        held = columns[self.column]
        if self.null:
            return held.null() if self.wanted else ~held.null()
        if not self.bounds:
            found = cast("Compared", held).among(self.among)
            return found if self.wanted else ~(found | held.null())
        (how, value), *others = self.bounds.items()
        mask = cast("Ordered", held).compared(how, value)
        for how, value in others:
            mask &= cast("Ordered", held).compared(how, value)
        return mask


def comparison(
    condition: Condition, kinds: Mapping[str, Typed], zone: ZoneInfo, path: str
) -> Comparison | list[FieldProblem]:
    """The condition as it is answered, or what is wrong with it."""
    typed = kinds.get(condition.column)
    if typed is None:
        reason = f"Found {condition.column}, which is no column of the scores table. {choice(condition.column, kinds)}"
        return [FieldProblem(field=f"{path}.column", reason=reason)]
    words = [name for name in type(condition).model_fields if name in condition.model_fields_set - {"column"}]
    if reason := _unfit(condition.column, typed, words):
        return [FieldProblem(field=path, reason=reason)]
    reading = _Reading(typed.members or typed.kind, zone, path)
    found = reading.comparison(condition, words)
    return reading.problems or found


@dataclass(frozen=True)
class _Reading:
    """Takes a condition's values for values of its column, and notes those that are none."""

    kind: Kind
    zone: ZoneInfo
    path: str
    problems: list[FieldProblem] = field(default_factory=list)

    def comparison(self, condition: Condition, words: Sequence[str]) -> Comparison:
        """The comparison that the words ask for; whatever is noted as a problem stands in it as 0."""
        word, column = words[0], condition.column
        found = getattr(condition, word)
        if word == "is_null":
            return Comparison(column, null=True, wanted=self._flag(found))
        if word not in _AMONG:
            bounds = {_BOUND.get(one, one): self._value(getattr(condition, one), one) for one in words}
            return Comparison(column, bounds=bounds)
        if word not in _SPOKEN:
            return Comparison(column, (self._value(found, word),), wanted=_AMONG[word])
        values = enumerate(self._listed(found, _SPOKEN[word]))
        among = tuple(self._value(one, f"{_SPOKEN[word]}[{place}]") for place, one in values)
        return Comparison(column, among, wanted=_AMONG[word])

    def _value(self, found: object, where: str) -> Value:
        try:
            return operand(self.kind, found, self.zone)
        except ValueError as error:
            self.problems.append(FieldProblem(field=f"{self.path}.{where}", reason=str(error)))
            return 0

    def _flag(self, found: object) -> bool:
        if found is None:
            self._missing("is_null", "true or false")
        return found is True

    def _listed(self, found: Sequence[object] | None, where: str) -> Sequence[object]:
        if found is None:
            self._missing(where, "an array of values")
        return found or ()

    def _missing(self, where: str, expected: str) -> None:
        self.problems.append(FieldProblem(field=f"{self.path}.{where}", reason=f"Found null; expected {expected}."))


def _unfit(column: str, typed: Typed, words: Sequence[str]) -> str:
    """Why these comparisons cannot be asked of a column of that kind; empty where they can."""
    bounds = {_BOUND.get(word, word) for word in words}
    a_range = len(words) == 2 and bool(bounds & _LOWER) and bool(bounds & _UPPER)
    if len(words) != 1 and not a_range:
        spoken = " and ".join(_SPOKEN.get(word, word) for word in words) or "no comparison"
        return f"Found {spoken}; expected exactly one of {_FAMILIES}. Put others beside it with all or any."
    allowed = _allowed(typed)
    found = next((_SPOKEN.get(word, word) for word in words if word not in allowed), None)
    if found is None:
        return ""
    spoken = ", ".join(_SPOKEN.get(word, word) for word in allowed)
    return f"Found {found}, but {column} is {typed}; expected {spoken}."


def _allowed(typed: Typed) -> list[str]:
    if typed.kind is Kind.LIST:
        return ["contains", "is_null"] if typed.members in COMPARED else ["is_null"]
    if typed.kind is Kind.OTHER:
        return ["is_null"]
    ranges = [*COMPARISONS] if typed.kind in ORDERED else []
    days = [*_BOUND] if typed.kind in _TIMES else []
    return ["equals", "not_equals", "one_of", "none_of", *ranges, *days, "is_null"]
