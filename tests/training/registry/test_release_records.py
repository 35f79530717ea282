"""Release records: a run and a refusal of each release, in any order, and nothing where the file is damaged."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from training.registry.release_records import RefusedPromotion, ReleaseRecord, ReleaseRecords

FIRST, SECOND = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)


def test_a_refusal_and_a_run_are_kept_side_by_side(tmp_path: Path) -> None:
    records = ReleaseRecords.of_home(tmp_path)
    records.record_refusal("2", at=FIRST, by="ann", why="refuted")
    records.record_run("2", "5ad1")
    records.record_run("3", "77b0")
    refusal = RefusedPromotion("2026-11-01T00:00:00+00:00", "ann", "refuted")
    assert records.read() == {"2": ReleaseRecord("5ad1", refusal), "3": ReleaseRecord("77b0")}


def test_the_same_refusal_again_keeps_its_first_moment_and_another_reason_replaces_it(tmp_path: Path) -> None:
    records = ReleaseRecords.of_home(tmp_path)
    for at, why in ((FIRST, "refuted"), (SECOND, "refuted")):
        records.record_refusal("2", at=at, by="ann", why=why)
    assert records.read()["2"].refusal == RefusedPromotion(FIRST.isoformat(), "ann", "refuted")
    records.record_refusal("2", at=SECOND, by="bob", why="rolled back")
    assert records.read()["2"].refusal == RefusedPromotion(SECOND.isoformat(), "bob", "rolled back")


@pytest.mark.parametrize("content", ["{", "[]", '{"2": 3}', '{"2": {"refusal": {"when": 1}}}'])
def test_damaged_records_are_none_and_are_written_anew(tmp_path: Path, content: str) -> None:
    records = ReleaseRecords.of_home(tmp_path)
    records.path.write_text(content)
    assert records.read() == {}
    records.record_run("2", "5ad1")
    assert records.read() == {"2": ReleaseRecord("5ad1")}
