"""Row selection: the raw lines of a table that count, from its files to the view that values are parsed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from features.config.shop import ShopConfig
from features.config.sources import OrdersSource
from features.errors import InvalidLog
from features.ingestion.canonical_schema import Table
from features.ingestion.file_union import RawFile
from features.ingestion.format_detection import present_sources
from features.ingestion.opened_source import OpenedSource
from features.ingestion.rows.column_alternatives import needed_columns, text_columns
from features.ingestion.rows.column_values import count_values
from features.ingestion.rows.currencies import check_currency, currency_column, rate_sql
from features.ingestion.rows.filters import absent_value_notes, check_any_kept, filter_columns, keep_lines, kept_sql
from features.ingestion.rows.further_lines import fill_further_lines
from features.ingestion.rows.joins import JoinedFile, add_columns, open_join
from features.ingestion.rows.line_identity import identity_sql
from features.ingestion.rows.missing_columns import absent_in_file_notes, missing_columns, unknown_column
from features.ingestion.rows.newest_state import keep_newest_state
from features.ingestion.rows.raw_lines import LineCounts, count_lines, drop_duplicates, unite_overlaps
from features.ingestion.rows.repeated_orders import repeated_order_notes
from features.ingestion.rows.row_view import Opener, RowView
from features.ingestion.rows.sibling_files import join_remedy
from features.ingestion.rows.state_notes import refund_notes, state_columns, state_notes
from features.plausibility_note import PlausibilityNote

_ORDER_FIELDS = ("customer_id", "ordered_at", "recorded_at", "channel", "store_id")  # of an order as a whole


@dataclass(frozen=True)
class SelectedRows:
    """The lines of a table that count, in ``Table.raw_view``, each field with the sources that they have."""

    table: Table
    column_types: dict[str, str]
    counts: LineCounts
    excluded: int
    notes: tuple[PlausibilityNote, ...]
    rate: str | None = None  # SQL of what one unit of a line's currency is worth; None where nothing is to convert


@dataclass(frozen=True)
class RowSelection:
    """The steps from the files of a table to the lines that count."""

    connection: duckdb.DuckDBPyConnection
    config: ShopConfig
    open_view: Opener

    def select(self, table: Table, opened: OpenedSource) -> SelectedRows:
        """Select the lines of a table.

        Args:
            table: the canonical table.
            opened: its files, as the view ``Table.files_view``.

        Raises:
            InvalidLog: a column is missing, a join would repeat amounts, or currencies are mixed; the text lists every
                fault that can be found at once.
        """
        view = RowView(table, table.files_view, dict(opened.column_types))
        columns, joined_files = self._check_columns(view, opened.files)
        view = RowView(present_sources(table, text_columns(columns)), view.name, view.column_types)
        notes = absent_in_file_notes(table, columns, opened.files)
        view, counts, once_notes = self._once(view, opened.files)
        view, older, state_notes = self._newest_state(view)
        view, join_notes = self._join(view, joined_files)
        view = fill_further_lines(self.connection, view, self._order_columns(view))
        view, excluded, filter_notes = self._filter(view)
        notes += [*once_notes, *state_notes, *join_notes, *filter_notes]
        section = table.section
        rate = rate_sql(section, view) if isinstance(section, OrdersSource) else None
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {table.raw_view} AS SELECT * FROM {view.name}")
        return SelectedRows(view.table, dict(view.column_types), counts, excluded + older, tuple(notes), rate)

    def _check_columns(self, view: RowView, files: Sequence[RawFile]) -> tuple[list[str], list[JoinedFile]]:
        """All columns, those of joined files too, and the joined files."""
        columns, joined_files = list(view.column_types), list[JoinedFile]()
        for position, join in enumerate(view.table.section.join, 1):
            joined = open_join(self.open_view, view, join, position, columns)
            columns += joined.taken.values()
            joined_files.append(joined)
        remedy = partial(join_remedy, view.table, self.config.folder, self.open_view, columns)
        faults = missing_columns(view.table, columns, files, remedy)
        faults += [
            unknown_column(key, column, columns) for key, column in _named_columns(view.table) if column not in columns
        ]
        faults += [
            unknown_column(f"{key} in the file {file.label}", column, file.names)
            for key, column in _named_columns(view.table)
            for file in files
            if len(files) > 1 and column in view.column_types and column not in file.names
        ]
        if faults:
            raise InvalidLog("\n".join(faults))
        return columns, joined_files

    def _once(self, view: RowView, files: Sequence[RawFile]) -> tuple[RowView, LineCounts, list[PlausibilityNote]]:
        notes: list[PlausibilityNote] = []
        if len(files) > 1:
            view, counts, notes = unite_overlaps(self.connection, view, identity_sql(view, files))
            notes += repeated_order_notes(self.connection, view)
        else:
            counts = count_lines(self.connection, view)
        section = view.table.section
        if counts.duplicates and isinstance(section, OrdersSource) and section.duplicates == "drop":
            view = drop_duplicates(self.connection, view)
        return view, counts, notes

    def _newest_state(self, view: RowView) -> tuple[RowView, int, list[PlausibilityNote]]:
        section = view.table.section
        if isinstance(section, OrdersSource) and section.updated_at is not None:
            return keep_newest_state(self.connection, view, section.updated_at)
        return view, 0, []

    def _join(self, view: RowView, joined_files: Sequence[JoinedFile]) -> tuple[RowView, list[PlausibilityNote]]:
        notes: list[PlausibilityNote] = []
        for joined in joined_files:
            view, further = add_columns(self.connection, view, joined.of_table(view.table))
            notes += further
        return view, notes

    def _order_columns(self, view: RowView) -> list[str]:
        """The columns of an order as a whole that are read."""
        named = [column for _, column in _named_columns(view.table)]
        columns = [*needed_columns(view.table, _ORDER_FIELDS, list(view.column_types)), *named]
        if isinstance(view.table.section, OrdersSource):
            currency = currency_column(view.table.section, view.columns)
            columns += [currency] if currency is not None else []
        return list(dict.fromkeys(columns)) if view.table.name == "orders" else []

    def _filter(self, view: RowView) -> tuple[RowView, int, list[PlausibilityNote]]:
        table, selected = view.table, kept_sql(view)
        filtered = list(dict.fromkeys(column for _, column in filter_columns(table.section)))
        others = state_columns(self.connection, view)
        if isinstance(table.section, OrdersSource):
            currency = currency_column(table.section, view.columns)
            others += [currency] if currency is not None else []
        others = [column for column in dict.fromkeys(others) if column not in filtered]
        if not filtered and not others:
            return view, 0, refund_notes(self.connection, view)
        values = count_values(self.connection, view, selected, filtered, others)
        notes = absent_value_notes(table, values.before)
        if selected is not None:
            check_any_kept(values.lines - values.excluded, values.before)
            view = keep_lines(self.connection, view, selected)
        notes += check_currency(self.config, table, view, values.after)
        notes += state_notes(self.connection, view, values) + refund_notes(self.connection, view)
        return view, values.excluded, notes


def _named_columns(table: Table) -> list[tuple[str, str]]:
    """The keys besides the fields that name a column, each with the column."""
    named = filter_columns(table.section)
    if isinstance(table.section, OrdersSource):
        for key in ("currency_column", "updated_at"):
            column = getattr(table.section, key)
            named += [(key, column)] if column is not None else []
    return named
