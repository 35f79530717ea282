"""Record parsing: the lines of a damaged text file as records of the right width, or as rejected lines."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from features.ingestion.files.delimiter import WHITESPACE
from features.ingestion.files.text_layout import TextLayout

_MAX_RECORD_LINES = 100
_UNDECODABLE = re.compile("[\udc80-\udcff]")
_REPLACED = "\ufffd"
_END_OF_FILE_CHARACTER = "\x1a"  # of DOS


@dataclass(frozen=True)
class ParsedRecord:
    """A record with its first line; ``cells`` is None where ``text`` is a whole record as it is, without quotes."""

    line: int
    text: str
    cells: list[str] | None
    fault: str = ""  # what was found and expected, where it is no record of the table


class RecordParser:
    """A parser of numbered lines into records, which resumes at the line after a damaged one."""

    def __init__(self, layout: TextLayout, codec: str) -> None:
        self._layout, self._codec, self._width = layout, codec, len(layout.columns)
        self._pending: deque[tuple[int, str]] = deque()

    def parse(self, lines: Iterator[tuple[int, str]]) -> Iterator[ParsedRecord]:
        """The records of lines that end in a line feed; blank lines are none."""
        while True:
            entry = self._pending.popleft() if self._pending else next(lines, None)
            if entry is None:
                return
            number, line = entry
            text = line.rstrip("\n")
            if not text.strip() or text.strip() == _END_OF_FILE_CHARACTER:
                continue
            yield self._parse_record(number, text, lines)

    def _parse_record(self, number: int, text: str, lines: Iterator[tuple[int, str]]) -> ParsedRecord:
        if not text.isascii() and self._is_undecodable(text):
            return ParsedRecord(number, text, None, f"its bytes are not {self._codec}")
        if self._layout.delimiter == WHITESPACE:
            return self._with_width(number, text, text.split())
        if '"' not in text:
            found = text.count(self._layout.delimiter) + 1
            if found == self._width:
                return ParsedRecord(number, text, None)
            return self._with_width(number, text, text.split(self._layout.delimiter))
        cells = self._split(text)
        if cells is None and text.count('"') % 2:
            joined, cells = self._join_lines(text, lines)
            text = joined if cells is not None else text
        if cells is None:
            return ParsedRecord(number, text, None, "a quote in it does not end, or ends within a value")
        return self._with_width(number, text, cells)

    def _with_width(self, number: int, text: str, cells: list[str]) -> ParsedRecord:
        fault = "" if len(cells) == self._width else f"found {len(cells)} values, expected {self._width}"
        return ParsedRecord(number, text, cells, fault)

    def _is_undecodable(self, text: str) -> bool:
        # A replacement character in UTF-8 may stand in the file itself, elsewhere it comes from decoding.
        return _UNDECODABLE.search(text) is not None or (_REPLACED in text and not self._codec.startswith("utf-8"))

    def _join_lines(self, text: str, lines: Iterator[tuple[int, str]]) -> tuple[str, list[str] | None]:
        """The record whose quoted value goes on in the following lines; they stay pending where there is none."""
        following: list[tuple[int, str]] = []
        joined, cells = text, None
        while cells is None and len(following) < _MAX_RECORD_LINES:
            entry = self._pending.popleft() if self._pending else next(lines, None)
            if entry is None:
                break
            following.append(entry)
            joined = f"{joined}\n{entry[1].rstrip(chr(10))}"
            if entry[1].count('"') % 2:
                cells = self._split(joined)
                cells = cells if cells is not None and len(cells) == self._width else None
                break
        if cells is None:
            self._pending.extendleft(reversed(following))
        return joined, cells

    def _split(self, text: str) -> list[str] | None:
        """The values of a record, with a quote in a value doubled or after a backslash; None where quotes are wrong."""
        delimiter = self._layout.delimiter
        try:
            return next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error:
            pass
        if '\\"' not in text:
            return None
        try:
            return next(csv.reader([text], delimiter=delimiter, strict=True, doublequote=False, escapechar="\\"))
        except csv.Error:
            return None
