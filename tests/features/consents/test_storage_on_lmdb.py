"""Ledger storage on LMDB: opened after a process was killed, or where it cannot be opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lmdb
import pytest

from features.consents.backends import open_ledger
from features.errors import InvalidStore, StoreDamaged
from features.online.backends import LMDB

KILLED_WHILE_READING = """
import os, sys
from pathlib import Path
from features.consents.backends import open_ledger
from features.consents.consent import Consent
ledger = open_ledger(Path(sys.argv[1]), "lmdb")
ledger.record({"ann": [Consent("profiling", "*", False, 1)]})
for _ in ledger.all_records():
    os.kill(os.getpid(), 9)
"""

NEXT_COMMAND = """
import sys
from pathlib import Path
from features.consents.lmdb import LmdbLedgerStorage
LmdbLedgerStorage.open(Path(sys.argv[1]) / "consents")
"""

STALE_READERS = """
import sys
import lmdb
print(lmdb.open(f"{sys.argv[1]}/consents", max_dbs=4, max_readers=1024).reader_check())
"""


def test_a_reader_that_was_killed_holds_no_page_after_the_next_command(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    assert run_python(KILLED_WHILE_READING, tmp_path).returncode == -9
    assert run_python(NEXT_COMMAND, tmp_path).returncode == 0
    assert run_python(STALE_READERS, tmp_path).stdout == "0\n"
    assert len(list(ledger.all_records())) == 1


def run_python(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False)


def test_a_ledger_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "consents").write_text("")
    with pytest.raises(InvalidStore, match=r"Found no consents to open in .*consents"):
        open_ledger(tmp_path, LMDB)


def test_anothers_file_in_place_of_the_ledger_ends_no_service_but_every_read(tmp_path: Path) -> None:
    (tmp_path / "consents").mkdir()
    (tmp_path / "consents/data.mdb").write_text("nothing of ours" * 999)
    ledger = open_ledger(tmp_path, LMDB)
    for _ in range(2):
        with pytest.raises(StoreDamaged, match=r"Found the consents in .* damaged \(no two meta pages\); expected"):
            ledger.statuses(["ann"], 0)


def test_a_ledger_of_another_format_is_refused(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path / "consents"), max_dbs=1) as environment:
        environment.open_db(b"forgotten")
    with pytest.raises(InvalidStore, match=r"Found the tables forgotten among the consents in .*; expected records"):
        open_ledger(tmp_path, LMDB)
