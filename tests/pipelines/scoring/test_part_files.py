"""Scores are made in parts: left half way they are taken up, and however they are made they are the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.config.shop import read_shop_config
from features.history import Cutoff
from pipelines.scoring.part_files import PartFiles
from pipelines.steps import score
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.pipelines.shops import ZONE

pytestmark = pytest.mark.slow


class Stopped(Exception):
    """As though killed."""


@pytest.fixture
def scored_shop(trained_shop: Flywheel, tmp_path: Path) -> Callable[[], tuple[pa.Table, list[str]]]:
    """Score a trained shop into a file of its own, and return its messages."""
    as_of, description = (
        Cutoff.from_day(shops.day(AS_OF), ZONE),
        read_shop_config(trained_shop.folder / "flywheel.toml"),
    )

    def run() -> tuple[pa.Table, list[str]]:
        messages: list[str] = []
        score.run(description, trained_shop.home, as_of, messages.append, tmp_path / "scores.parquet")
        assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]
        return pq.read_table(tmp_path / "scores.parquet"), messages

    return run


Scored = Callable[[], tuple[pa.Table, list[str]]]


@pytest.mark.parametrize("size", [40, 250])
def test_scores_are_the_same_to_the_last_bit_in_parts_of_any_size(
    scored_shop: Scored, trained_shop: Flywheel, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "CHUNK_SIZE", size)
    monkeypatch.setattr(score, "MIN_PARTS_PER_PROCESS", 1000)
    assert scored_shop()[0].equals(trained_shop.scores)


def test_scores_are_the_same_from_several_processes(
    scored_shop: Scored, trained_shop: Flywheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "CHUNK_SIZE", 80)
    monkeypatch.setattr(score, "MIN_PARTS_PER_PROCESS", 1)
    assert scored_shop()[0].equals(trained_shop.scores)


def stop_after(parts: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let so many parts be written, and remember all that were tried."""
    write, tried = PartFiles.write, list[int]()

    def stopping(self: PartFiles, part: int, table: pa.Table) -> None:
        tried.append(part)
        if len(tried) > parts:
            raise Stopped
        write(self, part, table)

    monkeypatch.setattr(PartFiles, "write", stopping)
    return tried


def test_what_was_scored_before_a_stop_is_not_scored_again(
    scored_shop: Scored, trained_shop: Flywheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score, "CHUNK_SIZE", 80)
    monkeypatch.setattr(score, "MIN_PARTS_PER_PROCESS", 1000)
    stop_after(2, monkeypatch)
    with pytest.raises(Stopped):
        scored_shop()
    monkeypatch.undo()
    monkeypatch.setattr(score, "CHUNK_SIZE", 80)
    monkeypatch.setattr(score, "MIN_PARTS_PER_PROCESS", 1000)
    tried = stop_after(1000, monkeypatch)
    table, messages = scored_shop()
    assert table.equals(trained_shop.scores)
    assert tried == [*range(2, -(-len(table) // 80))]
    assert messages[0] == f"2 of {tried[-1] + 1} parts were already scored"


def test_parts_of_another_table_are_thrown_away(tmp_path: Path) -> None:
    parts, one = PartFiles(tmp_path / "scores.parquet"), pa.table({"a": [1]})
    parts.start_or_resume({"release": "1"})
    parts.write(0, one)
    parts.start_or_resume({"release": "1"})
    assert parts.has(0)
    parts.start_or_resume({"release": "2"})
    assert not parts.has(0)


def test_a_part_that_was_not_finished_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = PartFiles(tmp_path / "scores.parquet")
    parts.start_or_resume({})

    def write_torn_part(_: pa.Table, path: Path) -> None:
        path.write_bytes(b"PAR1")
        raise Stopped

    monkeypatch.setattr(pq, "write_table", write_torn_part)
    with pytest.raises(Stopped):
        parts.write(0, pa.table({"a": [1]}))
    assert not parts.has(0)
