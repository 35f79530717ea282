"""Audit verification: an altered, removed, inserted or moved line is detected, unless the secret is known."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.storage.secret import load_secret
from serving.observability.audit_log import COMMAND_LINE, CONSENT, ERASURE, EXPORT, AuditLog, AuditWriteFailed
from serving.observability.audit_verification import AuditReport, verify_audit
from tests.serving.fakes import TODAY

LINES = 6
OLD_LINE = '{"at":"2025-01-01T00:00:00Z","action":"export","actor":"open"}\n'
Tamper = Callable[[list[bytes], int], list[bytes]]


@pytest.fixture(scope="module")
def written_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("written")
    append(home, LINES)
    return home


def append(home: Path, count: int, audit: AuditLog | None = None) -> None:
    audit = audit or AuditLog.open(home)
    for number in range(count):
        audit.append((EXPORT, CONSENT, ERASURE)[number % 3], COMMAND_LINE, TODAY + number, members=number)


def faults_of(home: Path) -> list[str]:
    return [f"{fault.file} {fault.row}: {fault.fault}" for fault in verify_audit(home).faults]


def copy_with_lines(home: Path, folder: Path, tamper: Callable[[list[bytes]], list[bytes]]) -> Path:
    """A copy of a home with another audit log."""
    copy = folder / "tampered"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    lines = (copy / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "audit.jsonl").write_bytes(b"".join(tamper(lines)))
    return copy


def test_a_log_that_nobody_touched_is_intact(written_home: Path) -> None:
    assert verify_audit(written_home) == AuditReport(lines=LINES, first_line=1, last_line=LINES)


def test_a_home_without_a_log_is_intact_and_stays_as_it_is(tmp_path: Path) -> None:
    assert verify_audit(tmp_path) == AuditReport()
    assert [*tmp_path.iterdir()] == []


@given(number=st.integers(0, LINES - 1), other=st.integers(0, LINES - 1), bit=st.integers(0, 10**4))
@pytest.mark.parametrize("way", ["remove", "flip", "insert", "swap", "cut"])
def test_every_change_of_a_line_is_found(
    written_home: Path, tmp_path_factory: pytest.TempPathFactory, way: str, number: int, other: int, bit: int
) -> None:
    def tamper(lines: list[bytes]) -> list[bytes]:
        if way == "remove":
            return lines[:number] + lines[number + 1 :]
        if way == "insert":
            return [*lines[:number], lines[other], *lines[number:]]
        if way == "swap":
            lines[number], lines[other] = lines[other], lines[number]
            return lines
        if way == "cut":
            return lines[:number]
        line = bytearray(lines[number])
        line[bit // 8 % len(line)] ^= 1 << bit % 8
        return [*lines[:number], bytes(line), *lines[number + 1 :]]

    copy = copy_with_lines(written_home, tmp_path_factory.getbasetemp(), tamper)
    unchanged = way == "swap" and number == other
    assert bool(verify_audit(copy).faults) is not unchanged


def test_a_fault_says_which_line(written_home: Path, tmp_path: Path) -> None:
    def faults_after(tamper: Callable[[list[bytes]], list[bytes]]) -> list[str]:
        return faults_of(copy_with_lines(written_home, tmp_path, tamper))

    assert faults_after(lambda lines: lines[:2] + lines[3:]) == ["audit.jsonl 3: is line 4: line 3 missing before it"]
    assert faults_after(lambda lines: [line.replace(b'"members":2', b'"members":9') for line in lines]) == [
        "audit.jsonl 3: was altered: its code does not fit (line 3)"
    ]
    assert faults_after(lambda lines: lines[:4]) == ["audit.jsonl 0: ends before lines 5 to 6, which audit.head knows"]
    assert faults_after(lambda lines: lines[2:]) == ["audit.jsonl 1: comes first, without lines 1 to 2"]
    forged = OLD_LINE.encode()
    assert faults_after(lambda lines: [*lines[:2], forged, *lines[2:]]) == [
        "audit.jsonl 3: has no code, after lines that have: it was inserted, or altered"
    ]


@pytest.mark.parametrize("name", ["audit.head", "audit.jsonl"])
def test_a_removed_file_is_told_also_after_the_next_line(tmp_path: Path, name: str) -> None:
    append(tmp_path, 3)
    (tmp_path / name).unlink()
    assert faults_of(tmp_path)
    append(tmp_path, 1)
    assert faults_of(tmp_path)


def test_a_process_that_goes_on_after_the_head_was_removed_creates_it_anew(tmp_path: Path) -> None:
    audit = AuditLog.open(tmp_path)
    append(tmp_path, 3, audit)
    (tmp_path / "audit.head").unlink()
    append(tmp_path, 1)
    append(tmp_path, 1, audit)
    assert faults_of(tmp_path) == ["audit.jsonl 4: was written without audit.head: lines may be missing before it"]


def test_a_log_written_with_another_secret_is_no_log_of_this_home(written_home: Path, tmp_path: Path) -> None:
    copy = copy_with_lines(written_home, tmp_path, lambda lines: lines)
    (copy / "secret").write_bytes(b"s" * 32)
    assert len(faults_of(copy)) == LINES + 1


def test_lines_of_an_earlier_version_are_taken_and_then_protected(tmp_path: Path) -> None:
    load_secret(tmp_path)
    (tmp_path / "audit.jsonl").write_text(OLD_LINE * 3)
    append(tmp_path, 2)
    report = verify_audit(tmp_path)
    assert (report.unchained, report.lines, report.faults) == (3, 2, [])
    copy = copy_with_lines(tmp_path, tmp_path.parent, lambda lines: lines[1:])
    assert faults_of(copy) == ["audit.jsonl 3: does not follow the line before it (line 1)"]


def test_rotated_files_stay_in_the_chain(tmp_path: Path) -> None:
    audit, current = AuditLog.open(tmp_path), tmp_path / "audit.jsonl"
    append(tmp_path, 2, audit)
    (tmp_path / "audit.jsonl.2.gz").write_bytes(gzip.compress(current.read_bytes()))
    current.unlink()
    append(tmp_path, 2, audit)
    current.rename(tmp_path / "audit.jsonl.1")
    append(tmp_path, 2, audit)
    assert verify_audit(tmp_path) == AuditReport(lines=6, first_line=1, last_line=6)
    (tmp_path / "audit.jsonl.2.gz").unlink()
    assert faults_of(tmp_path) == ["audit.jsonl.1 1: comes first, without lines 1 to 2"]
    assert verify_audit(tmp_path, begins_at=3).faults == []
    (tmp_path / "audit.jsonl.1").unlink()
    assert verify_audit(tmp_path, begins_at=3).faults != []


def test_a_torn_line_is_accounted_for_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit, write = AuditLog.open(tmp_path), os.write
    append(tmp_path, 2, audit)
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, text: write(file, text[:20]))
        for _ in range(2):
            with pytest.raises(AuditWriteFailed):
                audit.append(ERASURE, COMMAND_LINE, TODAY)
    append(tmp_path, 2, audit)
    report = verify_audit(tmp_path)
    assert (report.lines, report.torn, report.faults) == (4, 2, [])


def test_a_line_whose_writer_was_killed_before_the_head_counts(tmp_path: Path) -> None:
    append(tmp_path, 2)
    head = (tmp_path / "audit.head").read_bytes()
    append(tmp_path, 1)
    (tmp_path / "audit.head").write_bytes(head)
    assert faults_of(tmp_path) == []
    append(tmp_path, 1)
    assert verify_audit(tmp_path) == AuditReport(lines=4, first_line=1, last_line=4)
