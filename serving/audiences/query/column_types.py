"""Column types: the kind of each column of the scores table, and the operands that it can be compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.calendar import day_number
from serving.audiences.errors import truncated_json
from serving.moments import parse_datetime, resolve_instant

Value = bool | int | float | str

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class ColumnKind(StrEnum):
    """The kind of the values of a column, named in the terms of the API."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    LIST = "list"
    OTHER = "nested or binary"


ORDERED_KINDS = frozenset({ColumnKind.NUMBER, ColumnKind.DATE, ColumnKind.INSTANT})
COMPARABLE_KINDS = ORDERED_KINDS | {ColumnKind.TEXT, ColumnKind.BOOLEAN}
_EXPECTED_OPERANDS = {
    ColumnKind.NUMBER: "a number",
    ColumnKind.TEXT: "a string: send it in quotes",
    ColumnKind.BOOLEAN: "true or false",
    ColumnKind.DATE: "an ISO date such as 2026-11-21",
}


@dataclass(frozen=True)
class ColumnType:
    """The kind of a column, and the kind of the members of its lists."""

    kind: ColumnKind
    members: ColumnKind | None = None

    @classmethod
    def from_arrow(cls, arrow_type: pa.DataType) -> ColumnType:
        """Return the kind of an Arrow type."""
        if pa.types.is_list(arrow_type) or pa.types.is_large_list(arrow_type):
            return cls(ColumnKind.LIST, _column_kind(arrow_type.value_type))
        return cls(_column_kind(arrow_type))

    def __str__(self) -> str:
        description = f"list of {self.members}" if self.members else str(self.kind)
        return f"{'an' if description.startswith('i') else 'a'} {description} column"


def _column_kind(arrow_type: pa.DataType) -> ColumnKind:
    if pa.types.is_dictionary(arrow_type):
        return _column_kind(arrow_type.value_type)
    if pa.types.is_integer(arrow_type) or pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        return ColumnKind.NUMBER
    if pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type):
        return ColumnKind.TEXT
    if pa.types.is_boolean(arrow_type):
        return ColumnKind.BOOLEAN
    if pa.types.is_timestamp(arrow_type):
        return ColumnKind.INSTANT
    return ColumnKind.DATE if pa.types.is_date(arrow_type) else ColumnKind.OTHER


def parse_operand(kind: ColumnKind, value: object, zone: ZoneInfo) -> Value:
    """Convert an operand to the stored form of a column.

    Dates become days since 1970, instants microseconds since 1970 UTC.

    Raises:
        ValueError: the operand is of another kind; the text says what was found and expected.
    """
    if kind is ColumnKind.INSTANT and isinstance(value, str):
        return resolve_instant(parse_datetime(value), zone)
    if kind is ColumnKind.DATE and isinstance(value, str):
        return _parse_day(value)
    if kind is ColumnKind.NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if kind is ColumnKind.TEXT and isinstance(value, str):
        return value
    if kind is ColumnKind.BOOLEAN and isinstance(value, bool):
        return value
    raise ValueError(_mismatch_message(kind, value))


def _parse_day(text: str) -> int:
    if _DATE.fullmatch(text):
        try:
            return day_number(date.fromisoformat(text))
        except ValueError:
            pass
    raise ValueError(_mismatch_message(ColumnKind.DATE, text))


def _mismatch_message(kind: ColumnKind, value: object) -> str:
    expected = _EXPECTED_OPERANDS.get(kind, "an RFC 3339 date-time such as 2026-11-21T10:30:00Z, or a date")
    if value is None:
        return f"Found null; expected {expected}. Use is_null to find customers without a value."
    return f"Found {truncated_json(value)}; expected {expected}."
