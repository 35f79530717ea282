"""Audit reader: all lines of a home's audit log, in order, over the files that rotations put aside."""

from __future__ import annotations

import gzip
from pathlib import Path

from serving.observability.audit_log import COMMAND_LINE, CONSENT, AuditLog
from serving.observability.audit_reader import audit_files, read_audit
from tests.serving.fakes import TODAY


def append(home: Path, *numbers: int) -> None:
    for number in numbers:
        AuditLog.open(home).append(CONSENT, COMMAND_LINE, TODAY, number=number)


def test_a_home_without_an_audit_log_has_no_lines(tmp_path: Path) -> None:
    assert [*read_audit(tmp_path)] == []


def test_lines_come_in_order_over_rotated_files(tmp_path: Path) -> None:
    current = tmp_path / "audit.jsonl"
    append(tmp_path, 1, 2)
    (tmp_path / "audit.jsonl.2.gz").write_bytes(gzip.compress(current.read_bytes()))
    current.unlink()
    append(tmp_path, 3)
    current.rename(tmp_path / "audit.2026.jsonl")
    append(tmp_path, 4)
    assert [path.name for path in audit_files(tmp_path)] == ["audit.jsonl.2.gz", "audit.2026.jsonl", "audit.jsonl"]
    assert [line["number"] for line in read_audit(tmp_path)] == [1, 2, 3, 4]


def test_torn_lines_are_left_out(tmp_path: Path) -> None:
    append(tmp_path, 1)
    with (tmp_path / "audit.jsonl").open("ab") as file:
        file.write(b'{"at":"2026-11-2')
    append(tmp_path, 2)
    assert [line["number"] for line in read_audit(tmp_path)] == [1, 2]
