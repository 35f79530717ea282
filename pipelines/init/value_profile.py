"""Value profile: what the values of a column look like: how many are filled and different, dates, numbers, addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pipelines.init.value_kinds import NumberForm, date_forms, number_form
from pipelines.init.raw_export import RawExport

MAX_DIFFERENT = 3_000  # different values that are looked at
_CURRENCY_CODE = re.compile(r"[A-Za-z]{3}")
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
    def date_forms(self) -> tuple[str, ...]:
        """The formats that read all values as dates; ``""`` stands for a date or an ISO text that needs no format."""
        if self.column_type.startswith(("TIMESTAMP", "DATE")):
            return ("",)
        return tuple(date_forms(self.values)) if self.values else ()

    @property
    def is_date(self) -> bool:
        """Whether all values are dates."""
        return bool(self.date_forms)

    @cached_property
    def number_form(self) -> NumberForm | None:
        """How all values are read as numbers, or None where some are no numbers."""
        return number_form(self.values) if self.values else None

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
