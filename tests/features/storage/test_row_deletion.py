"""Row deletion: only the rows of the given customers leave a parquet file."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.storage.row_deletion import delete_rows, select_customers


def write_table(path: Path, *customers: str) -> Path:
    numbers = list(range(len(customers)))
    pq.write_table(pa.table({"customer_id": customers, "number": numbers}), path, row_group_size=2)
    return path


def test_only_the_customers_rows_go(tmp_path: Path) -> None:
    path = write_table(tmp_path / "orders.parquet", "ann", "bob", "ann", "cem", "dan")
    before = pq.read_schema(path)
    assert delete_rows(path, ["ann"]) == 2
    remaining = pq.read_table(path)
    assert remaining["customer_id"].to_pylist() == ["bob", "cem", "dan"]
    assert remaining["number"].to_pylist() == [1, 3, 4]
    assert remaining.schema == before


def test_the_columns_of_the_other_rows_stay_encoded_as_they_were(tmp_path: Path) -> None:
    path, table = tmp_path / "scores.parquet", pa.table({"customer_id": ["ann", "bob"], "tiers": [["gold"], ["new"]]})
    pq.write_table(table, path, use_dictionary=["tiers.list.element"])
    assert delete_rows(path, ["ann"]) == 1
    columns = pq.read_metadata(path).row_group(0)
    assert [columns.column(index).has_dictionary_page for index in range(2)] == [False, True]


def test_a_table_without_them_is_not_written_again(tmp_path: Path) -> None:
    path = write_table(tmp_path / "orders.parquet", "ann")
    before = path.stat().st_ino
    assert delete_rows(path, ["bob"]) == 0
    assert delete_rows(path, []) == 0
    assert path.stat().st_ino == before


def test_a_table_may_become_empty(tmp_path: Path) -> None:
    path = write_table(tmp_path / "orders.parquet", "ann", "ann", "ann")
    assert delete_rows(path, ["ann"]) == 3
    assert pq.read_table(path).num_rows == 0
    assert select_customers(path, list) == []


def test_a_table_without_customers_is_nobodys(tmp_path: Path) -> None:
    path = tmp_path / "costs.parquet"
    pq.write_table(pa.table({"day": [1]}), path)
    assert (delete_rows(path, ["ann"]), select_customers(path, list)) == (0, [])


def test_a_table_that_nobody_can_read_is_left_to_who_writes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"torn")
    assert (delete_rows(path, ["ann"]), select_customers(path, list)) == (0, [])
    assert path.read_bytes() == b"torn"


def test_whoever_is_chosen_is_found_once(tmp_path: Path) -> None:
    path = write_table(tmp_path / "orders.parquet", "ann", "bob", "ann")
    assert select_customers(
        path, lambda customer_ids: [customer_id for customer_id in customer_ids if customer_id == "ann"]
    ) == ["ann"]
