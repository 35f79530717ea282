"""Text rewriting: a text file in another encoding or with damage as a clean copy in UTF-8, streamed."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from features.errors import InvalidLog
from features.ingestion.files.delimiter import WHITESPACE
from features.ingestion.files.record_parsing import ParsedRecord, RecordParser
from features.ingestion.files.text_encoding import TextEncoding
from features.ingestion.files.text_layout import TextLayout
from features.ingestion.files.total_rows import is_total
from features.ingestion.rejected_lines import RejectedLine

_MAX_SHOWN_CHARACTERS = 60  # of a line in a message
_PROPOSED_SHARES = (0.01, 0.05)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_WORD_BEYOND_ASCII = re.compile(r"[^\s,;|\"]*[^\x00-\x7f][^\s,;|\"]*")


@dataclass
class RewrittenText:
    """What was found in a file while it was rewritten."""

    rejected: list[RejectedLine] = field(default_factory=list)
    records: int = 0  # with those that do not fit
    totals: int = 0  # rows of another width that are totals
    total_example: str = ""
    lines_beyond_ascii: int = 0
    word: str = ""  # the first with a character beyond ASCII


def output_delimiter(layout: TextLayout) -> str:
    """The delimiter of the clean copy."""
    return "," if layout.delimiter == WHITESPACE else layout.delimiter


def rewrite_text(file: Path, target: Path, encoding: TextEncoding, layout: TextLayout) -> RewrittenText:
    """Write the data of a file, without preamble and header, as delimited UTF-8; return what did not fit."""
    found = RewrittenText()
    # UTF-16 has no bytes that a surrogate could stand for.
    errors = "replace" if encoding.codec.startswith(("utf-16", "utf-32")) else "surrogateescape"
    with (
        file.open(encoding=encoding.codec, errors=errors, newline=None) as source,
        target.open("w", encoding="utf-8", newline="") as output,
    ):
        parser = RecordParser(layout, encoding.codec.removesuffix("-sig"))
        writer = csv.writer(output, delimiter=output_delimiter(layout), lineterminator="\n")
        for record in parser.parse(_data_lines(source, layout, found)):
            found.records += 1
            if record.fault:
                _set_aside(record, file.name, layout, found)
            elif record.cells is None:
                output.write(record.text + "\n")
            else:
                writer.writerow(record.cells)
    return found


def refuse_lines(found: RewrittenText, layout: TextLayout) -> InvalidLog:
    """The error that names the first damaged lines of a file, and the key where so few may be set aside."""
    first, count = found.rejected[0], len(found.rejected)
    others = f", and {count - 1:,} further lines" if count > 1 else ""
    enough = next((share for share in _PROPOSED_SHARES if count <= share * found.records), None)
    key = f", or set `bad_lines = {{ at_most = {enough} }}` to set such lines aside" if enough else ""
    return InvalidLog(
        f"{first.file}, line {first.line:,}: {first.reason}, in {first.text[:_MAX_SHOWN_CHARACTERS]!r}{others}. "
        f"Expected {len(layout.columns)} values in every line, as in the header: correct the file{key}."
    )


def _data_lines(source: TextIO, layout: TextLayout, found: RewrittenText) -> Iterator[tuple[int, str]]:
    """The numbered lines after the header; it counts those with characters beyond ASCII, those of the header too."""
    for number, raw_line in enumerate(source, 1):
        line = raw_line
        if not line.isascii():
            found.lines_beyond_ascii += 1
            found.word = found.word or _word_beyond_ascii(line)
            line = line.removeprefix("\ufeff")
        if number > layout.lines_before_data:
            yield number, line


def _word_beyond_ascii(line: str) -> str:
    match = _WORD_BEYOND_ASCII.search(line)
    return match.group() if match else ""


def _set_aside(record: ParsedRecord, file: str, layout: TextLayout, found: RewrittenText) -> None:
    if record.text in layout.preamble or not _LETTER_OR_DIGIT.search(record.text):
        return
    if record.cells is not None and is_total(record.cells):
        found.totals += 1
        found.total_example = found.total_example or record.text
        return
    text = record.text.encode("utf-8", "replace").decode()
    found.rejected.append(RejectedLine(file, record.line, record.fault, text))
