"""Delimiter: the character between the values of a text file, by how alike its first records become."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from features.ingestion.files.header_location import (
    MAX_HEADER_RECORDS,
    common_width,
    count_named_columns,
    locate_table,
)
from features.ingestion.files.read_options import ReadOptions

WHITESPACE = " "
_CANDIDATES = ",;\t|"
_MAX_RECORDS = 100
_DECIMAL_COMMA = re.compile(r'\s*[-+]?\d+,\d+\s*"?')
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Record:
    """The values of one record, its lines, and the number of the last one, from 1."""

    cells: tuple[str, ...]
    text: str
    last_line: int

    @property
    def is_blank(self) -> bool:
        """Whether the record has no value."""
        return not any(cell.strip() for cell in self.cells)


def declared_delimiter(line: str) -> str | None:
    """The delimiter that a line such as ``sep=;`` declares, as spreadsheets read and write it."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match.group(1) if match else None


def split_records(text: str, delimiter: str) -> list[Record]:
    """The first records of a text; lines end in a line feed. A line whose quote never ends is a record of its own."""
    lines = text.split("\n")
    if delimiter == WHITESPACE:
        return [Record(tuple(line.split()), line, number) for number, line in enumerate(lines[:_MAX_RECORDS], 1)]
    records: list[Record] = []
    while len(records) < _MAX_RECORDS:
        begin = records[-1].last_line if records else 0
        if begin >= len(lines):
            break
        records += _split_lines(lines, begin, delimiter, _MAX_RECORDS - len(records))
    return records


def _split_lines(lines: Sequence[str], begin: int, delimiter: str, max_records: int) -> list[Record]:
    """The records from a line on, up to the first one that is damaged."""
    reader = csv.reader((line + "\n" for line in lines[begin:]), delimiter=delimiter)
    records: list[Record] = []
    last_line = begin
    try:
        for cells in islice(reader, max_records):
            text = "\n".join(lines[last_line : begin + reader.line_num])
            if "\n" in text and text.count('"') % 2:
                break
            last_line = begin + reader.line_num
            records.append(Record(tuple(cells), text, last_line))
    except csv.Error:
        pass
    if len(records) < max_records and last_line < len(lines):
        records.append(Record(tuple(lines[last_line].split(delimiter)), lines[last_line], last_line + 1))
    return records


def detect_delimiter(text: str, options: ReadOptions) -> str:
    """The delimiter under which the records have the configured columns, else are of one width."""
    records = {
        delimiter: [r.cells for r in split_records(text, delimiter) if not r.is_blank] for delimiter in _CANDIDATES
    }
    best = max(_CANDIDATES, key=lambda delimiter: _fitness(delimiter, records[delimiter], options))
    if any(len(cells) > 1 for cells in records[best]):
        return best
    words = [cells for record in split_records(text, WHITESPACE) if (cells := record.cells)]
    is_named = any(count_named_columns(cells, options) > 1 for cells in words[:MAX_HEADER_RECORDS])
    return WHITESPACE if '"' not in text and (is_named or _consistency(words) >= 0.9) else ","


def _fitness(delimiter: str, records: Sequence[Sequence[str]], options: ReadOptions) -> tuple[float, ...]:
    named = max((count_named_columns(cells, options) for cells in records[:MAX_HEADER_RECORDS]), default=0)
    width = common_width(records)
    return (
        named if width > 1 else 0,
        round(_consistency(records), 1),
        # Titles above the header are rarer than a delimiter that stands in values as well.
        float(not options.has_header or locate_table(records) == 0),
        float(delimiter == "\t" and width > 1),
        float(delimiter == ";" and _has_decimal_commas(records)),
        width,
    )


def _consistency(records: Sequence[Sequence[str]]) -> float:
    """The share of records that have the most common number of values; 0 where this is one."""
    width = common_width(records)
    return sum(len(cells) == width for cells in records) / len(records) if width > 1 else 0.0


def _has_decimal_commas(records: Sequence[Sequence[str]]) -> bool:
    return any(len(cells) > 1 and any(map(_DECIMAL_COMMA.fullmatch, cells)) for cells in records)
