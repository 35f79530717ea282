"""Audit verification: finds the lines of a home's audit log that were altered, removed, inserted or moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.storage.secret import load_secret
from serving.observability.audit_chain import HEAD_BYTES, NO_LINE, ChainKey, Link
from serving.observability.audit_head import HEAD_FILE
from serving.observability.audit_reader import AUDIT_FILE, audit_files, parse_line, read_lines


@dataclass(frozen=True)
class AuditFault:
    """One place at which the chain is broken."""

    file: str
    row: int  # in the file, from 1 on; 0 for the end of the log
    fault: str

    @property
    def place(self) -> str:
        """The file, and the row in it where there is one."""
        return f"{self.file}, row {self.row}" if self.row else self.file


@dataclass
class AuditReport:
    """What a verification found: the numbers of lines of each kind, and every fault."""

    lines: int = 0  # chained and genuine
    unchained: int = 0  # of an earlier version, before the chain
    torn: int = 0  # torn lines that the next line accounts for
    first_line: int | None = None
    last_line: int | None = None
    faults: list[AuditFault] = field(default_factory=list)


def verify_audit(home: Path, begins_at: int = 1) -> AuditReport:
    """Verify every line of the audit log of a home; lines before number ``begins_at`` may be archived elsewhere.

    Raises:
        InvalidSecret: the home's secret is damaged.
        OSError: a file of the log cannot be read.
    """
    # The head before the lines: those that are appended meanwhile follow it.
    head_path = home / HEAD_FILE
    packed = head_path.read_bytes()[:HEAD_BYTES] if head_path.is_file() else b""
    files = audit_files(home)
    if not files and not packed:
        return AuditReport()  # and no secret is created
    verifier = _Verifier(ChainKey.of(load_secret(home)), begins_at)
    for path in files:
        verifier.read_file(path)
    verifier.check_end(packed)
    return verifier.report


class _Verifier:
    """Follows the chain from line to line."""

    def __init__(self, key: ChainKey, begins_at: int) -> None:
        self.report = AuditReport()
        self._key = key
        self._begins_at = begins_at
        self._last = NO_LINE
        self._altered = 0  # altered lines since the last genuine one
        self._before = bytearray()  # all lines of the file before the chain
        self._unread: list[tuple[AuditFault, int]] = []  # lines that are no JSON, with their bytes

    def read_file(self, path: Path) -> None:
        """Verify the lines of one file."""
        self._before.clear()
        for row, line in enumerate(read_lines(path), 1):
            fields = parse_line(line)
            if fields is None:
                fault = AuditFault(path.name, row, "is no whole line, and no later line accounts for it")
                self._unread.append((fault, len(line) + 1))
                self._before += line + b"\n"
            elif "code" in fields:
                self._read_chained(path.name, row, line, fields)
            else:
                self._read_unchained(path.name, row, line)

    def check_end(self, packed_head: bytes) -> None:
        """Verify that the log ends where the head says."""
        self.report.faults += [fault for fault, _ in self._unread]
        if self.report.first_line is None and not packed_head:
            return
        head = self._key.unpack_head(packed_head)
        if head is None:
            self._add_fault(HEAD_FILE, 0, "is missing or damaged, so lines may be missing at the end")
        elif head.link.line > self._last.line + self._altered:
            self._add_fault(
                AUDIT_FILE, 0, f"ends before {_lines(self._last.line + 1, head.link.line)}, which audit.head knows"
            )

    def _read_unchained(self, name: str, row: int, line: bytes) -> None:
        self.report.unchained += 1
        self._before += line + b"\n"
        if self.report.first_line is not None:
            self._add_fault(name, row, "has no code, after lines that have: it was inserted, or altered")

    def _read_chained(self, name: str, row: int, line: bytes, fields: dict[str, Any]) -> None:
        link = self._key.link_of(line)
        if link is None:
            self._add_fault(name, row, f"was altered: its code does not fit (line {fields.get('line')!r})")
            self._altered += 1
            return
        self._check_place(name, row, link, fields)
        self._check_notes(name, row, fields)
        self.report.lines += 1
        self.report.first_line = self.report.first_line or link.line
        self.report.last_line = link.line
        self._last, self._altered = link, 0
        self._before.clear()

    def _check_place(self, name: str, row: int, link: Link, fields: dict[str, Any]) -> None:
        expected = self._last.line + 1 + self._altered
        if self.report.first_line is None and link.line > 1:
            if link.line > self._begins_at:
                self._add_fault(name, row, f"comes first, without {_lines(self._begins_at, link.line - 1)}")
        elif link.line < expected:
            self._add_fault(name, row, f"is line {link.line}, after line {self._last.line}: moved, or repeated")
        elif link.line > expected:
            self._add_fault(name, row, f"is line {link.line}: {_lines(expected, link.line - 1)} missing before it")
        elif not self._altered and fields["previous"] != self._expected_code():
            self._add_fault(name, row, f"does not follow the line before it (line {link.line})")

    def _expected_code(self) -> str:
        """Return the code before the next line; the first one has that of all lines without a chain."""
        return self._key.code_of(bytes(self._before)) if not self._last.line and self._before else self._last.code

    def _check_notes(self, name: str, row: int, fields: dict[str, Any]) -> None:
        """Check what a line says about the state in which its writer found the log."""
        if fields.get("head") == "missing":
            self._add_fault(name, row, f"was written without {HEAD_FILE}: lines may be missing before it")
        unread = sum(size for _, size in self._unread)
        if self._unread and self._last.line and fields.get("torn") in (unread, unread - 1):
            self.report.torn += len(self._unread)
        elif self._last.line:
            self.report.faults += [fault for fault, _ in self._unread]
        self._unread = []

    def _add_fault(self, name: str, row: int, fault: str) -> None:
        self.report.faults.append(AuditFault(name, row, fault))


def _lines(first: int, last: int) -> str:
    return f"line {first}" if first == last else f"lines {first} to {last}"
