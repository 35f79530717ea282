"""Layout: what is right for a known export of a shop system: its columns, the lines that are no purchase, its clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from features.errors import InvalidConfig
from features.ingestion.expressions import columns_of
from pipelines.init.lexicon import Role

Alternatives = tuple[str, ...]  # columns or expressions; the first whose columns all exist is right


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A known export; ``title`` names the shop system and the export, as people know it."""

    title: str
    signature: tuple[Alternatives, ...]  # of each entry, one column is in every export
    columns: Mapping[Role, Alternatives]
    customer_fallbacks: Alternatives = ()  # tried in turn where the customer's column is empty
    excluded_statuses: tuple[str, ...] = ()  # values of the status column whose lines are no purchase
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # further columns and values
    currency: str | None = None
    timezone: str | None = None  # the zone of the export's times, where the shop system fixes it
    day_first: bool | None = None  # how 01/02/2026 is meant; None where exports differ
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    def matches(self, columns: Sequence[str]) -> bool:
        """Whether an export with these columns is of this layout."""
        return all(any(column in columns for column in alternatives) for alternatives in self.signature)

    def source(self, role: Role, columns: Sequence[str]) -> str | None:
        """The column or expression for a role in an export with these columns, or None."""
        return next((source for source in self.columns.get(role, ()) if _can_read(source, columns)), None)

    def customer_sources(self, columns: Sequence[str]) -> list[str]:
        """The columns of the customer that an export with these columns has, the best first."""
        return [column for column in (*self.columns["customer_id"], *self.customer_fallbacks) if column in columns]


def _can_read(source: str, columns: Sequence[str]) -> bool:
    if source in columns:
        return True
    try:
        return set(columns_of(source, columns)) <= set(columns)
    except InvalidConfig:
        return False
