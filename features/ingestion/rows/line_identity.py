"""Line identity: the values by which a line of one file is the same as a line of another."""

from __future__ import annotations

from collections.abc import Sequence

from features.ingestion.canonical_schema import ParseAs
from features.ingestion.file_union import RawFile
from features.ingestion.rows.row_view import RowView
from features.storage.sql_quoting import quote_identifier


def identity_sql(view: RowView, files: Sequence[RawFile]) -> list[str]:
    """SQL of the values of a line: of every column that all files have, and of every key under its different names.

    A column that only some files have says nothing: an export of last year lacks a column that was added since.
    """
    names_by_file = [{name.casefold() for name in file.names} for file in files]
    shared = [column for column in view.columns if all(column.casefold() in names for names in names_by_file)]
    identity = [quote_identifier(column) for column in shared]
    for field in view.table.present_fields:
        columns = [source for source in field.sources if source in view.column_types]
        if len(columns) > 1 and not set(columns) <= set(shared) and field.parse_as is not ParseAs.FLAG:
            identity.append(view.key_sql(columns))
    return identity
