"""Missing columns: keys of flywheel.toml that name a column which the table, or one of its files, does not have."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence

from features.errors import InvalidConfig
from features.ingestion.canonical_schema import Field, Table
from features.ingestion.file_union import FILE_COLUMN, RawFile
from features.ingestion.line_checks import date_and_time_remedy
from features.ingestion.rows.column_alternatives import readable_sources, text_columns
from features.ingestion.value_parsing import columns_of_source
from features.plausibility_note import PlausibilityNote

MAX_LISTED = 30
_CLOSE = 0.6

Remedy = Callable[[Sequence[str]], str]
"""What to do about columns that the table lacks, where there is something better than another name."""


def missing_columns(table: Table, columns: Sequence[str], files: Sequence[RawFile], remedy: Remedy) -> list[str]:
    """A sentence per field that the table lacks, or that one of several files lacks though it is needed.

    Args:
        table: the canonical table.
        columns: all columns, those of joined files too.
        files: the files of the table itself.
        remedy: names the file that has the columns; empty text where none has.
    """
    sentences = []
    for field in table.present_fields:
        if not readable_sources(field, columns, columns):
            sentences.append(_missing_everywhere(table, field, columns, remedy))
            continue
        sentences += [
            _missing_in_file(field, file, columns)
            for file in _files_without(field, columns, files)
            if field.required or field.name == "customer_id" or _spellings(field, file, columns)
        ]
    return sentences


def absent_in_file_notes(table: Table, columns: Sequence[str], files: Sequence[RawFile]) -> list[PlausibilityNote]:
    """A note per optional field that one of several files lacks, so that its lines have no value there."""
    notes = []
    for field in table.present_fields:
        lacking = _files_without(field, columns, files)
        if lacking and readable_sources(field, columns, columns):
            labels = ", ".join(file.label for file in lacking[:MAX_LISTED])
            notes.append(
                PlausibilityNote(
                    code="column_absent_in_file",
                    severity="warning",
                    found=f"[{table.name}] {field.name} = {field.source!r}: no such column in {labels}; its lines have "
                    "no value there",
                    expected="the column in every file of the table",
                    remedy=f"List what it is called there, as in {field.name} = [{field.sources[0]!r}, ...]",
                    count=len(lacking),
                    example=lacking[0].label,
                )
            )
    return notes


def unknown_column(key: str, column: str, columns: Sequence[str]) -> str:
    """A sentence on a key that names a column which is not there."""
    return f"{key}: no column {column!r}. {found_columns(columns)}{_nearest(column, columns)} Name one of these."


def found_columns(columns: Iterable[str]) -> str:
    """A sentence that lists the columns."""
    names = [name for name in columns if name != FILE_COLUMN]
    more = f" and {len(names) - MAX_LISTED} more" if len(names) > MAX_LISTED else ""
    return f"Columns found: {', '.join(names[:MAX_LISTED])}{more}."


def close_names(column: str, columns: Iterable[str]) -> list[str]:
    """Columns that are probably the same under another spelling, the nearest first."""
    plain = {_plain(name): name for name in columns if name != FILE_COLUMN}
    return [plain[name] for name in difflib.get_close_matches(_plain(column), plain, n=2, cutoff=_CLOSE)]


def _missing_everywhere(table: Table, field: Field, columns: Sequence[str], remedy: Remedy) -> str:
    absent: list[str] = []
    for source in field.sources:
        try:
            parts = columns_of_source(field, source, text_columns(columns))
        except InvalidConfig as error:
            return f"{field.name}: {error} {found_columns(columns)}"
        absent += [part for part in parts if part not in columns]
    named = ", ".join(map(repr, dict.fromkeys(absent)))
    found = f"{field.name} = {field.source!r}: no column {named} in {table.section.path!r}. {found_columns(columns)}"
    advice = date_and_time_remedy(field, text_columns(columns)) or remedy(list(dict.fromkeys(absent)))
    if advice:
        return f"{found} {advice}"
    return f"{found}{''.join(_nearest(column, columns) for column in absent)} Name one of these."


def _missing_in_file(field: Field, file: RawFile, columns: Sequence[str]) -> str:
    names = close_names(field.sources[0], file.names) if len(_first_parts(field, columns)) == 1 else []
    listed = ", ".join(f'"{name}"' for name in (*field.sources, *(names or ["..."])[:1]))
    called = f"{names[0]!r} looks like it" if names else "If it is called otherwise there"
    joint = ": list both," if names else ", list both names,"
    absent = ", ".join(repr(part) for part in _first_parts(field, columns) if part not in file.names)
    return (
        f"{field.name} = {field.source!r}: no column {absent} in the file {file.label}, which the other files have. "
        f"{found_columns(file.names)} {called}{joint} {field.name} = [{listed}], or correct the file."
    )


def _files_without(field: Field, columns: Sequence[str], files: Sequence[RawFile]) -> list[RawFile]:
    if len(files) < 2:
        return []
    of_files = {name for file in files for name in file.names}
    joined = {column for column in columns if column not in of_files}
    return [file for file in files if not readable_sources(field, joined | set(file.names), columns)]


def _spellings(field: Field, file: RawFile, columns: Sequence[str]) -> list[str]:
    """Columns of a file whose names are those of the field but for case, blanks and punctuation."""
    plain = {_plain(part) for part in _first_parts(field, columns)}
    return [name for name in file.names if _plain(name) in plain]


def _first_parts(field: Field, columns: Sequence[str]) -> list[str]:
    try:
        return columns_of_source(field, field.sources[0], text_columns(columns))
    except InvalidConfig:
        return []


def _nearest(column: str, columns: Iterable[str]) -> str:
    names = close_names(column, columns)
    return f" The nearest to {column!r} is {names[0]!r}." if names else ""


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
