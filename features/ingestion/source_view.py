"""Source view: the raw rows of one section of flywheel.toml, as one DuckDB view."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from features.config.sources import ConsentsSource
from features.consents.formats import parse_files
from features.errors import InvalidConfig
from features.ingestion.canonical_schema import Field, ParseAs, Table
from features.ingestion.expressions import columns_of
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.opened_source import OpenedSource
from features.ingestion.raw_tables import create_raw_view, source_files, translate_read_errors


def open_source(connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, spill: Path) -> OpenedSource:
    """Create the raw view of a table; copies of its files that have to be unpacked or decoded go to ``spill``."""
    section = table.section
    if not isinstance(section, ConsentsSource) or section.format == "table":
        return create_raw_view(connection, table.files_view, section.path, folder, read_options(table, spill))
    with translate_read_errors(section.path):
        lines = parse_files(source_files(section.path, folder), section.format, list(section.purposes))
    connection.register(table.files_view, lines)
    return OpenedSource(dict.fromkeys(lines.column_names, "VARCHAR"))


def read_options(table: Table, spill: Path) -> ReadOptions:
    """How the section of a table has its files read."""
    section = table.section
    identifying = [field for field in table.present_fields if field.required and field.parse_as is ParseAs.INSTANT]
    identifying += [field for field in table.present_fields if field.name == "customer_id"]
    return ReadOptions(
        spill=spill,
        has_header=section.has_header,
        sheet=section.sheet,
        encoding=section.encoding,
        columns=tuple(_possible_columns(field) for field in table.present_fields),
        identifying=tuple(_possible_columns(field) for field in identifying),
        sets_bad_lines_aside=section.bad_lines.at_most > 0,
    )


def _possible_columns(field: Field) -> tuple[str, ...]:
    """The columns that the sources of a field may name, before the columns of the file are known."""
    names: list[str] = []
    for source in field.sources:
        names.append(source)
        names += [part.strip() for part in re.split(r"[-+*/()]", source)]
        try:
            names += columns_of(source, [])
        except InvalidConfig:
            continue
    return tuple(dict.fromkeys(names))
