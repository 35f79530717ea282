"""Source view: the raw rows of one section of flywheel.toml, as one DuckDB view."""

from __future__ import annotations

from pathlib import Path

import duckdb

from features.config.sources import ConsentsSource
from features.consents.formats import parse_files
from features.ingestion.canonical_schema import Table
from features.ingestion.raw_tables import create_raw_view, source_files, translate_read_errors


def open_source(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> dict[str, str]:
    """The raw columns of a source and their types."""
    section = table.section
    if not isinstance(section, ConsentsSource) or section.format == "table":
        return create_raw_view(connection, table.raw_view, section.path, folder, has_header=section.has_header)
    with translate_read_errors(section.path):
        lines = parse_files(source_files(section.path, folder), section.format, list(section.purposes))
    connection.register(table.raw_view, lines)
    return dict.fromkeys(lines.column_names, "VARCHAR")
