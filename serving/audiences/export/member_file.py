"""Member file: the members of one audience as Arrow IPC with a checksum at the end, memory-mapped when read."""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from features.storage.atomic_files import atomic_write
from features.storage.file_identity import identity_of
from serving.audiences.builder import MEMBER_COLUMN
from serving.audiences.query.scores_table import ID_COLUMN

BATCH_SIZE = 65_536  # members in a batch of the file
_MAGIC, _CHECKSUM_BYTES = b"\0\0\0CRC32", 4
_TRAILER_BYTES = len(_MAGIC) + _CHECKSUM_BYTES
_CHUNK_BYTES = 16 * 1024**2  # of the file, checked at a time


class DamagedMembers(ValueError):
    """The file is not what ``write_members`` wrote."""


def write_members(table: pa.Table, path: Path) -> None:
    """Replace the file by an atomic write of the table and its checksum (CRC-32).

    Raises:
        OSError: the file cannot be written; the old one stays.
    """
    with atomic_write(path) as temporary:
        _write(table, temporary)


def replace_members(table: pa.Table, path: Path) -> None:
    """Replace the file as ``write_members`` does, but leave the sync to the caller, who replaces many files.

    Raises:
        OSError: the file cannot be written; the old one stays.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        _write(table, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_members(path: Path) -> pa.Table:
    """Return all members, in order, without a copy in memory; each version of a file is checked once in a process.

    Raises:
        DamagedMembers: the file is torn, or a byte of it was altered.
        OSError: the file is missing or cannot be read.
    """
    _check(path, identity_of(path.stat()))
    return _open(path)


def read_ids(path: Path) -> pa.ChunkedArray:
    """Return the customer ids of all members; nothing else is checked, so that erasures of many audiences are quick.

    Raises:
        DamagedMembers: the file is torn.
        OSError: the file is missing or cannot be read.
    """
    ids = _open(path).column(ID_COLUMN)
    _validate(ids)
    return ids


@lru_cache(maxsize=1024)
def _check(path: Path, identity: tuple[int, ...]) -> None:  # noqa: ARG001 - the key of the cache
    """Check a version of a file against its checksum; a file of an earlier version has none, and is validated."""
    arrow_bytes, checksum = _split(_map(path))
    if checksum is None:
        _validate(_open(path))
    elif checksum != _crc32(arrow_bytes):
        raise DamagedMembers(f"{path} does not match its checksum.")


def _open(path: Path) -> pa.Table:
    content = _map(path)
    try:
        table = pa.ipc.open_file(pa.BufferReader(_split(content)[0])).read_all()
    except (pa.ArrowException, OSError) as error:
        raise DamagedMembers(f"{path} cannot be read ({error}).") from None
    if {MEMBER_COLUMN, ID_COLUMN} <= {*table.column_names}:
        return table
    raise DamagedMembers(f"{path} has the columns {', '.join(table.column_names)}.")


def _write(table: pa.Table, path: Path) -> None:
    with pa.OSFile(str(path), "wb") as target, pa.ipc.new_file(target, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=BATCH_SIZE)
    checksum = _crc32(_map(path))
    with path.open("ab") as file:
        file.write(_MAGIC + checksum.to_bytes(_CHECKSUM_BYTES))


def _map(path: Path) -> pa.Buffer:
    if not path.stat().st_size:
        raise DamagedMembers(f"{path} is empty.")
    with pa.memory_map(str(path)) as source:
        return source.read_buffer()


def _validate(values: pa.Table | pa.ChunkedArray) -> None:
    try:
        values.validate(full=True)
    except pa.ArrowException as error:
        raise DamagedMembers(f"The members are not valid ({error}).") from None


def _split(content: pa.Buffer) -> tuple[pa.Buffer, int | None]:
    """Return the Arrow file and its checksum; None for a file of an earlier version."""
    end = max(len(content) - _TRAILER_BYTES, 0)
    trailer = content.slice(end).to_pybytes()
    if not trailer.startswith(_MAGIC):
        return content, None
    return content.slice(0, end), int.from_bytes(trailer[len(_MAGIC) :])


def _crc32(content: pa.Buffer) -> int:
    view, checksum = memoryview(content), 0
    for begin in range(0, len(view), _CHUNK_BYTES):
        checksum = zlib.crc32(view[begin : begin + _CHUNK_BYTES], checksum)
    return checksum
