"""How do members leave the service? As CSV, NDJSON or Parquet, a table at a time, saying the same in all three.

Ids are text digit for digit, dates ISO dates, instants RFC 3339 in UTC. Nothing is done to cells that a spreadsheet
might take for a formula, since whoever reads an id must get the id: text is to be imported as text.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

_ROWS_PER_CHUNK = 10_000  # that become Python's objects at a time
_WITHOUT_HEADER = arrow_csv.WriteOptions(include_header=False)


def csv(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """RFC 4180 with a header: text in quotes, lists as JSON arrays, nulls as empty cells without quotes."""
    for place, table in enumerate(tables):
        written = io.BytesIO()
        cells = pa.table({name: _cells(table.column(name)) for name in table.column_names})
        arrow_csv.write_csv(cells, written, None if place == 0 else _WITHOUT_HEADER)
        yield written.getvalue()


def ndjson(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """One JSON object per member and line."""
    for table in tables:
        names = table.column_names
        for begin in range(0, len(table), _ROWS_PER_CHUNK):
            columns = [column.to_pylist() for column in table.slice(begin, _ROWS_PER_CHUNK).columns]
            rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
            yield b"".join(orjson.dumps(row, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE) for row in rows)


def parquet(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """One Parquet file, which ends with the last bytes; of at least one table, be it empty."""
    outlet, waiting = _ByteBuffer(), iter(tables)
    first = next(waiting)
    with pq.ParquetWriter(outlet, first.schema) as writer:
        writer.write_table(first)
        for table in waiting:
            yield outlet.drain()
            writer.write_table(table)
    yield outlet.drain()


FORMATS: Mapping[str, Callable[[Iterable[pa.Table]], Iterator[bytes]]] = {
    "text/csv": csv,
    "application/x-ndjson": ndjson,
    "application/vnd.apache.parquet": parquet,
}


class _ByteBuffer:
    """A file from which is taken what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._buffer = bytearray()

    def write(self, more: bytes) -> int:
        """Keep some bytes until they are taken."""
        self._buffer += more
        return len(more)

    def drain(self) -> bytes:
        """All bytes since the last time."""
        found = bytes(self._buffer)
        self._buffer.clear()
        return found

    def flush(self) -> None:
        """Nothing waits anywhere else."""

    def close(self) -> None:
        """What was written can still be taken."""


def _cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column in types that CSV writes as we want them."""
    if pa.types.is_timestamp(column.type):
        written = pc.strftime(column, "%Y-%m-%dT%H:%M:%SZ")
        return pc.replace_substring_regex(written, r"\.0+Z$", "Z")
    if pa.types.is_nested(column.type):
        texts = (None if value is None else orjson.dumps(value).decode() for value in column.to_pylist())
        return pa.chunked_array([pa.array(texts, pa.string())])
    return column
