"""Rejected lines: what an ingestion set aside may name a customer who is erased, and goes."""

from __future__ import annotations

from pathlib import Path

from serving.privacy.erasure import delete_from_tables


def test_the_lines_that_were_set_aside_go_with_the_first_erased_customer(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    rejected = tmp_path / "history" / "rejected.csv"
    rejected.write_text("table,file,line,reason,text\norders,orders.csv,7,found 2 values,ann;2026-01-31\n")
    assert delete_from_tables(tmp_path, ["bob"]) == {}
    assert not rejected.exists()
