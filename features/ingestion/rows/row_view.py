"""Row view: the raw lines of a table at one step, as a DuckDB view with the types of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import duckdb

from features.canonical_form import canonical_word_sql, without_point_zero_sql
from features.ingestion.canonical_schema import Table
from features.ingestion.opened_source import OpenedSource
from features.ingestion.raw_text import column_text_sql

_BLANKS = "' \t\r\n' || chr(160) || chr(12288) || chr(65279)"


class Opener(Protocol):
    """Opens the files of a path as a view."""

    def __call__(
        self,
        view: str,
        path: str,
        *,
        sheet: str | None = None,
        encoding: str | None = None,
        columns: Sequence[str] = (),
    ) -> OpenedSource:
        """Open the files; ``columns`` are some that the header has, by which it is found below a preamble."""


@dataclass(frozen=True)
class RowView:
    """A DuckDB view over the raw lines of a table, and the types of its columns under every spelling."""

    table: Table
    name: str
    column_types: Mapping[str, str]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, each once: names that differ by case only are one column."""
        names: dict[str, str] = {}
        for name in self.column_types:
            names.setdefault(name.casefold(), name)
        return tuple(names.values())

    def derive(
        self, connection: duckdb.DuckDBPyConnection, step: str, sql: str, added: Mapping[str, str] | None = None
    ) -> RowView:
        """The view that a step makes of this one with ``sql``, which may add columns of these types."""
        name = f"{self.table.raw_view}_{step}"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")
        return replace(self, name=name, column_types={**self.column_types, **(added or {})})

    def text_sql(self, column: str) -> str:
        """SQL of a column as text without outer blanks; null where nothing is left."""
        return trimmed_sql(column_text_sql(column, self.column_types[column]))

    def word_sql(self, column: str) -> str:
        """SQL of the canonical form of a column's words; empty where no character is visible."""
        return f"coalesce({canonical_word_sql(self.text_sql(column))}, '')"

    def key_sql(self, columns: Sequence[str]) -> str:
        """SQL of the first of these columns that has a value, as text by which lines are matched."""
        return f"coalesce({', '.join(without_point_zero_sql(self.text_sql(column)) for column in columns)}, NULL)"

    def order_key_sql(self) -> str | None:
        """SQL of the order that a line belongs to; None where the table names no order."""
        sources = [name for field in self.table.fields if field.name == "order_id" for name in field.sources]
        present = [name for name in sources if name in self.column_types]
        return self.key_sql(present) if present else None


def trimmed_sql(text_sql: str) -> str:
    """SQL of a text without outer blanks; null where nothing is left."""
    return f"nullif(trim({text_sql}, {_BLANKS}), '')"
