"""What kind of column is it, and what may it be compared with? The same words for every type that says the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.calendar import day_number
from serving.audiences.errors import shown
from serving.moments import moment, resolve

Value = bool | int | float | str

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class Kind(StrEnum):
    """What a column holds, as a caller would say it."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    LIST = "list"
    OTHER = "nested or binary"


ORDERED = frozenset({Kind.NUMBER, Kind.DATE, Kind.INSTANT})
COMPARED = ORDERED | {Kind.TEXT, Kind.BOOLEAN}
_EXPECTED = {
    Kind.NUMBER: "a number",
    Kind.TEXT: "a string: send it in quotes",
    Kind.BOOLEAN: "true or false",
    Kind.DATE: "an ISO date such as 2026-11-21",
}


@dataclass(frozen=True)
class Typed:
    """A column's kind, and that of its lists' members."""

    kind: Kind
    members: Kind | None = None

    @classmethod
    def of(cls, held: pa.DataType) -> Typed:
        """The kind of an Arrow type."""
        if pa.types.is_list(held) or pa.types.is_large_list(held):
            return cls(Kind.LIST, _kind(held.value_type))
        return cls(_kind(held))

    def __str__(self) -> str:
        said = f"list of {self.members}" if self.members else str(self.kind)
        return f"{'an' if said.startswith('i') else 'a'} {said} column"


def _kind(held: pa.DataType) -> Kind:
    if pa.types.is_dictionary(held):
        return _kind(held.value_type)
    if pa.types.is_integer(held) or pa.types.is_floating(held) or pa.types.is_decimal(held):
        return Kind.NUMBER
    if pa.types.is_string(held) or pa.types.is_large_string(held):
        return Kind.TEXT
    if pa.types.is_boolean(held):
        return Kind.BOOLEAN
    if pa.types.is_timestamp(held):
        return Kind.INSTANT
    return Kind.DATE if pa.types.is_date(held) else Kind.OTHER


def operand(kind: Kind, found: object, zone: ZoneInfo) -> Value:
    """A value of a request as a column of that kind holds it: days since 1970, microseconds since 1970 UTC.

    Raises:
        ValueError: it is of another kind; the text says what was found and expected.
    """
    if kind is Kind.INSTANT and isinstance(found, str):
        return resolve(moment(found), zone)
    if kind is Kind.DATE and isinstance(found, str):
        return _day(found)
    if kind is Kind.NUMBER and isinstance(found, int | float) and not isinstance(found, bool):
        return found
    if kind is Kind.TEXT and isinstance(found, str):
        return found
    if kind is Kind.BOOLEAN and isinstance(found, bool):
        return found
    raise ValueError(_other(kind, found))


def _day(found: str) -> int:
    if _DATE.fullmatch(found):
        try:
            return day_number(date.fromisoformat(found))
        except ValueError:
            pass
    raise ValueError(_other(Kind.DATE, found))


def _other(kind: Kind, found: object) -> str:
    expected = _EXPECTED.get(kind, "an RFC 3339 date-time such as 2026-11-21T10:30:00Z, or a date")
    if found is None:
        return f"Found null; expected {expected}. Customers without a value are found by is_null."
    return f"Found {shown(found)}; expected {expected}."
