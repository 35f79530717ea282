"""Text file: a delimited text file as a scan, straight from DuckDB where it is clean UTF-8, else from a clean copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from features.ingestion.files.delimiter import WHITESPACE
from features.ingestion.files.file_scan import FileScan, Reader
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.row_checks import check_rows, total_rows_note
from features.ingestion.files.spill import new_copy
from features.ingestion.files.text_encoding import (
    HEAD_BYTES,
    MAX_LINE_BYTES,
    TextEncoding,
    detect_encoding,
    guess_encoding,
    read_head,
)
from features.ingestion.files.text_layout import TextLayout, locate_text
from features.ingestion.files.text_rewriting import RewrittenText, output_delimiter, refuse_lines, rewrite_text
from features.plausibility_note import PlausibilityNote
from features.storage.sql_quoting import quote_identifier, quote_literal
from features.wording import count_of, form_of

_UNUSED_DELIMITER = "\x01"  # a delimiter that no text contains


def scan_text(connection: duckdb.DuckDBPyConnection, file: Path, options: ReadOptions) -> FileScan:
    """The scan of a delimited text file.

    Raises:
        InvalidLog: the file is empty, in an unknown encoding, or has damaged lines that may not be set aside.
    """
    encoding = detect_encoding(file, options.encoding)
    if encoding.is_utf8:
        layout = locate_text(file, _head_text(file, encoding), options)
        if layout.begins_with_header or not layout.has_quotes_before_data:
            try:
                scan = FileScan(file, _direct_reader(layout), _layout_notes(file, layout))
                return check_rows(connection, scan, layout.header, options)
            except duckdb.Error:
                encoding = encoding if options.encoding else guess_encoding(file)
    layout = locate_text(file, _head_text(file, encoding), options)
    return _scan_copy(connection, file, encoding, layout, options)


def _scan_copy(
    connection: duckdb.DuckDBPyConnection, file: Path, encoding: TextEncoding, layout: TextLayout, options: ReadOptions
) -> FileScan:
    target = new_copy(file, options.spill)
    found = rewrite_text(file, target, encoding, layout)
    if found.rejected and not options.sets_bad_lines_aside:
        raise refuse_lines(found, layout)
    notes = list(_layout_notes(file, layout))
    if encoding.guessed and found.word:
        notes.append(_encoding_note(file, encoding, found))
    copied = replace(layout, delimiter=output_delimiter(layout))
    scan = FileScan(target, _reader(copied, "header=false"), tuple(notes), tuple(found.rejected))
    checked = check_rows(connection, scan, layout.header, options)
    if not found.totals:
        return checked
    return replace(checked, notes=(*checked.notes, total_rows_note(file, found.totals, found.total_example)))


def _head_text(file: Path, encoding: TextEncoding) -> str:
    """The first lines of a file, which end in a line feed."""
    head = read_head(file)
    text = head.decode(encoding.codec, "replace").replace("\r\n", "\n").replace("\r", "\n")
    # The last line may be cut.
    return text.rpartition("\n")[0] if len(head) >= HEAD_BYTES and "\n" in text else text


def _direct_reader(layout: TextLayout) -> Reader:
    """The reader of the file itself; DuckDB gets a first quote wrong that it skips, but not one in a header."""
    if layout.begins_with_header:
        return _reader(layout, "header=true")
    return _reader(layout, f"header=false, skip={len(layout.before_data)}")


def _reader(layout: TextLayout, header: str) -> Reader:
    options = f"{header}, auto_detect=false, null_padding=false, strict_mode=true"
    # Without it, DuckDB goes by the name, and the name may be wrong.
    options += f", compression='none', max_line_size={MAX_LINE_BYTES}"
    columns = tuple((column, "VARCHAR") for column in layout.columns)
    if layout.delimiter == WHITESPACE:
        return Reader(columns, *_whitespace_sql(layout.columns, options))
    column_types = ", ".join(f"{quote_literal(column)}: 'VARCHAR'" for column in layout.columns)
    delimiter = quote_literal(layout.delimiter)
    suffix = f", delim={delimiter}, columns={{{column_types}}}, quote='\"', escape='\"', {options})"
    return Reader(columns, "read_csv(", suffix)


def _whitespace_sql(columns: Sequence[str], options: str) -> tuple[str, str]:
    """SQL before and after the files; values are separated by blanks and quotes have no meaning."""
    error_sql = f"error('a line has ' || len(parts) || ' values, expected {len(columns)}: ' || line)"
    values = ", ".join(f"parts[{position}] AS {quote_identifier(column)}" for position, column in enumerate(columns, 1))
    split = "SELECT line, regexp_extract_all(line, '\\S+') AS parts"
    checked = f"SELECT CASE WHEN len(parts) = {len(columns)} THEN parts ELSE {error_sql} END AS parts"
    lines = f"columns={{'line': 'VARCHAR'}}, delim='{_UNUSED_DELIMITER}', quote='', escape='', {options}"
    return f"(SELECT {values} FROM ({checked} FROM ({split} FROM read_csv(", f", {lines}) WHERE len(parts) > 0)))"


def _layout_notes(file: Path, layout: TextLayout) -> tuple[PlausibilityNote, ...]:
    return (preamble_note(file, layout.preamble),) if layout.preamble else ()


def preamble_note(file: Path, preamble: Sequence[str]) -> PlausibilityNote:
    """The note on the lines before a header."""
    return PlausibilityNote(
        "preamble_skipped",
        "info",
        f"{file.name}: the lines before its header are left out, {len(preamble):,} in all",
        "the names of the columns in the first line",
        "Do nothing if these lines are a title",
        len(preamble),
        preamble[0].strip(),
    )


def _encoding_note(file: Path, encoding: TextEncoding, found: RewrittenText) -> PlausibilityNote:
    return PlausibilityNote(
        "encoding_guessed",
        "info",
        f"{file.name} is not UTF-8; it is read as {encoding.codec}, which {count_of(found.lines_beyond_ascii, 'line')} "
        f"{form_of(found.lines_beyond_ascii, 'needs', 'need')}",
        "UTF-8, or `encoding` in flywheel.toml",
        f'Set `encoding = "{encoding.codec}"` if the example reads right, else the encoding that the file has',
        found.lines_beyond_ascii,
        found.word,
    )
