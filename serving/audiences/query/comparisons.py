"""What does one condition ask of its column? Exactly one kind of comparison, with values of the column's own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo

from features.arrays import Booleans
from serving.audiences.errors import suggestions
from serving.audiences.query.column_store import COMPARISONS, ComparableColumn, NumericColumn
from serving.audiences.query.column_types import (
    COMPARABLE_KINDS,
    ORDERED_KINDS,
    ColumnKind,
    ColumnType,
    Value,
    parse_operand,
)
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import Condition
from serving.schemas.predictions import FieldProblem

_MEMBERSHIP_OPERATORS = {"equals": True, "not_equals": False, "one_of": True, "none_of": False, "contains": True}
_API_NAMES = {"one_of": "in", "none_of": "not_in"}
_BOUND_ALIASES = {"since": "at_least", "before": "below"}
_LOWER_BOUNDS, _UPPER_BOUNDS = {"at_least", "above"}, {"at_most", "below"}
_TIME_KINDS = {ColumnKind.DATE, ColumnKind.INSTANT}
_OPERATOR_LIST = "equals, not_equals, in, not_in, a range of at_least, above, at_most, below, contains or is_null"


@dataclass(frozen=True)
class Comparison:
    """A condition with typed values."""

    column: str
    values: Sequence[Value] = ()
    expected: bool = True  # whether the value shall be among these, or a null be one
    bounds: Mapping[str, Value] = field(default_factory=dict)
    null: bool = False  # whether nulls are asked for, and no values

    def mask(self, columns: Columns) -> Booleans:
        """Whom it finds, (customers,); a null value fulfils no comparison."""
        held = columns[self.column]
        if self.null:
            return held.is_null() if self.expected else ~held.is_null()
        if not self.bounds:
            found = cast("ComparableColumn", held).is_in(self.values)
            return found if self.expected else ~(found | held.is_null())
        (how, value), *others = self.bounds.items()
        mask = cast("NumericColumn", held).compare(how, value)
        for how, value in others:
            mask &= cast("NumericColumn", held).compare(how, value)
        return mask


def build_comparison(
    condition: Condition, column_types: Mapping[str, ColumnType], zone: ZoneInfo, path: str
) -> Comparison | list[FieldProblem]:
    """The condition as it is answered, or what is wrong with it."""
    typed = column_types.get(condition.column)
    if typed is None:
        reason = f"Found {condition.column}, which is no column of the scores table. {suggestions(condition.column, column_types)}"
        return [FieldProblem(field=f"{path}.column", reason=reason)]
    words = [name for name in type(condition).model_fields if name in condition.model_fields_set - {"column"}]
    if reason := _mismatch_reason(condition.column, typed, words):
        return [FieldProblem(field=path, reason=reason)]
    reading = _OperandReader(typed.members or typed.kind, zone, path)
    found = reading.build(condition, words)
    return reading.problems or found


@dataclass(frozen=True)
class _OperandReader:
    """Takes a condition's values for values of its column, and notes those that are none."""

    kind: ColumnKind
    zone: ZoneInfo
    path: str
    problems: list[FieldProblem] = field(default_factory=list)

    def build(self, condition: Condition, operators: Sequence[str]) -> Comparison:
        """The comparison that the words ask for; whatever is noted as a problem stands in it as 0."""
        word, column = operators[0], condition.column
        found = getattr(condition, word)
        if word == "is_null":
            return Comparison(column, null=True, expected=self._read_flag(found))
        if word not in _MEMBERSHIP_OPERATORS:
            bounds = {_BOUND_ALIASES.get(one, one): self._read_value(getattr(condition, one), one) for one in operators}
            return Comparison(column, bounds=bounds)
        if word not in _API_NAMES:
            return Comparison(column, (self._read_value(found, word),), expected=_MEMBERSHIP_OPERATORS[word])
        values = enumerate(self._read_list(found, _API_NAMES[word]))
        among = tuple(self._read_value(one, f"{_API_NAMES[word]}[{place}]") for place, one in values)
        return Comparison(column, among, expected=_MEMBERSHIP_OPERATORS[word])

    def _read_value(self, value: object, field_name: str) -> Value:
        try:
            return parse_operand(self.kind, value, self.zone)
        except ValueError as error:
            self.problems.append(FieldProblem(field=f"{self.path}.{field_name}", reason=str(error)))
            return 0

    def _read_flag(self, value: object) -> bool:
        if value is None:
            self._report_null("is_null", "true or false")
        return value is True

    def _read_list(self, values: Sequence[object] | None, field_name: str) -> Sequence[object]:
        if values is None:
            self._report_null(field_name, "an array of values")
        return values or ()

    def _report_null(self, field_name: str, expected: str) -> None:
        self.problems.append(
            FieldProblem(field=f"{self.path}.{field_name}", reason=f"Found null; expected {expected}.")
        )


def _mismatch_reason(column: str, column_type: ColumnType, operators: Sequence[str]) -> str:
    """Why these comparisons cannot be asked of a column of that kind; empty where they can."""
    bounds = {_BOUND_ALIASES.get(word, word) for word in operators}
    a_range = len(operators) == 2 and bool(bounds & _LOWER_BOUNDS) and bool(bounds & _UPPER_BOUNDS)
    if len(operators) != 1 and not a_range:
        spoken = " and ".join(_API_NAMES.get(word, word) for word in operators) or "no comparison"
        return f"Found {spoken}; expected exactly one of {_OPERATOR_LIST}. Put others beside it with all or any."
    allowed = _allowed_operators(column_type)
    found = next((_API_NAMES.get(word, word) for word in operators if word not in allowed), None)
    if found is None:
        return ""
    spoken = ", ".join(_API_NAMES.get(word, word) for word in allowed)
    return f"Found {found}, but {column} is {column_type}; expected {spoken}."


def _allowed_operators(column_type: ColumnType) -> list[str]:
    if column_type.kind is ColumnKind.LIST:
        return ["contains", "is_null"] if column_type.members in COMPARABLE_KINDS else ["is_null"]
    if column_type.kind is ColumnKind.OTHER:
        return ["is_null"]
    ranges = [*COMPARISONS] if column_type.kind in ORDERED_KINDS else []
    days = [*_BOUND_ALIASES] if column_type.kind in _TIME_KINDS else []
    return ["equals", "not_equals", "one_of", "none_of", *ranges, *days, "is_null"]
