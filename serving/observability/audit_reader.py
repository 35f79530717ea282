"""Audit reader: the lines of a home's audit log in the order in which they were written, rotated files first."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

AUDIT_FILE = "audit.jsonl"
_ROTATED_FILES = "audit*.jsonl*"  # audit.2026.jsonl, audit.jsonl.1, audit.jsonl.2.gz


def read_audit(home: Path) -> Iterator[dict[str, Any]]:
    """Yield every line of the audit log of a home as a dictionary, oldest first; torn lines are left out.

    A line has ``at`` (RFC 3339), ``action``, ``actor`` and the fields of its action; ``customer`` is the pseudonym of
    ``AuditLog.pseudonym``. Whether lines were altered or removed is not checked here: see ``audit_chain``.

    Raises:
        OSError: a file of the log cannot be read.
    """
    for path in audit_files(home):
        for line in read_lines(path):
            parsed = parse_line(line)
            if parsed is not None:
                yield parsed


def audit_files(home: Path) -> list[Path]:
    """The files of the audit log: those that a rotation put aside, oldest first, then the one that is written to."""
    current = home / AUDIT_FILE
    paths = audit_paths(home)
    rotated = sorted((path for path in paths if path != current), key=_order)
    return [*rotated, current] if current in paths else rotated


def audit_paths(home: Path) -> list[Path]:
    """The files of the audit log in any order, which need not be read for it."""
    return [path for path in home.glob(_ROTATED_FILES) if path.is_file()]


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file without their line breaks; a file that ends in .gz is unpacked."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            yield line.rstrip(b"\n")


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The fields of a line; None for a torn one."""
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _order(path: Path) -> tuple[int, int]:
    """Chained files by the number of their first chained line, after all older ones by their time."""
    numbers = (fields.get("line") for line in read_lines(path) if (fields := parse_line(line)) is not None)
    first = next((number for number in numbers if isinstance(number, int)), 0)
    return first, path.stat().st_mtime_ns
