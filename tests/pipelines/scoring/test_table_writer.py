"""Table writer: how the columns of the scores table are stored."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.scoring.part_files import PartFiles


def test_ids_are_stored_without_a_dictionary_and_words_with_one(tmp_path: Path) -> None:
    parts = PartFiles(tmp_path / "scores.parquet")
    parts.start_or_resume({})
    parts.write(0, pa.table({"customer_id": ["ann", "bob"]}))
    tiers = pa.table({"tier": ["gold", "gold"], "segments": [["new"], ["new", "weekend"]]})
    parts.join(1, lambda _, __: tiers)
    assert pq.read_table(parts.target).column_names == ["customer_id", "tier", "segments"]
    columns = pq.read_metadata(parts.target).row_group(0)
    assert [columns.column(index).has_dictionary_page for index in range(3)] == [False, True, True]
