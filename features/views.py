"""Feature views: the columns that are stored per customer, declared once for Ibis, Feast and the online store."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

# The key of every feature table and the instants of its rows.
CUSTOMER_ID = "customer_id"
EVENT_TIMESTAMP = "event_timestamp"
FEATURES_AT = "features_at"

# The windows that features look back over, in local days.
STORED_WINDOW_DAYS = (56, 91, 182, 365)  # computed at the cutoff and stored
ON_DEMAND_WINDOW_DAYS = (7, 14, 28)  # computed at request time from the stored recent days
RECENT_DAYS = max(ON_DEMAND_WINDOW_DAYS)


class Kind(StrEnum):
    """The type of a stored column, which Feast, Arrow and the codec of the online store share."""

    FLOAT = "float64"
    INTEGER = "int64"
    INTEGERS = "list<int64>"
    FLOATS = "list<float64>"


@dataclass(frozen=True)
class Column:
    """One stored feature with its type and meaning; its name contains the unit."""

    name: str
    kind: Kind
    meaning: str

    @property
    def is_list(self) -> bool:
        """Whether a customer has a list of values in this column."""
        return self.kind in (Kind.INTEGERS, Kind.FLOATS)


@dataclass(frozen=True)
class View:
    """A feature view: a table with one row per customer and cutoff."""

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
