"""Codec: one customer's row of one view as bytes, packed and unpacked many rows at a time.

A row is a run of eight-byte little-endian words: a tag (layout and schema), the event time and the created time in
microseconds, a bitmap of nulls, the scalars as float64, then each list as its length and its values as float64, and
last a checksum that makes the CRC-32 of the row zero, and with it that of any number of rows in a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from features.arrays import Booleans, Floats, Integers
from features.checksums import append_residue
from features.errors import FlywheelError
from features.online.feature_rows import RaggedList
from features.views import View

Buffer = bytes | memoryview
Words = NDArray[np.uint64]

MAX_EXACT_INTEGER = 2**53  # beyond it a float64 skips integers
HEADER_WORDS = 3  # words: tag, event time, created time
LAYOUT_VERSION = 0x4657_0002
MIN_ROW_BYTES = 8 * (HEADER_WORDS + 2)  # with one word of nulls and the checksum
_UNCHECKED_LAYOUT = (0x4657_0001).to_bytes(4, "little")  # of earlier versions, without a checksum
_PADDING = b"\0" * 4  # before the checksum, which fills half a word


class SchemaMismatch(FlywheelError):
    """A stored row was written with other columns than the requested ones."""


@dataclass(frozen=True, kw_only=True)
class ViewRows:
    """Rows of one view, one per customer, before packing or after unpacking."""

    event_at: Integers  # (n,) microseconds since 1970 UTC
    created_at: Integers  # (n,) microseconds since 1970 UTC, 0 where the source has none
    scalars: Floats  # (n, scalars) NaN where null
    nulls: Booleans  # (n, columns) scalars first, then lists
    lists: tuple[RaggedList, ...]


@dataclass(frozen=True, kw_only=True)
class UnpackedRows:
    """The requested rows: one for every request, all null and at time 0 where unknown."""

    known: Booleans  # (n,) False where damaged
    rows: ViewRows
    damaged: Booleans | None = None  # (n,) rows whose checksum is wrong; None where all are as they were written


class Codec:
    """Packs and unpacks the rows of one view; a row of another schema is refused."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.tag = np.uint64(LAYOUT_VERSION << 32 | _fingerprint(view))
        self._columns = len(view.scalars) + len(view.lists)
        self._bitmap_words = -(-self._columns // 64)
        self._first_scalar = HEADER_WORDS + self._bitmap_words
        self._width = self._first_scalar + len(view.scalars)
        self._unknown = np.zeros((1, self._width), "<u8")
        self._unknown[:, HEADER_WORDS : self._first_scalar] = np.iinfo(np.uint64).max
        self._unknown[:, self._first_scalar :].view("<f8")[:] = np.nan

    def pack(self, rows: ViewRows) -> list[bytes]:
        """One packed value per row, in the given order."""
        counts = [np.diff(ragged.offsets) for ragged in rows.lists]
        sizes = np.full(len(rows.event_at), self._width, np.int64) + sum(count + 1 for count in counts)
        ends = np.cumsum(sizes)
        starts = ends - sizes
        words = np.empty(int(sizes.sum()), "<u8")
        words[starts[:, None] + np.arange(self._width)] = self._fixed_words(rows)
        starts = starts + self._width
        for ragged, count in zip(rows.lists, counts, strict=True):
            words[starts] = count
            words[_run_positions(starts + 1, count)] = ragged.values.astype("<f8").view("<u8")
            starts = starts + 1 + count
        return [append_residue(body + _PADDING) for body in _split_bytes(words.tobytes(), 8 * sizes)]

    def unpack(self, values: Sequence[Buffer | None]) -> UnpackedRows:
        """The rows of ``values``, where None is unknown and a damaged row is marked.

        Raises:
            SchemaMismatch: a row has other columns, or the layout of an earlier version.
        """
        packed = [value for value in values if value is not None]
        joined = b"".join(packed)
        if crc32(joined) or len(joined) % 8 or min(map(len, packed), default=MIN_ROW_BYTES) < MIN_ROW_BYTES:
            return self._unpack_intact(values)
        if len(values) == 1 and packed:
            return self._unpack_one(joined)
        known = np.array([value is not None for value in values], np.bool_)
        sizes = np.fromiter(map(len, packed), np.int64, len(packed)) // 8
        words = np.frombuffer(joined, "<u8")
        starts = np.cumsum(sizes) - sizes
        self._refuse_other_schema(words[starts])
        fixed = np.repeat(self._unknown, len(known), axis=0)
        fixed[known] = words[starts[:, None] + np.arange(self._width)]
        return UnpackedRows(known=known, rows=self._view_rows(fixed, self._lists(words, starts + self._width, known)))

    def _unpack_intact(self, values: Sequence[Buffer | None]) -> UnpackedRows:
        """Unpack the rows with the right checksum, and mark the others as damaged."""
        intact = [value is None or is_intact(value) for value in values]
        others = [value for value, is_right in zip(values, intact, strict=True) if value is not None and not is_right]
        if unchecked := sum(bytes(value[4:8]) == _UNCHECKED_LAYOUT for value in others):
            self._refuse(unchecked, len(values))
        unpacked = self.unpack([value if is_right else None for value, is_right in zip(values, intact, strict=True)])
        return replace(unpacked, damaged=~np.array(intact, np.bool_))

    def _unpack_one(self, value: bytes) -> UnpackedRows:
        """Unpack a single row by slices, which takes half the time."""
        words = np.frombuffer(value, "<u8")
        self._refuse_other_schema(words[:1])
        fixed, start, lists = words[None, : self._width], self._width, []
        for _ in self.view.lists:
            count = int(words[start])
            lists.append(
                RaggedList(offsets=np.array([0, count]), values=words[start + 1 : start + 1 + count].view("<f8"))
            )
            start += 1 + count
        return UnpackedRows(known=np.ones(1, np.bool_), rows=self._view_rows(fixed, tuple(lists)))

    def _view_rows(self, fixed: Words, lists: tuple[RaggedList, ...]) -> ViewRows:
        """The rows from their fixed words, (n, width), and their lists."""
        return ViewRows(
            event_at=fixed[:, 1].view("<i8"),
            created_at=fixed[:, 2].view("<i8"),
            scalars=fixed[:, self._first_scalar :].view("<f8"),
            nulls=self._nulls(fixed),
            lists=lists,
        )

    def _fixed_words(self, rows: ViewRows) -> Words:
        """The words that every row has, (n, width)."""
        fixed = np.zeros((len(rows.event_at), self._width), "<u8")
        fixed[:, 0] = self.tag
        fixed[:, 1] = rows.event_at.view(np.uint64)
        fixed[:, 2] = rows.created_at.view(np.uint64)
        bits = np.packbits(rows.nulls, axis=1, bitorder="little")
        fixed[:, HEADER_WORDS : self._first_scalar].view("u1")[:, : bits.shape[1]] = bits
        fixed[:, self._first_scalar :].view("<f8")[:] = rows.scalars
        return fixed

    def _nulls(self, fixed: Words) -> Booleans:
        """The bitmap as booleans, (n, columns)."""
        bits = np.ascontiguousarray(fixed[:, HEADER_WORDS : self._first_scalar]).view("u1")
        return np.unpackbits(bits, axis=1, count=self._columns, bitorder="little").view(np.bool_)

    def _lists(self, words: Words, starts: Integers, known: Booleans) -> tuple[RaggedList, ...]:
        """The lists; ``starts`` are the positions of the words where each known row's lists begin."""
        lists = []
        for _ in self.view.lists:
            count = words[starts].view("<i8")
            offsets = np.zeros(len(known) + 1, np.int64)
            offsets[1:][known] = count
            lists.append(
                RaggedList(offsets=np.cumsum(offsets), values=words[_run_positions(starts + 1, count)].view("<f8"))
            )
            starts = starts + 1 + count
        return tuple(lists)

    def _refuse_other_schema(self, tags: Words) -> None:
        if (other := int((tags != self.tag).sum())) > 0:
            self._refuse(other, len(tags))

    def _refuse(self, other: int, rows: int) -> NoReturn:
        raise SchemaMismatch(
            f"{other} of {rows} rows stored for the view {self.view.name!r} were written with other columns "
            f"than these {self._columns}. Publish the features again, and read with the release trained on them."
        )


def is_intact(value: Buffer) -> bool:
    """Whether a packed row, of any schema, has the checksum that it was written with."""
    return len(value) % 8 == 0 and len(value) >= MIN_ROW_BYTES and crc32(value) == 0


def with_checksum(row: bytes) -> bytes:
    """A row of the layout of earlier versions as one of today's; any other value unchanged."""
    if row[4:8] != _UNCHECKED_LAYOUT:
        return row
    return append_residue(row[:4] + LAYOUT_VERSION.to_bytes(4, "little") + row[8:] + _PADDING)


def headers(values: Iterable[Buffer]) -> Words:
    """Tag, event time and created time of packed rows of any schema, (n, 3)."""
    return np.frombuffer(b"".join([value[: 8 * HEADER_WORDS] for value in values]), "<u8").reshape(-1, HEADER_WORDS)


def _fingerprint(view: View) -> int:
    """A hash that differs when a column is renamed, moved, added, removed or changes its kind."""
    return crc32("\n".join(f"{column.name}:{column.kind}" for column in view.columns).encode())


def _run_positions(starts: Integers, lengths: Integers) -> Integers:
    """The positions start, start + 1, .. of consecutive runs."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def _split_bytes(whole: bytes, sizes: Integers) -> list[bytes]:
    ends = np.cumsum(sizes)
    return [whole[start:end] for start, end in zip((ends - sizes).tolist(), ends.tolist(), strict=True)]
