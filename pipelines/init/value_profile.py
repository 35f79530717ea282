"""Value profile: what the values of a column look like: filled, different, dates, numbers or addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from features.ingestion.values.date_formats import ISO, DateFormats
from features.ingestion.values.number_formats import NumberFormat, currency_sign, read_number
from pipelines.init.raw_export import RawExport
from pipelines.init.value_kinds import date_readings, number_readings, unreadable_dates

MAX_DIFFERENT = 3_000  # different values that are looked at
_CURRENCY_CODE = re.compile(r"[A-Za-z]{3}")
_WHOLE = re.compile(r"[-+]?\d+\.0*")  # as programs write whole numbers with gaps
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class ValueProfile:
    """The values of a column in the sample of an export."""

    column: str
    column_type: str  # DuckDB's
    texts: tuple[str, ...]  # one per line of the sample

    @cached_property
    def counts(self) -> Counter[str]:
        """The number of lines by value, without empty ones."""
        return Counter(text for text in self.texts if text)

    @property
    def fill(self) -> float:
        """The share of lines with a value."""
        return sum(self.counts.values()) / max(len(self.texts), 1)

    @property
    def top_share(self) -> float:
        """The share of the most frequent value among the lines with a value."""
        return max(self.counts.values(), default=0) / max(sum(self.counts.values()), 1)

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The different values in the order of the file, at most 3,000."""
        return tuple(self.counts)[:MAX_DIFFERENT]

    @cached_property
    def date_readings(self) -> tuple[DateFormats, ...]:
        """The readings, each a list of formats, in which the values are dates; several where they are ambiguous."""
        if self.column_type.startswith(("TIMESTAMP", "DATE")):
            return ((ISO,),)
        return tuple(date_readings(self.values)) if self.values else ()

    @cached_property
    def unreadable_dates(self) -> list[str]:
        """The values that the first reading does not read as dates; none where they are no dates at all."""
        if not self.date_readings or self.column_type.startswith(("TIMESTAMP", "DATE")):
            return []
        return unreadable_dates(self.values, self.date_readings[0])

    @cached_property
    def unreadable_numbers(self) -> list[str]:
        """The values that the first format does not read as numbers; none where they are no numbers at all."""
        first = self.number_readings[:1]
        return [value for value in self.values if first and read_number(value, first[0]) is None]

    @property
    def is_date(self) -> bool:
        """Whether the values are dates; a number of eight digits may be one."""
        return bool(self.date_readings)

    @cached_property
    def number_readings(self) -> tuple[NumberFormat, ...]:
        """The formats in which the values are numbers; several where they are ambiguous, none for other values."""
        if self.column_type.startswith(("TIMESTAMP", "DATE")):
            return ()
        return tuple(number_readings({value: self.counts[value] for value in self.values})) if self.values else ()

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers."""
        return bool(self.number_readings)

    @property
    def is_fractional(self) -> bool:
        """Whether the values are numbers, some with a fraction."""
        if not self.is_number:
            return False
        return any(("." in value or "," in value) and not _WHOLE.fullmatch(value) for value in self.values[:200])

    @property
    def is_only_date(self) -> bool:
        """Whether the values are dates that cannot be numbers."""
        return self.is_date and not self.is_number

    @property
    def currency_signs(self) -> set[str]:
        """The signs and codes of currencies beside the numbers."""
        return {sign for value in self.values[:500] if (sign := currency_sign(value))}

    @property
    def is_email(self) -> bool:
        """Whether nearly all values are addresses of e-mail."""
        return self._share(_EMAIL) > 0.9

    @property
    def is_currency_code(self) -> bool:
        """Whether all values are three letters, and few of them differ."""
        return 0 < len(self.counts) <= 40 and self._share(_CURRENCY_CODE) == 1

    def _share(self, pattern: re.Pattern[str]) -> float:
        return sum(bool(pattern.fullmatch(value)) for value in self.values) / max(len(self.values), 1)


def value_profiles(export: RawExport) -> Mapping[str, ValueProfile]:
    """The profile of every column of an export."""
    return {
        column: ValueProfile(column, column_type, export.sample[column])
        for column, column_type in export.column_types.items()
    }
