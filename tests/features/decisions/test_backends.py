"""Backends of the decision log: damaged or foreign files, evicted keys, and the move of a local log into Redis."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import lmdb
import pytest
from redis import Redis

from features.decisions.backends import local_decisions, open_decisions
from features.decisions.lmdb import LmdbDecisionStorage
from features.decisions.redis import KEYS, RedisDecisionStorage
from features.decisions.storage import DECISIONS, TABLES, entry_key
from features.errors import InvalidStore, RowsLost, StoreDamaged, StoreUnavailable
from features.online.backends import LMDB
from tests.features.decisions.stores import decision, exposure, outcome
from tests.redis_server import RedisServer


def test_a_local_log_moves_into_redis_and_what_is_there_stays(tmp_path: Path, redis: RedisServer) -> None:
    local = open_decisions(tmp_path, LMDB)
    local.record([decision(arm="none"), decision("d2", "bob")])
    local.record_exposures([exposure()])
    local.record_outcomes([outcome(decision_id="d2")])
    (tmp_path / "other").mkdir()
    open_decisions(tmp_path / "other", redis.url).record([decision(arm="ten-percent")])
    shared = open_decisions(tmp_path, redis.url)
    assert shared.find(["d1", "d2"]) == [decision(arm="ten-percent"), decision("d2", "bob")]
    assert shared.counts() == {"decisions": 2, "exposures": 1, "outcomes": 1, "customers": 2}
    assert not (tmp_path / "decisions").exists()


def test_a_copy_that_is_put_back_is_read_from_then_on(tmp_path: Path) -> None:
    log = local_decisions(tmp_path / "home")
    log.record([decision()])
    shutil.copytree(tmp_path / "home/decisions", tmp_path / "copy")
    log.record([decision("d2", "bob")])
    shutil.rmtree(tmp_path / "home/decisions")
    shutil.copytree(tmp_path / "copy", tmp_path / "home/decisions")
    assert log.find(["d1", "d2"]) == [decision(), None]


def test_a_flipped_bit_is_noticed_when_the_log_is_opened(tmp_path: Path) -> None:
    LmdbDecisionStorage(tmp_path).update([(DECISIONS, "d1")], lambda batch: batch.put((DECISIONS, "d1"), b"none" * 9))
    data = bytearray((tmp_path / "data.mdb").read_bytes())
    at = data.index(b"none")
    while at >= 0:
        data[at] ^= 1
        at = data.find(b"none", at)
    (tmp_path / "data.mdb").unlink()
    (tmp_path / "data.mdb").write_bytes(data)
    expected = r"^Found the decision log in .* damaged \(.*\); expected the file as it was written. Nothing is decided"
    with pytest.raises(StoreDamaged, match=expected):
        LmdbDecisionStorage(tmp_path).counts()


def test_tables_of_another_kind_are_no_decision_log(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), max_dbs=1) as environment:
        environment.open_db(b"records")
    with pytest.raises(StoreDamaged, match=r"damaged .the tables records beside its own"):
        LmdbDecisionStorage(tmp_path).counts()


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "decisions").write_text("")
    with pytest.raises(InvalidStore, match=r"^Found no decision log to open in .*; expected a folder of this user"):
        local_decisions(tmp_path).counts()


def test_an_evicted_table_is_no_empty_one(redis: RedisServer) -> None:
    storage = RedisDecisionStorage(redis.url, 0)
    storage.update([(DECISIONS, "d1")], lambda batch: batch.put((DECISIONS, "d1"), b"1"))
    assert storage.counts() == {**dict.fromkeys(TABLES, 0), DECISIONS: 1}
    with Redis(port=redis.port) as client:
        client.delete(KEYS[0])
    for use in (storage.counts, lambda: storage.read([]), lambda: storage.update([], lambda _: None)):
        with pytest.raises(RowsLost, match=r"has lost decisions: found 4 of 5 keys, expected all. Restore its append"):
            use()


def test_a_changed_value_in_redis_is_noticed(redis: RedisServer) -> None:
    storage = RedisDecisionStorage(redis.url, 0)
    storage.update([(DECISIONS, "d1")], lambda batch: batch.put((DECISIONS, "d1"), b"12345"))
    with Redis(port=redis.port) as client:
        sealed = client.hget(KEYS[0], entry_key("d1").decode())
        assert isinstance(sealed, bytes)
        client.hset(KEYS[0], entry_key("d1").decode(), sealed.replace(b"1", b"2", 1).decode())
    with pytest.raises(StoreDamaged, match=r"^Found the decision log in redis://.* damaged"):
        storage.read([(DECISIONS, "d1")])


def test_a_redis_that_is_gone_is_said(redis_of_its_own: RedisServer) -> None:
    storage = RedisDecisionStorage(redis_of_its_own.url, 0)
    redis_of_its_own.kill()
    with pytest.raises(StoreUnavailable, match=r"^The decision log at redis://.* fails"):
        storage.counts()


KILLED_IN_A_WRITE = """
import os, sys
from pathlib import Path
from features.decisions.backends import local_decisions, open_storage
from features.decisions.storage import DECISIONS
from tests.features.decisions.stores import decision
home = Path(sys.argv[1])
local_decisions(home).record([decision()])
def write(batch):
    batch.put((DECISIONS, "d2"), b"half")
    os.kill(os.getpid(), 9)
open_storage(home, "lmdb").update([(DECISIONS, "d2")], write)
"""


def test_a_writer_that_is_killed_leaves_what_was_there_before(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED_IN_A_WRITE, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == -9
    log = local_decisions(tmp_path)
    assert log.find(["d1", "d2"]) == [decision(), None]
    assert log.record([decision("d2", "bob")]) == [decision("d2", "bob")]
