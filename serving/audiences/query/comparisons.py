"""Comparisons: a condition becomes exactly one comparison, with operands of the column's own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast
from zoneinfo import ZoneInfo

from features.arrays import Booleans
from features.canonical_form import IdCase, canonical_id, canonical_word
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
from serving.audiences.query.scores_table import ID_COLUMN, Columns
from serving.audiences.schema import Condition
from serving.schemas.predictions import FieldProblem

CHANNEL_COLUMNS = frozenset({"channel_ranking", "consent_channels"})
_MEMBERSHIP_OPERATORS = {"equals": True, "not_equals": False, "one_of": True, "none_of": False, "contains": True}
_API_NAMES = {"one_of": "in", "none_of": "not_in"}
_BOUND_ALIASES = {"since": "at_least", "before": "below"}
_LOWER_BOUNDS, _UPPER_BOUNDS = {"at_least", "above"}, {"at_most", "below"}
_TIME_KINDS = {ColumnKind.DATE, ColumnKind.INSTANT}
_OPERATOR_LIST = "equals, not_equals, in, not_in, a range of at_least, above, at_most, below, contains or is_null"


@dataclass(frozen=True)
class Comparison:
    """A condition with typed operands."""

    column: str
    values: Sequence[Value] = ()
    expected: bool = True  # whether the value must be one of these, or must be null
    bounds: Mapping[str, Value] = field(default_factory=dict)
    null: bool = False  # whether the comparison tests for nulls

    def mask(self, columns: Columns) -> Booleans:
        """Return the matching customers, (customers,); a null fulfils no comparison."""
        column = columns[self.column]
        if self.null:
            return column.is_null() if self.expected else ~column.is_null()
        if not self.bounds:
            matches = cast("ComparableColumn", column).is_in(self.values)
            return matches if self.expected else ~(matches | column.is_null())
        (operator, value), *others = self.bounds.items()
        mask = cast("NumericColumn", column).compare(operator, value)
        for operator, value in others:
            mask &= cast("NumericColumn", column).compare(operator, value)
        return mask


def build_comparison(
    condition: Condition, column_types: Mapping[str, ColumnType], zone: ZoneInfo, path: str, id_case: IdCase = "keep"
) -> Comparison | list[FieldProblem]:
    """Return the comparison of a condition, or the problems with its fields."""
    column_type = column_types.get(condition.column)
    if column_type is None:
        column = condition.column
        reason = f"Found {column}, which is not a column of the scores table. {suggestions(column, column_types)}"
        return [FieldProblem(field=f"{path}.column", reason=reason)]
    operators = [name for name in type(condition).model_fields if name in condition.model_fields_set - {"column"}]
    if reason := _mismatch_reason(condition.column, column_type, operators):
        return [FieldProblem(field=path, reason=reason)]
    reader = _OperandReader(column_type.members or column_type.kind, zone, path)
    comparison = reader.build(condition, operators)
    return reader.problems or _with_canonical_values(comparison, id_case)


def _with_canonical_values(comparison: Comparison, id_case: IdCase) -> Comparison:
    """Return the comparison with ids and channels in canonical form, as the table has them."""
    if comparison.column == ID_COLUMN:
        values = tuple(canonical_id(str(value), id_case) for value in comparison.values)
    elif comparison.column in CHANNEL_COLUMNS:
        values = tuple(canonical_word(str(value)) for value in comparison.values)
    else:
        return comparison
    return replace(comparison, values=values)


@dataclass(frozen=True)
class _OperandReader:
    """Converts the operands of a condition to the kind of its column, and collects the problems."""

    kind: ColumnKind
    zone: ZoneInfo
    path: str
    problems: list[FieldProblem] = field(default_factory=list)

    def build(self, condition: Condition, operators: Sequence[str]) -> Comparison:
        """Return the comparison; an operand with a problem is replaced by 0."""
        operator, column = operators[0], condition.column
        operand = getattr(condition, operator)
        if operator == "is_null":
            return Comparison(column, null=True, expected=self._read_flag(operand))
        if operator not in _MEMBERSHIP_OPERATORS:
            bounds = {
                _BOUND_ALIASES.get(name, name): self._read_value(getattr(condition, name), name) for name in operators
            }
            return Comparison(column, bounds=bounds)
        if operator not in _API_NAMES:
            return Comparison(column, (self._read_value(operand, operator),), expected=_MEMBERSHIP_OPERATORS[operator])
        values = enumerate(self._read_list(operand, _API_NAMES[operator]))
        members = tuple(self._read_value(value, f"{_API_NAMES[operator]}[{index}]") for index, value in values)
        return Comparison(column, members, expected=_MEMBERSHIP_OPERATORS[operator])

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
    """Return why a column of this kind does not have these operators; empty if it does."""
    bounds = {_BOUND_ALIASES.get(operator, operator) for operator in operators}
    is_range = len(operators) == 2 and bool(bounds & _LOWER_BOUNDS) and bool(bounds & _UPPER_BOUNDS)
    if len(operators) != 1 and not is_range:
        listed = " and ".join(_API_NAMES.get(operator, operator) for operator in operators) or "no comparison"
        return f"Found {listed}; expected exactly one of {_OPERATOR_LIST}. Combine several with all or any."
    allowed = _allowed_operators(column_type)
    rejected = next((_API_NAMES.get(operator, operator) for operator in operators if operator not in allowed), None)
    if rejected is None:
        return ""
    listed = ", ".join(_API_NAMES.get(operator, operator) for operator in allowed)
    return f"Found {rejected}, but {column} is {column_type}; expected {listed}."


def _allowed_operators(column_type: ColumnType) -> list[str]:
    if column_type.kind is ColumnKind.LIST:
        return ["contains", "is_null"] if column_type.members in COMPARABLE_KINDS else ["is_null"]
    if column_type.kind is ColumnKind.OTHER:
        return ["is_null"]
    ranges = [*COMPARISONS] if column_type.kind in ORDERED_KINDS else []
    days = [*_BOUND_ALIASES] if column_type.kind in _TIME_KINDS else []
    return ["equals", "not_equals", "one_of", "none_of", *ranges, *days, "is_null"]
