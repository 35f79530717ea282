"""Audit recovery: where the chain goes on if the file does not end where the head says."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from serving.observability.audit_chain import NO_LINE, ChainKey, Head, Link

_TAIL_BYTES = 2**20  # more than the longest line


@dataclass(frozen=True)
class Continuation:
    """The line after which the chain goes on, the fields that tell why, and a break that ends a torn line."""

    previous: Link
    notes: dict[str, Any]
    line_break: bytes = b""


def find_continuation(file: int, size: int, head: Head | None, key: ChainKey, *, is_new_log: bool) -> Continuation:
    """Return where the chain goes on.

    After a crash between line and head, the last line of the file is newer than the head, and the chain goes on after
    it. In every other case the head counts: after a rotation the file is new, and where lines are missing at the end,
    the gap stays visible. Fields of the next line tell the bytes of a torn line (``torn``), the lines of an earlier
    version without a chain (``unchained``), and that the head was missing (``head``).
    """
    start = max(0, size - _TAIL_BYTES)
    tail = os.pread(file, size - start, start)
    last, end = _find_last_link(tail, key)
    line_break = b"" if not tail or tail.endswith(b"\n") else b"\n"
    if last is None and head is None:
        return _begin_chain(file, size, line_break, key, is_new_log=is_new_log)
    known = head.link if head is not None else NO_LINE
    previous = last if last is not None and last.line > known.line else known
    torn = len(tail) - end if end < len(tail) else 0
    notes = {**({"torn": torn} if torn else {}), **({} if head is not None else {"head": "missing"})}
    return Continuation(previous, notes, line_break)


def _begin_chain(file: int, size: int, line_break: bytes, key: ChainKey, *, is_new_log: bool) -> Continuation:
    """Return the beginning of a chain; its first line holds the code of all that an earlier version wrote before."""
    notes = {} if is_new_log else {"head": "missing"}
    if not size:
        return Continuation(NO_LINE, notes, line_break)
    before = os.pread(file, size, 0) + line_break
    return Continuation(Link(0, key.code_of(before)), {**notes, "unchained": before.count(b"\n")}, line_break)


def _find_last_link(tail: bytes, key: ChainKey) -> tuple[Link | None, int]:
    """Return the last genuine line and where it ends, with its line break; (None, 0) where there is none."""
    end = tail.rfind(b"\n") + 1
    while end:
        start = tail.rfind(b"\n", 0, end - 1) + 1
        link = key.link_of(tail[start : end - 1])
        if link is not None:
            return link, end
        end = start
    return None, 0
