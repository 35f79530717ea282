"""Export formats: members as CSV, NDJSON or Parquet, written a table at a time, with the same values in all three.

Ids are text digit for digit, dates are ISO dates, and instants are RFC 3339 in UTC. In CSV, text that a spreadsheet
takes for a formula gets an apostrophe in front (OWASP, "CSV Injection"), also an id such as ``-12``: a program that
reads ids takes NDJSON or Parquet, or keeps the formulas.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

FormulaCells = Literal["escape", "keep"]
# What begins a formula in a spreadsheet, also in full width, and the blanks that one may skip before it.
_FORMULA = r"^[=+\-@\t\r\n\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
_ROWS_PER_CHUNK = 10_000  # converted to Python objects at a time
_WITHOUT_HEADER = arrow_csv.WriteOptions(include_header=False)


def csv(tables: Iterable[pa.Table], formulas: FormulaCells = "escape") -> Iterator[bytes]:
    """Yield CSV (RFC 4180) with a header: text in quotes, lists as JSON arrays, nulls as empty cells without quotes."""
    for index, table in enumerate(tables):
        buffer = io.BytesIO()
        cells = pa.table({name: _cells(table.column(name), formulas) for name in table.column_names})
        arrow_csv.write_csv(cells, buffer, None if index == 0 else _WITHOUT_HEADER)
        yield buffer.getvalue()


def ndjson(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """Yield NDJSON: one JSON object per member and line."""
    for table in tables:
        names = table.column_names
        for begin in range(0, len(table), _ROWS_PER_CHUNK):
            columns = [column.to_pylist() for column in table.slice(begin, _ROWS_PER_CHUNK).columns]
            rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
            yield b"".join(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE) for row in rows)


def parquet(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """Yield one Parquet file in pieces; ``tables`` has at least one table, which may be empty."""
    buffer, remaining = _ByteBuffer(), iter(tables)
    first = next(remaining)
    with pq.ParquetWriter(buffer, first.schema) as writer:
        writer.write_table(first)
        for table in remaining:
            yield buffer.drain()
            writer.write_table(table)
    yield buffer.drain()


FORMATS: Mapping[str, Callable[[Iterable[pa.Table]], Iterator[bytes]]] = {
    "text/csv": csv,
    "application/x-ndjson": ndjson,
    "application/vnd.apache.parquet": parquet,
}


def encode(media_type: str, tables: Iterable[pa.Table], formulas: FormulaCells) -> Iterator[bytes]:
    """Yield the members in a format of ``FORMATS``; ``formulas`` is for CSV alone."""
    return csv(tables, formulas) if media_type == "text/csv" else FORMATS[media_type](tables)


class _ByteBuffer:
    """In-memory output file: ``drain`` returns the bytes that were written since its last call."""

    closed = False

    def __init__(self) -> None:
        self._buffer = bytearray()

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._buffer += data
        return len(data)

    def drain(self) -> bytes:
        """Return the bytes written since the last call."""
        data = bytes(self._buffer)
        self._buffer.clear()
        return data

    def flush(self) -> None:
        """Do nothing: no other buffer has to be written."""

    def close(self) -> None:
        """Do nothing: ``drain`` returns the last bytes after the writer has closed the file."""


def _cells(column: pa.ChunkedArray, formulas: FormulaCells) -> pa.ChunkedArray:
    """Return a column in types that CSV writes in the documented form."""
    if pa.types.is_timestamp(column.type):
        formatted = pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring_regex(formatted, r"\.0+Z$", "Z")
    if pa.types.is_nested(column.type):
        texts = (None if value is None else orjson.dumps(value).decode() for value in column.to_pylist())
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_string(column.type) and formulas == "escape":
        return pc.if_else(
            pc.match_substring_regex(column, _FORMULA), pc.binary_join_element_wise("'", column, ""), column
        )
    return column
