"""Recent acts: how many consents were given and withdrawn and how many customers were forgotten, without their ids."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

from serving.observability.audit_log import CONSENT, ERASURE
from serving.observability.audit_reader import AUDIT_FILE, parse_line

MAX_TAIL_BYTES = 2**20  # of the audit log that are read at first: some thousand acts
_COUNTED = tuple(f'"{action}"'.encode() for action in (CONSENT, ERASURE))  # what the line of a counted act contains


@dataclass(frozen=True)
class RecentActs:
    """Numbers of acts since an instant, from the end of the audit log."""

    granted: int
    denied: int
    erased: int
    complete: bool  # False where the log has more lines since then than were read


class _Act(NamedTuple):
    at: str
    granted: bool | None  # None for an erasure


class RecentActsReader:
    """Reader of the end of a home's audit log; each count reads only the lines that were added since the one before."""

    def __init__(self, home: Path) -> None:
        """Set the home; nothing is read before the first count."""
        self._path = home / AUDIT_FILE
        self._lock = Lock()
        self._acts: list[_Act] = []
        self._start_over(None, "")

    def count(self, since: str) -> RecentActs:
        """Count the acts since ``since``, an instant in RFC 3339 and UTC as the lines have it.

        Raises:
            OSError: the log cannot be read.
        """
        with self._lock:
            self._read_on(since)
            self._acts = [act for act in self._acts if act.at >= since]
            granted = [act.granted for act in self._acts if act.granted is not None]
            is_complete = self._is_whole or (self._oldest is not None and self._oldest < since)
            return RecentActs(sum(granted), len(granted) - sum(granted), len(self._acts) - len(granted), is_complete)

    def _start_over(self, file: tuple[int, int] | None, since: str) -> None:
        self._file, self._since = file, since  # device and inode; a rotation replaces the file
        self._offset, self._is_whole = 0, True
        self._oldest: str | None = None
        self._acts = []

    def _read_on(self, since: str) -> None:
        """Read the lines after those that were read; the end of the file where they are too many."""
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                identity, size = (status.st_dev, status.st_ino), status.st_size
                first = max(size - MAX_TAIL_BYTES, 0)
                if identity != self._file or since < self._since or not first <= self._offset <= size:
                    self._start_over(identity, since)
                    self._offset, self._is_whole = first, not first
                file.seek(self._offset)
                lines = file.read(size - self._offset).splitlines(keepends=True)
        except FileNotFoundError:
            self._start_over(None, since)
            return
        self._since = since
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()  # another process writes it just now
        self._offset += sum(map(len, lines))
        self._add(lines)

    def _add(self, lines: list[bytes]) -> None:
        for line in lines:
            # Most lines are of reads; only the first one is parsed, because it tells how far back the lines go.
            if self._oldest is not None and not any(word in line for word in _COUNTED):
                continue
            act = parse_line(line)
            if act is None or not isinstance(at := act.get("at"), str):
                continue
            self._oldest = at if self._oldest is None else min(at, self._oldest)
            if act.get("action") == ERASURE:
                self._acts.append(_Act(at, granted=None))
            elif act.get("action") == CONSENT:
                self._acts += [_Act(at, granted) for granted in _decisions_of(act)]


def _decisions_of(act: Mapping[str, Any]) -> list[bool]:
    """Whether the consent of an act was granted; none of a file of consents, whose line has numbers alone."""
    match act.get("consents"):
        case [{"granted": bool(granted)}, *_]:
            return [granted]
    return []
