"""Text layout: the delimiter, the columns and the first line of the data of a delimited text file."""

from __future__ import annotations

from collections.abc import Sequence
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
    before_data: tuple[Record, ...]  # the records before the data, the header and blank ones too
    begins_with_header: bool  # as wide as the records, in the first line

    @property
    def preamble(self) -> tuple[str, ...]:
        """The texts of the records before the header that are not blank."""
        before_header = self.before_data[:-1] if self.header else self.before_data
        texts = [record.text for record in before_header if not record.is_blank]
        return tuple(text for text in texts if declared_delimiter(text) is None)

    @property
    def lines_before_data(self) -> int:
        """The number of lines; more than records where a name has several."""
        return self.before_data[-1].last_line if self.before_data else 0

    @property
    def has_quotes_before_data(self) -> bool:
        """Whether quotes make it doubtful where the records before the data end."""
        return any('"' in record.text for record in self.before_data)


def locate_text(file: Path, text: str, options: ReadOptions) -> TextLayout:
    """The layout of a file from the beginning of its text, whose lines end in a line feed.

    Raises:
        InvalidLog: the file has no value.
    """
    first = next((line for line in text.split("\n") if line.strip()), "")
    declared = declared_delimiter(first)
    delimiter = declared or detect_delimiter(text, options)
    records = split_records(text, delimiter)
    begin = _first_filled(records)
    if begin is None:
        raise InvalidLog(f"{file.name} is empty. Expected at least one line of the log: remove it, or correct `path`.")
    if options.has_header:
        return _locate_named(records, delimiter, options, begin)
    columns = tuple(f"column{position}" for position in range(common_width([r.cells for r in records[begin:]])))
    return TextLayout(delimiter, columns, (), tuple(records[:begin]), begins_with_header=False)


def _locate_named(records: Sequence[Record], delimiter: str, options: ReadOptions, begin: int) -> TextLayout:
    position = begin + locate_header([record.cells for record in records[begin:]], options)
    body = [record.cells for record in records[position + 1 :] if not record.is_blank]
    header = tuple(fit_header(records[position].cells, body))
    begins_with_header = position == 0 and len(header) == len(records[0].cells)
    before_data = tuple(records[: position + 1])
    return TextLayout(delimiter, tuple(unique_names(header)), header, before_data, begins_with_header)


def _first_filled(records: Sequence[Record]) -> int | None:
    """The position of the first record with a value that declares no delimiter."""
    return next(
        (
            position
            for position, record in enumerate(records)
            if not record.is_blank and declared_delimiter(record.text) is None
        ),
        None,
    )
