"""Disk reserve: given up when the disk is full, and set aside again when there is space."""

from __future__ import annotations

import os
import stat
from errno import EACCES, ENOSPC
from pathlib import Path

import pytest

from features.consents.backends import open_ledger
from features.consents.consent import PROFILING, Consent
from features.consents.ledger import ConsentStatus
from features.online.backends import LMDB
from features.storage import disk_reserve
from features.storage.disk_reserve import DiskReserve, is_disk_full, use_reserve
from features.storage.lmdb_file import LmdbFile, NoSpaceLeft
from serving.observability.audit_log import CONSENT, AuditLog

DENIAL = Consent(PROFILING, "*", granted=False, changed_at=5)


class Usage:
    """What a disk says about its space."""

    def __init__(self, free: int) -> None:
        self.free = free


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a reserve."""
    DiskReserve(tmp_path, 4096).restore()
    return tmp_path


def test_the_reserve_is_a_private_file_of_real_blocks_and_stays_as_it_is(home: Path) -> None:
    status = (home / "reserve").stat()
    assert (status.st_size, stat.S_IMODE(status.st_mode), status.st_blocks * 512) == (4096, 0o600, 4096)
    DiskReserve(home, 4096).restore()
    assert (home / "reserve").stat().st_ino == status.st_ino
    assert [path.name for path in home.iterdir()] == ["reserve"]


def test_a_write_on_a_full_disk_runs_again_with_the_reserve(home: Path) -> None:
    attempts = []

    def write() -> str:
        attempts.append((home / "reserve").exists())
        if len(attempts) == 1:
            raise OSError(ENOSPC, "No space left on device")
        return "stored"

    assert use_reserve(home, write) == "stored"
    assert attempts == [True, False]


@pytest.mark.parametrize("error", [OSError(EACCES, "Permission denied"), ValueError("disk full")])
def test_another_error_leaves_the_reserve(home: Path, error: Exception) -> None:
    def write() -> None:
        raise error

    with pytest.raises(type(error)):
        use_reserve(home, write)
    assert (home / "reserve").exists()
    assert not is_disk_full(error)


def test_without_a_reserve_a_full_disk_is_an_error(tmp_path: Path) -> None:
    def write() -> None:
        raise NoSpaceLeft("full")

    with pytest.raises(NoSpaceLeft, match="full"):
        use_reserve(tmp_path, write)


def test_space_is_short_while_no_reserve_fits(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = DiskReserve(home, 4096)
    monkeypatch.setattr(disk_reserve, "disk_usage", lambda _: Usage(free=10_000))
    assert not reserve.is_short
    assert reserve.release()
    reserve.restore()
    assert reserve.is_short
    assert not DiskReserve(home, 0).is_short
    monkeypatch.setattr(disk_reserve, "disk_usage", lambda _: Usage(free=20_000))
    reserve.restore()
    assert not reserve.is_short
    assert reserve.path.exists()


def test_a_denial_on_a_full_disk_is_stored_with_the_reserve(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = open_ledger(home, LMDB)
    transaction = LmdbFile.transaction

    def full_disk(file: LmdbFile, *, write: bool = False) -> object:
        if write and (home / "reserve").exists():
            raise NoSpaceLeft("full")
        return transaction(file, write=write)

    monkeypatch.setattr(LmdbFile, "transaction", full_disk)
    ledger.record({"ann": [DENIAL]})
    assert ledger.statuses(["ann"], 9) == [ConsentStatus.DENIED]


def test_an_audit_line_on_a_full_disk_is_written_with_the_reserve(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, write = AuditLog.open(home), os.write

    def full_disk(file: int, content: bytes) -> int:
        if (home / "reserve").exists() and b'"consent"' in content:
            raise OSError(ENOSPC, "No space left on device")
        return write(file, content)

    monkeypatch.setattr(os, "write", full_disk)
    log.append(CONSENT, "cli", 5)
    assert (home / "audit.jsonl").read_text().count('"action":"consent"') == 1
    assert not (home / "reserve").exists()
