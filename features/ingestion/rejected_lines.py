"""Rejected lines: lines of a raw file that cannot be read, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RejectedLine:
    """A line that is set aside, or that has the whole table refused where ``bad_lines.at_most`` does not allow it."""

    file: str  # its name, without folder
    line: int  # counted from 1, lines before the header too
    reason: str  # what was found and expected, without final full stop
    text: str  # as in the file
