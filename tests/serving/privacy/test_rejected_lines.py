"""Rejected lines: what an ingestion set aside may name a customer who is erased, and goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.ingestion.files.spill import SPILL_FOLDER
from serving.privacy.erasure import delete_from_tables


def test_the_lines_that_were_set_aside_go_with_the_first_erased_customer(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    rejected = tmp_path / "history" / "rejected.csv"
    rejected.write_text("table,file,line,reason,text\norders,orders.csv,7,found 2 values,ann;2026-01-31\n")
    assert delete_from_tables(tmp_path, ["bob"]) == {}
    assert not rejected.exists()


@pytest.mark.parametrize("folder", ["spill", SPILL_FOLDER])
def test_copies_of_raw_files_that_a_killed_ingestion_left_go_too(tmp_path: Path, folder: str) -> None:
    copy = tmp_path / "history" / folder / "x7" / "orders.csv"
    copy.parent.mkdir(parents=True)
    copy.write_text("customer,at,amount\nann,2026-01-31,5\n")
    delete_from_tables(tmp_path, ["ann"])
    assert not (tmp_path / "history" / folder).exists()
