"""Online store on LMDB: one file, opened once a process, also after it was replaced."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from features.errors import NotFound
from features.online.lmdb import LmdbReader, read_packed_values, write_transaction
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, VIEWS, packed_rows


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "online"


@pytest.fixture
def reader(path: Path) -> Iterator[LmdbReader]:
    """A reader of a store in which Ann and Bob order, Ann and Cid visit."""
    with write_transaction(path) as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed_rows(BEHAVIOUR, {"cid": 7, "ann": 5}))
    reader = LmdbReader.open(path, VIEWS)
    yield reader
    reader.close()


def orders(path: Path, *customer_ids: str) -> list[float]:
    return list(LmdbReader.open(path, (TRANSACTIONS,)).read(customer_ids).column("orders"))


def run(script: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def test_two_releases_read_the_same_store_side_by_side(reader: LmdbReader, path: Path) -> None:
    other = LmdbReader.open(path, (TRANSACTIONS,))
    reader.close()
    assert other.read(["ann"]).known.all()
    with pytest.raises(ValueError, match="This reader is closed"):
        reader.read(["ann"])


def test_two_stores_in_one_process_are_two(reader: LmdbReader, path: Path, tmp_path: Path) -> None:
    with write_transaction(tmp_path / "other") as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 50}))
    other = LmdbReader.open(tmp_path / "other", (TRANSACTIONS,))
    assert orders(path, "ann") == list(reader.read(["ann"]).column("orders")) == [3]
    assert list(other.read(["ann"]).column("orders")) == [50]


def test_a_store_made_anew_is_read_anew_by_a_reader_that_had_the_old_one_open(reader: LmdbReader, path: Path) -> None:
    shutil.rmtree(path)
    assert reader.read(["ann"]).known.all()
    with write_transaction(path) as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"eve": 4}))
    assert orders(path, "eve") == [4]
    assert reader.read(["ann", "eve"]).known.tolist() == [False, True]


def test_before_anybody_published_there_is_nothing_to_open(path: Path) -> None:
    with pytest.raises(NotFound, match=r"There is no online store in .*online\. Publish features first"):
        LmdbReader.open(path, VIEWS)
    assert read_packed_values(path, "transactions", ["ann"]) == [None]
    assert not path.exists()


KILLED_WRITER_SCRIPT = """
import os, signal, sys
from pathlib import Path
from features.online.lmdb import write_transaction

with write_transaction(Path(sys.argv[1])) as writer:
    writer.drop("transactions")
    writer.replace("behaviour", {str(customer): bytes(500) for customer in range(20_000)})
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_killed_half_way_leaves_the_last_complete_state(reader: LmdbReader, path: Path) -> None:
    with run(KILLED_WRITER_SCRIPT, str(path)) as killed:
        killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert reader.read(["ann", "bob"]).matrix[:, 0].tolist() == [3, 1]
    with write_transaction(path) as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 8}))
    assert reader.read(["ann", "bob"]).known.tolist() == [True, False]


def test_reading_needs_neither_feast_nor_pandas_nor_arrow() -> None:
    script = "import sys, features.online.lmdb; print({'feast', 'pandas', 'pyarrow', 'ibis'} & set(sys.modules))"
    with run(script) as imported:
        assert imported.communicate()[0] == b"set()\n"
