"""Audit log: one whole line per action on customers' data, with actor and instant, and without a customer's id."""

from __future__ import annotations

import json
import multiprocessing
import os
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.storage.secret import InvalidSecret, load_secret
from serving.observability.audit_log import COMMAND_LINE, CONSENT, ERASURE, EXPORT, AuditLog, AuditWriteFailed
from serving.observability.audit_verification import verify_audit
from tests.serving.fakes import TODAY

LINES, PROCESSES = 500, 2


def audit_lines(home: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]


def write_many(home: Path, number: int, barrier: Barrier) -> None:
    audit = AuditLog.open(home)
    barrier.wait()
    for page in range(LINES):
        audit.append(EXPORT, f"process/{number}", TODAY, page=page, padding="x" * (page % 900))


def test_a_line_says_who_did_what_when(tmp_path: Path) -> None:
    AuditLog.open(tmp_path).append(EXPORT, "mail/0a1b2c3d", TODAY, audience="lapsing", page=2, customers=500)
    (line,) = audit_lines(tmp_path)
    assert len(line.pop("code")) == 32
    assert line == {
        "at": "2026-11-20T23:00:00Z", "action": "export", "actor": "mail/0a1b2c3d", "audience": "lapsing", "page": 2,
        "customers": 500, "line": 1, "previous": ""
    }  # fmt: skip
    assert (tmp_path / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_lines_follow_each_other(tmp_path: Path) -> None:
    for day, action in enumerate((EXPORT, CONSENT, ERASURE)):
        AuditLog.open(tmp_path).append(action, COMMAND_LINE, TODAY + day)
    assert [line["action"] for line in audit_lines(tmp_path)] == ["export", "consent", "erasure"]


def test_a_line_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit, write, written = AuditLog.open(tmp_path), os.write, list[bytes]()

    def counting_write(file: int, line: bytes) -> int:
        written.append(line)
        return write(file, line)

    monkeypatch.setattr(os, "write", counting_write)
    audit.append(EXPORT, COMMAND_LINE, TODAY, padding="x" * 100_000)
    assert written == [(tmp_path / "audit.jsonl").read_bytes()]


@pytest.mark.slow
def test_processes_that_write_at_once_lose_no_line(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    writers = [context.Process(target=write_many, args=(tmp_path, number, barrier)) for number in range(PROCESSES)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for number in range(PROCESSES):
        pages = [line["page"] for line in audit_lines(tmp_path) if line["actor"] == f"process/{number}"]
        assert pages == list(range(LINES))
    report = verify_audit(tmp_path)
    assert (report.lines, report.faults) == (LINES * PROCESSES, [])


@given(customers=st.lists(st.text(min_size=1), min_size=1, max_size=5, unique=True))
def test_customers_are_told_apart_and_not_named(tmp_path_factory: pytest.TempPathFactory, customers: list[str]) -> None:
    home, other = tmp_path_factory.getbasetemp() / "home", tmp_path_factory.getbasetemp() / "other"
    hashes = [AuditLog.open(home).pseudonym(customer) for customer in customers]
    assert len({*hashes}) == len(customers)
    assert all(len(digest) == 64 and int(digest, 16) >= 0 for digest in hashes)
    assert hashes == [AuditLog.open(home).pseudonym(customer) for customer in customers]
    assert not {*hashes} & {AuditLog.open(other).pseudonym(customer) for customer in customers}


def test_a_note_about_a_customer_holds_no_id(tmp_path: Path) -> None:
    audit = AuditLog.open(tmp_path)
    audit.append(ERASURE, COMMAND_LINE, TODAY, customer=audit.pseudonym("customer-17850"))
    text = (tmp_path / "audit.jsonl").read_text()
    assert "17850" not in text.replace(audit.pseudonym("customer-17850"), "")
    assert str(load_secret(tmp_path)) not in repr(audit)


@pytest.mark.parametrize(("action", "safe"), [(EXPORT, False), (CONSENT, True), (ERASURE, True), ("merge", True)])
def test_all_but_exported_pages_are_on_disk_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, safe: bool
) -> None:
    audit = AuditLog.open(tmp_path)
    audit.append(EXPORT, COMMAND_LINE, TODAY)
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    audit.append(action, COMMAND_LINE, TODAY)
    assert bool(synced) == safe


def test_a_full_disk_is_an_error_and_its_torn_line_spoils_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, write = AuditLog.open(tmp_path), os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda file, line: write(file, line[:20]))
        with pytest.raises(
            AuditWriteFailed, match=r"Found no way to append a whole line to .*audit.jsonl \(the disk is full"
        ):
            audit.append(ERASURE, COMMAND_LINE, TODAY)
    audit.append(ERASURE, "mail/0a1b2c3d", TODAY)
    _, whole = (tmp_path / "audit.jsonl").read_text().splitlines()
    assert json.loads(whole)["actor"] == "mail/0a1b2c3d"


def test_a_file_that_was_put_aside_is_begun_anew(tmp_path: Path) -> None:
    audit = AuditLog.open(tmp_path)
    audit.append(CONSENT, COMMAND_LINE, TODAY)
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit.2026.jsonl")
    audit.append(CONSENT, COMMAND_LINE, TODAY + 1)
    assert len(audit_lines(tmp_path)) == 1


def test_where_nothing_can_be_written_nothing_is_done(tmp_path: Path) -> None:
    audit = AuditLog.open(tmp_path)
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(
        AuditWriteFailed, match=r"\(Is a directory\).*An action without an audit line is not carried out"
    ):
        audit.append(ERASURE, COMMAND_LINE, TODAY)


def test_without_the_homes_secret_there_is_no_audit(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    with pytest.raises(InvalidSecret, match=r"Found 5 bytes"):
        AuditLog.open(tmp_path)
