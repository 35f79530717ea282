"""The feature views: which columns are stored per customer, declared once for Ibis, Feast and the packed store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property


class Kind(StrEnum):
    """The type of a stored column, as Feast, Arrow and the packed codec all know it."""

    FLOAT = "float64"
    INTEGER = "int64"
    INTEGERS = "list<int64>"
    FLOATS = "list<float64>"


@dataclass(frozen=True)
class Column:
    """One stored feature and what it means, unit in the name."""

    name: str
    kind: Kind
    meaning: str

    @property
    def is_list(self) -> bool:
        """Whether a customer has many values of it."""
        return self.kind in (Kind.INTEGERS, Kind.FLOATS)


@dataclass(frozen=True)
class View:
    """A table with one row per customer and cutoff."""

    name: str
    columns: tuple[Column, ...]

    @cached_property
    def scalars(self) -> tuple[str, ...]:
        """Names of the columns that hold one number per customer."""
        return tuple(column.name for column in self.columns if not column.is_list)

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """Names of the columns that hold a short list per customer."""
        return tuple(column.name for column in self.columns if column.is_list)
