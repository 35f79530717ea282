"""LMDB structure: walks all pages that a transaction can reach, so that no later read leaves the file or its page.

LMDB trusts its file. A read of a page that a truncation cut off ends the process with SIGBUS, and so may a flipped
offset. The layout is that of LMDB 0.9 (mdb.c: MDB_meta, MDB_page, MDB_node), on a little-endian machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lmdb
import numpy as np
from numpy.typing import NDArray

from features.arrays import Booleans, Integers

Bytes = NDArray[np.uint8]
PAGE_HEADER, NODE_HEADER = 16, 8  # bytes
_MAGIC = 0xBEEFC0DE
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4  # page flags
_BIG_DATA, _SUB_DATABASE = 1, 2  # node flags
_NO_PAGE = 2**64 - 1
_MAX_DEPTH = 32
_CHUNK = 2048  # pages copied at once
_META_TYPE = np.dtype(
    {
        "names": ["magic", "page_bytes", "free_tree", "main_tree", "last_page", "transaction"],
        "formats": ["<u4", "<u4", "<2u8", "<2u8", "<u8", "<u8"],  # a tree: its number of entries and its root
        "offsets": [0, 24, 56, 104, 120, 128],
        "itemsize": 136,
    }
)


class DamagedStructure(ValueError):
    """A page is cut off, or does not hold what the pages above it say."""


def meta_pages_problem(path: Path) -> str | None:
    """What is wrong with the size or the two meta pages of a file, read without a mapping; None for a whole file."""
    with path.open("rb") as file:
        head = file.read(PAGE_HEADER + _META_TYPE.itemsize)
        if len(head) < PAGE_HEADER + _META_TYPE.itemsize:
            return f"{len(head)} bytes instead of two meta pages"
        first = np.frombuffer(head, _META_TYPE, 1, PAGE_HEADER)[0]
        file.seek(int(first["page_bytes"]) + PAGE_HEADER)
        tail = file.read(_META_TYPE.itemsize)
        size = file.seek(0, os.SEEK_END)
    if first["magic"] != _MAGIC or size < 2 * first["page_bytes"] or len(tail) < _META_TYPE.itemsize:
        return "no two meta pages"
    second = np.frombuffer(tail, _META_TYPE, 1)[0]
    distance = abs(int(first["transaction"]) - int(second["transaction"]))
    if second["magic"] != _MAGIC or second["page_bytes"] != first["page_bytes"] or distance > 1:
        return "meta pages that do not belong together"
    return None


def verify_structure(path: Path, transaction: lmdb.Transaction[bytes]) -> None:
    """Check every page that a read transaction can reach; the transaction keeps a writer from reusing them.

    Raises:
        DamagedStructure: a page is missing, or is not what the page above it expects.
        OSError: the file cannot be read.
    """
    page_bytes = transaction.stat()["psize"]
    mapped: Bytes = np.memmap(path, np.uint8, "r")
    pages = mapped[: len(mapped) // page_bytes * page_bytes].reshape(-1, page_bytes)
    metas = np.stack([pages[index, PAGE_HEADER : PAGE_HEADER + _META_TYPE.itemsize] for index in (0, 1)])
    meta = next((meta for meta in metas.view(_META_TYPE)[:, 0] if meta["transaction"] == transaction.id()), None)
    if meta is None:
        raise DamagedStructure(f"no meta page of the transaction {transaction.id()}")
    walk = _Walk(pages)
    free = walk.tree(*meta["free_tree"].tolist())
    for nodes in walk.tree(*meta["main_tree"].tolist()):
        if any(transaction.get(key) is None for key in nodes.boundary_keys()):
            raise DamagedStructure("keys that a search does not find")
    walk.check_free_pages(free, int(meta["last_page"]))


@dataclass(frozen=True)
class _Nodes:
    """The nodes of pages of one level, flat."""

    block: Bytes  # (pages * page_bytes,)
    at: Integers  # (n,) where each node begins in the block, page by page
    page_end: Integers  # (n,) where its page ends
    low: Integers  # (n,) data size of a leaf node, or the low half of a branch node's child
    flags: Integers  # (n,)
    data_at: Integers  # (n,) where its data begins

    @property
    def children(self) -> Integers:
        """The page numbers in branch nodes."""
        return self.low | self.flags << 32

    def boundary_keys(self) -> Iterator[bytes]:
        """The first and the last key of every page; a search that finds both finds all keys between."""
        turns = np.flatnonzero(np.diff(self.page_end))
        for index in {0, *turns.tolist(), *(turns + 1).tolist(), len(self.at) - 1} if len(self.at) else ():
            yield self.block[self.at[index] + NODE_HEADER : self.data_at[index]].tobytes()

    def words(self, chosen: Booleans, offset: int = 0) -> Integers:
        """Eight bytes of the data of chosen nodes; they may begin at any byte."""
        positions = self.data_at[chosen, None] + offset + np.arange(8)
        words: Integers = self.block[positions].view("<u8")[:, 0].astype(np.int64)
        return words


class _Walk:
    """One walk over the trees of a file, level by level."""

    def __init__(self, pages: Bytes) -> None:
        self._pages = pages
        self._used = np.zeros(len(pages), np.bool_)
        self._used[:2] = True

    def tree(self, entries: int, root: int) -> list[_Nodes]:
        """Check a tree and the trees that its leaves name; returns the nodes of its own leaves."""
        leaves: list[_Nodes] = []
        level = np.array([] if root == _NO_PAGE else [root], np.int64)
        for _ in range(_MAX_DEPTH):
            if not len(level):
                if sum(len(nodes.at) for nodes in leaves) != entries:
                    raise DamagedStructure(f"a tree without all of its {entries:,} entries")
                return leaves
            below = []
            for nodes, is_leaf in self._read_level(level):
                if is_leaf:
                    self._check_leaf(nodes)
                    leaves.append(nodes)
                else:
                    below.append(nodes.children)
            level = np.concatenate(below) if below else np.array([], np.int64)
        raise DamagedStructure("a tree without an end")

    def check_free_pages(self, leaves: list[_Nodes], last_page: int) -> None:
        """A page in use must not be on the list of free pages: the next write would take it."""
        for nodes in leaves:
            big = nodes.flags & _BIG_DATA != 0
            inline = [
                nodes.block[start : start + size].tobytes()
                for start, size in zip(nodes.data_at[~big].tolist(), nodes.low[~big].tolist(), strict=True)
            ]
            large = [
                self._pages[page:].reshape(-1)[PAGE_HEADER : PAGE_HEADER + size].tobytes()
                for page, size in zip(nodes.words(big).tolist(), nodes.low[big].tolist(), strict=True)
            ]
            for record in inline + large:
                self._check_free_record(record, last_page)

    def _check_free_record(self, record: bytes, last_page: int) -> None:
        numbers = np.frombuffer(record[: len(record) // 8 * 8], "<u8")
        free = numbers[1 : 1 + int(numbers[0])] if len(numbers) else numbers
        if len(record) % 8 or not len(numbers) or len(free) != numbers[0] or (free > last_page).any():
            raise DamagedStructure("a list of free pages that is not one")
        if self._used[free[free < len(self._used)].astype(np.int64)].any():
            raise DamagedStructure("pages in use among the free ones")

    def _read_level(self, level: Integers) -> Iterator[tuple[_Nodes, bool]]:
        self._take(level, np.ones(len(level), np.int64))
        for start in range(0, len(level), _CHUNK):
            numbers = level[start : start + _CHUNK]
            block = self._pages[numbers]
            flags = block[:, 10:12].view("<u2")[:, 0]
            if (block[:, :8].view("<u8")[:, 0] != numbers).any() or not np.isin(flags, (_BRANCH, _LEAF)).all():
                raise DamagedStructure("a page with another number or kind than expected")
            for kind in (_BRANCH, _LEAF):
                if (flags == kind).any():
                    yield _nodes(np.ascontiguousarray(block[flags == kind])), kind == _LEAF

    def _check_leaf(self, nodes: _Nodes) -> None:
        big, sub = nodes.flags & _BIG_DATA != 0, nodes.flags & _SUB_DATABASE != 0
        if (nodes.flags & ~(_BIG_DATA | _SUB_DATABASE)).any() or (big & sub).any() or (nodes.low[sub] != 48).any():
            raise DamagedStructure("a node of an unknown kind")
        if (nodes.data_at + np.where(big, 8, nodes.low) > nodes.page_end).any():
            raise DamagedStructure("a value that leaves its page")
        self._check_overflow(nodes.words(big), nodes.low[big])
        roots = nodes.words(sub, 40).astype(np.uint64).tolist()
        for entries, root in zip(nodes.words(sub, 32).tolist(), roots, strict=True):
            self.tree(entries, root)

    def _check_overflow(self, first: Integers, sizes: Integers) -> None:
        lengths = (PAGE_HEADER - 1 + sizes) // self._pages.shape[1] + 1
        self._take(first, lengths)
        heads = self._pages[first, :PAGE_HEADER]
        numbers, counts = heads[:, :8].view("<u8")[:, 0], heads[:, 12:16].view("<u4")[:, 0]
        if (numbers != first).any() or (heads[:, 10] != _OVERFLOW).any() or (counts < lengths).any():
            raise DamagedStructure("a long value without its pages")

    def _take(self, first: Integers, lengths: Integers) -> None:
        if (first < 2).any() or (first + lengths > len(self._pages)).any():
            raise DamagedStructure(f"pages beyond the end of the file of {len(self._pages)} pages")
        numbers = np.repeat(first - np.cumsum(lengths) + lengths, lengths) + np.arange(int(lengths.sum()))
        if self._used[numbers].any() or len(np.unique(first)) != len(first):
            raise DamagedStructure("pages that are used twice")
        self._used[numbers] = True


def _nodes(block: Bytes) -> _Nodes:
    """The nodes of pages of one kind, (pages, page_bytes); raises DamagedStructure for one that leaves its page."""
    page_bytes = block.shape[1]
    bounds = block[:, 12:16].view("<u2").astype(np.int64)
    lower, upper = bounds[:, 0], bounds[:, 1]
    if (lower < PAGE_HEADER).any() or (lower > upper).any() or (upper > page_bytes).any() or (lower % 2).any():
        raise DamagedStructure("a page without bounds")
    counts = (lower - PAGE_HEADER) // 2
    slots = np.arange(int(counts.max(initial=0))) < counts[:, None]
    offsets = block[:, PAGE_HEADER : PAGE_HEADER + 2 * slots.shape[1]].view("<u2").astype(np.int64)
    row = np.broadcast_to(np.arange(len(block))[:, None], slots.shape)[slots]
    offset = offsets[slots]
    if (offset < upper[row]).any() or (offset > page_bytes - NODE_HEADER).any() or (offset % 2).any():
        raise DamagedStructure("a node outside its page")
    flat, at = block.reshape(-1), row * page_bytes + offset
    halves = flat.view("<u2")[at[:, None] // 2 + np.arange(4)].astype(np.int64)
    data_at, page_end = at + NODE_HEADER + halves[:, 3], (row + 1) * page_bytes
    if (data_at > page_end).any():
        raise DamagedStructure("a key that leaves its page")
    return _Nodes(flat, at, page_end, halves[:, 0] | halves[:, 1] << 16, halves[:, 2], data_at)
