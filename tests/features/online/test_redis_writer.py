"""A writer to Redis that is killed or overtaken leaves a state before or after, and nothing lying about for good."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from features.errors import StoreUnavailable
from features.online import redis_writer
from features.online.redis_manifest import MANIFEST_KEY, RedisManifest
from features.online.redis_writer import RedisWriter
from tests.features.rows import TRANSACTIONS, VIEWS, filled_store, packed_rows, read_ann
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]


def test_redis_holds_one_hash_a_view_and_nothing_expires(redis: RedisServer) -> None:
    for _ in range(3):
        store = filled_store(redis)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, dict.fromkeys(map(str, range(3000)), 1.0)))
    keys = sorted(redis.keys())
    assert [key.rstrip("0123456789abcdef") for key in keys] == [
        "flywheel:behaviour:",
        MANIFEST_KEY,
        "flywheel:transactions:",
    ]
    with Redis(port=redis.port) as client:
        assert {client.ttl(key) for key in keys} == {-1}


DYING = """
import os, signal, sys
from features.online import redis_writer
from features.online.backends import store_at
from features.storage.redis_client import Link
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, packed

url, how, call, deadly = sys.argv[1], sys.argv[2], getattr(redis_writer, sys.argv[3], None), int(sys.argv[4])
redis_writer.AT_ONCE, redis_writer.MOST_AT_ONCE = 10, 0
run, together, calls = Link.run, Link.together, 0

def counted(asks):
    def ask(link, script, *rest):
        global calls
        found = asks(link, script, *rest)
        if call in (script, None):
            calls += 1
            if calls == deadly:
                os.kill(os.getpid(), signal.SIGKILL)
        return found
    return ask

if call:
    Link.run = counted(run)
else:
    Link.together = counted(together)
everybody = ["ann", *map(str, range(1000))]
with store_at(url).writing() as writer:
    for view in (TRANSACTIONS, BEHAVIOUR):
        getattr(writer, how)(view.name, packed(view, dict.fromkeys(everybody, 9.0), event_at=2))
"""


@pytest.mark.parametrize(
    ("how", "call", "deadly", "state"),
    [
        pytest.param("replace", "HSET", 5, [3, 5], id="half of the first draft is written"),
        pytest.param("replace", "HSET", 150, [3, 5], id="half of the second draft is written"),
        pytest.param("replace", "COMMIT", 1, [9, 9], id="the views are replaced"),
        pytest.param("merge", "HSET", 150, [3, 5], id="half of what is to be merged is written"),
        pytest.param("merge", "COMMIT", 1, [9, 9], id="nothing has sunk yet"),
        pytest.param("merge", "SINK", 3, [9, 9], id="a little has sunk"),
        pytest.param("merge", "COMMIT", 2, [9, 9], id="all has sunk"),
    ],
)
def test_a_writer_killed_leaves_the_state_before_or_after_and_the_next_tidies_up(
    redis: RedisServer, how: str, call: str, deadly: int, state: list[float]
) -> None:
    store = filled_store(redis)
    died = subprocess.run([sys.executable, "-c", DYING, redis.url, how, call, str(deadly)], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    assert read_ann(store) == [state]
    assert_unread_hashes_expire(redis)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"eve": 7}, event_at=1))
    assert read_ann(store) == [state]
    bob = 1 if how == "merge" or state == [3, 5] else np.nan
    newcomer = 9 if state == [9, 9] else np.nan
    kept = store.reader(VIEWS).read(["bob", "eve", "999"]).column("orders")
    np.testing.assert_array_equal(kept, [bob, 7, newcomer])
    assert all(len(keys) == 1 for keys in store._manifest.views.values())


def assert_unread_hashes_expire(redis: RedisServer) -> None:
    with Redis(port=redis.port, decode_responses=True) as client:
        layers = str(client.get(MANIFEST_KEY))
        for key in redis.keys() - {MANIFEST_KEY}:
            assert (client.ttl(key) == -1) == (key in layers)


def test_a_draft_that_expired_under_a_slow_writer_is_not_published(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled_store(redis)
    draft = RedisWriter._stage

    def lose(writer: RedisWriter, view: str, rows: dict[str, bytes]) -> str:
        key = draft(writer, view, rows)
        with Redis(port=redis.port) as client:
            client.delete(key)
        return key

    monkeypatch.setattr(RedisWriter, "_stage", lose)
    with pytest.raises(StoreUnavailable, match="a draft is gone"), store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 100}))
    assert read_ann(store) == [[3, 5]]


def test_rows_are_read_through_both_layers_until_the_upper_one_has_sunk(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled_store(redis)
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)
    sinks, told = RedisWriter._compact, []

    def read_and_sink(writer: RedisWriter, layers: RedisManifest, upper: str, lower: str) -> bool:
        read = store.reader(VIEWS).read(["ann", "bob", "eve", "stranger"])
        told.append((read.known.tolist(), read.column("orders").tolist()[:3]))
        return sinks(writer, layers, upper, lower)

    monkeypatch.setattr(RedisWriter, "_compact", read_and_sink)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"bob": 8, "eve": 8}, event_at=2))
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 0}, event_at=0))
    assert told == [([True, True, True, False], [3, 8, 8])] * 2


@pytest.mark.parametrize("most_at_once", [1000, 0])
@pytest.mark.parametrize("how", ["merge", "forget"])
def test_what_another_publishes_between_a_look_and_a_write_is_not_overlooked(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, how: str, most_at_once: int
) -> None:
    store, settled, looks = filled_store(redis), RedisWriter._compacted_manifest, 0
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", most_at_once)

    def look_and_be_overtaken(writer: RedisWriter) -> RedisManifest:
        nonlocal looks
        layers, looks = settled(writer), looks + 1
        if looks == 1:
            filled_store(redis)
        return layers

    monkeypatch.setattr(RedisWriter, "_compacted_manifest", look_and_be_overtaken)
    with store.write_transaction() as writer:
        if how == "merge":
            writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 0, "eve": 7}, event_at=0))
        else:
            assert writer.erase("ann") == 2
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [how == "merge", True, how == "merge"]
    assert_unread_hashes_expire(redis)


def test_rows_that_sink_while_another_publishes_do_not_reach_what_was_published(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sinks = filled_store(redis), RedisWriter._compact
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)

    def be_overtaken(writer: RedisWriter, layers: RedisManifest, upper: str, lower: str) -> bool:
        monkeypatch.setattr(RedisWriter, "_compact", sinks)
        filled_store(redis)
        return sinks(writer, layers, upper, lower)

    monkeypatch.setattr(RedisWriter, "_compact", be_overtaken)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"eve": 7}, event_at=2))
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [True, True, False]
    assert_unread_hashes_expire(redis)
