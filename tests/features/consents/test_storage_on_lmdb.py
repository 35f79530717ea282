"""The ledger of one machine, opened after somebody was killed, or where none can be."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from features.consents.backends import open_ledger
from features.errors import InvalidStore
from features.online.backends import LMDB

KILLED_WHILE_READING = """
import os, sys
from pathlib import Path
from features.consents.backends import ledger
from features.consents.consent import Consent
rights = ledger(Path(sys.argv[1]), "lmdb")
rights.record({"ann": [Consent("profiling", "*", False, 1)]})
for _ in rights.everybody():
    os.kill(os.getpid(), 9)
"""

NEXT = """
import sys
from pathlib import Path
from features.consents.lmdb import LmdbShelf
print(LmdbShelf.at(Path(sys.argv[1]) / "consents")._environment.reader_check())
"""


def test_whoever_was_killed_while_reading_holds_no_page_from_the_next_command_on(tmp_path: Path) -> None:
    served = open_ledger(tmp_path, LMDB)
    assert run_python(KILLED_WHILE_READING, tmp_path).returncode == -9
    assert run_python(NEXT, tmp_path).stdout == "0\n"
    assert len(list(served.all_records())) == 1


def run_python(code: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, str(home)], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("found", ["a file", "another's file"])
def test_where_no_ledger_can_be_opened_it_is_said(tmp_path: Path, found: str) -> None:
    place = tmp_path / "consents"
    if found == "a file":
        place.write_text("")
    else:
        place.mkdir()
        (place / "data.mdb").write_text("nothing of ours" * 999)
    with pytest.raises(InvalidStore, match=r"Found no consents to open in .*consents"):
        open_ledger(tmp_path, LMDB)
