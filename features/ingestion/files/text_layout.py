"""Text layout: the delimiter, the columns and the first line of the data of a delimited text file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.errors import InvalidLog
from features.ingestion.files.delimiter import Record, declared_delimiter, detect_delimiter, split_records
from features.ingestion.files.header_location import common_width, fit_header, locate_header, unique_names
from features.ingestion.files.read_options import ReadOptions


@dataclass(frozen=True)
class TextLayout:
    """How a delimited text file is laid out."""

    delimiter: str
    columns: tuple[str, ...]  # unique names
    header: tuple[str, ...]  # the cells of the header as they are; none without a header
    preamble: tuple[str, ...]  # the lines before the header that are not blank
    records_before_data: int  # records, blank ones too
    lines_before_data: int  # lines; more than records where a value of the header has several

    @property
    def has_quotes_before_header(self) -> bool:
        """Whether quotes in the preamble make it doubtful where its records end."""
        return any('"' in line for line in self.preamble)


def locate_text(file: Path, text: str, options: ReadOptions) -> TextLayout:
    """The layout of a file from the beginning of its text, whose lines end in a line feed.

    Raises:
        InvalidLog: the file has no value.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise InvalidLog(f"{file} is empty. Expected at least one line of the log: remove it, or correct `path`.")
    declared = declared_delimiter(lines[first])
    delimiter = declared or detect_delimiter(text, options)
    records = split_records(text, delimiter)
    begin = _first_filled(records, after=first + 1 if declared else 0)
    if not options.has_header:
        columns = tuple(f"column{position}" for position in range(common_width([r.cells for r in records[begin:]])))
        return TextLayout(delimiter, columns, (), (), begin, records[begin - 1].last_line if begin else 0)
    position = begin + locate_header([record.cells for record in records[begin:]], options)
    body = [record.cells for record in records[position + 1 :] if not record.is_blank]
    header = tuple(fit_header(records[position].cells, body))
    header_line = records[position - 1].last_line if position else 0
    preamble = tuple(line for line in lines[:header_line] if line.strip() and declared_delimiter(line) is None)
    return TextLayout(
        delimiter, tuple(unique_names(header)), header, preamble, position + 1, records[position].last_line
    )


def _first_filled(records: list[Record], after: int) -> int:
    """The position of the first record with a value that ends after a line."""
    return next(
        (position for position, record in enumerate(records) if record.last_line > after and not record.is_blank), 0
    )
