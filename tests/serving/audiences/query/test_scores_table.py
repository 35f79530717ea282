"""Scores table reader: requested columns are read once, and a replaced file is noticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.audiences.errors import InvalidScores
from serving.audiences.query.scores_table import ScoresFile
from serving.audiences.query.text_columns import DictionaryColumn
from tests.serving.audiences.tables import five_customers, write_scores


def test_a_column_is_read_once_and_its_memory_told(tmp_path: Path) -> None:
    shop = ScoresFile(write_scores(tmp_path / "scores.parquet", five_customers())).columns()
    assert shop.nbytes == 0
    first = shop["orders"]
    assert shop["orders"] is first
    assert shop.nbytes == first.nbytes == 5 * 8 + 5


def test_a_replaced_file_is_read_anew_while_who_reads_the_old_one_may_finish(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.parquet", five_customers())
    scores = ScoresFile(path)
    before = scores.columns()
    assert scores.columns() is before
    write_scores(tmp_path / "draft", five_customers()[:2]).replace(path)
    assert len(scores.columns()) == 2
    assert before.ids.to_pylist() == ["0007", "ann", "bob", "cyd", "阿强"]


def test_threads_share_what_is_read(tmp_path: Path) -> None:
    scores = ScoresFile(write_scores(tmp_path / "scores.parquet", five_customers()))
    with ThreadPoolExecutor(8) as threads:
        segments = list(threads.map(lambda _: scores.columns()["segments"], range(64)))
    assert {id(column) for column in segments} == {id(segments[0])}


def test_without_a_table_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidScores, match=r"Found no scores table in .*; expected one\. Run `flywheel score` first\."
    ):
        ScoresFile(tmp_path / "scores.parquet").columns()


def test_a_file_that_is_no_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scores.parquet").write_text("customer_id,orders")
    with pytest.raises(InvalidScores, match="is not a scores table: it cannot be read"):
        ScoresFile(tmp_path / "scores.parquet").columns()


def test_a_table_without_customers_is_refused(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.parquet", [{"customer_id": 1}], {"customer_id": pa.int64()})
    with pytest.raises(InvalidScores, match="its customer_id is a number column, not text"):
        ScoresFile(path).columns()


@pytest.mark.parametrize("ids", [["b", "a"], ["a", "a"], ["a", None]])
def test_customers_must_come_in_order_and_once(tmp_path: Path, ids: list[str | None]) -> None:
    shop = ScoresFile(
        write_scores(tmp_path / "scores.parquet", [{"customer_id": customer_id} for customer_id in ids])
    ).columns()
    with pytest.raises(InvalidScores, match="its customer_id is null, repeated or not ascending somewhere"):
        _ = shop.ids


def test_a_table_of_nobody_is_a_table(tmp_path: Path) -> None:
    shop = ScoresFile(write_scores(tmp_path / "scores.parquet", [])).columns()
    assert (len(shop), len(shop.ids)) == (0, 0)


def test_text_is_the_same_whatever_dictionaries_the_row_groups_have(tmp_path: Path) -> None:
    path, texts = tmp_path / "scores.parquet", [None if n % 7 == 0 else f"tier {n // 3 % 150}" for n in range(900)]
    table = pa.table({"customer_id": [f"{n:03d}" for n in range(900)], "tier": pa.array(texts, pa.string())})
    pq.write_table(table, path, row_group_size=100)
    column = ScoresFile(path).columns()["tier"]
    assert isinstance(column, DictionaryColumn)
    assert column.take(np.arange(900)).to_pylist() == texts
    assert column.codes.dtype == np.int16
    assert len(column.dictionary) == len(set(texts) - {None})


def test_a_poll_reads_of_a_new_version_what_was_used_of_the_one_before(tmp_path: Path) -> None:
    path = write_scores(tmp_path / "scores.parquet", five_customers())
    scores = ScoresFile(path)
    read_bytes = scores.columns()["orders"].nbytes
    for expected in (read_bytes, 0):  # nobody asks for anything in the version between
        write_scores(tmp_path / "draft", five_customers()).replace(path)
        scores.poll()
        assert scores.columns().nbytes == expected


def test_a_poll_reads_nothing_that_nobody_uses_and_bears_a_table_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "scores.parquet"
    scores = ScoresFile(path)
    scores.poll()
    write_scores(path, five_customers())
    scores.poll()
    assert scores.columns().nbytes == 0
    path.unlink()
    scores.poll()
