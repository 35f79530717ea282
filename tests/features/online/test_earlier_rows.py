"""Earlier rows: a store without checksums answers as before once it has them."""

from __future__ import annotations

from pathlib import Path

import lmdb
import pytest

from features.errors import StoreDamaged
from features.online.earlier_rows import add_checksums
from features.online.lmdb import LmdbReader, row_key, write_transaction
from features.publication import ROW_ID, VIEW
from tests.features.rows import TRANSACTIONS, packed_rows

EARLIER_LAYOUT = (0x4657_0001).to_bytes(4, "little")


def write_earlier_store(folder: Path, orders: dict[str, int]) -> None:
    """Write a store as versions without checksums did: no tally, and no checksum behind a row."""
    folder.mkdir()
    with lmdb.open(str(folder)) as environment, environment.begin(write=True) as transaction:
        for customer_id, row in packed_rows(TRANSACTIONS, orders).items():
            transaction.put(row_key("transactions", customer_id), row[:4] + EARLIER_LAYOUT + row[8:-8])
        transaction.put(row_key(VIEW, ROW_ID), b'{"log_until": 0}')


def test_a_store_of_an_earlier_version_is_answered_from_with_the_checksums(tmp_path: Path) -> None:
    write_earlier_store(tmp_path / "online", {"ann": 3, "bob": 1})
    reader = LmdbReader.open(tmp_path / "online", (TRANSACTIONS,))
    with pytest.raises(StoreDamaged, match="as of an earlier version"):
        reader.read(["ann"])
    reader.close()
    assert add_checksums(tmp_path / "online")
    reader = LmdbReader.open(tmp_path / "online", (TRANSACTIONS,))
    found = reader.read(["ann", "bob", "cid"])
    assert found.known.tolist() == [True, True, False]
    assert found.column("orders")[:2].tolist() == [3, 1]
    reader.close()


def test_a_store_with_checksums_is_left_as_it_is(tmp_path: Path) -> None:
    with write_transaction(tmp_path / "online") as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3}))
    before = (tmp_path / "online" / "data.mdb").read_bytes()
    assert not add_checksums(tmp_path / "online")
    assert (tmp_path / "online" / "data.mdb").read_bytes() == before
    assert not add_checksums(tmp_path / "nowhere")
