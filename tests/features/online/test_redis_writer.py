"""A writer to Redis that is killed or overtaken leaves a state before or after, and nothing lying about for good."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from features.errors import Unreachable
from features.online import redis_writer
from features.online.redis_manifest import LAYERS, Layers
from features.online.redis_writer import RedisWriter
from tests.features.rows import TRANSACTIONS, VIEWS, filled, packed, seen
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]


def test_redis_holds_one_hash_a_view_and_nothing_expires(redis: RedisServer) -> None:
    for _ in range(3):
        store = filled(redis)
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, dict.fromkeys(map(str, range(3000)), 1.0)))
    keys = sorted(redis.names())
    assert [key.rstrip("0123456789abcdef") for key in keys] == ["flywheel:behaviour:", LAYERS, "flywheel:transactions:"]
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
    store = filled(redis)
    died = subprocess.run([sys.executable, "-c", DYING, redis.url, how, call, str(deadly)], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    assert seen(store) == [state]
    assert_unread_hashes_expire(redis)
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"eve": 7}, event_at=1))
    assert seen(store) == [state]
    bob = 1 if how == "merge" or state == [3, 5] else np.nan
    newcomer = 9 if state == [9, 9] else np.nan
    kept = store.reader(VIEWS).read(["bob", "eve", "999"]).column("orders")
    np.testing.assert_array_equal(kept, [bob, 7, newcomer])
    assert all(len(keys) == 1 for keys in store._layers.views.values())


def assert_unread_hashes_expire(redis: RedisServer) -> None:
    with Redis(port=redis.port, decode_responses=True) as client:
        layers = str(client.get(LAYERS))
        for key in redis.names() - {LAYERS}:
            assert (client.ttl(key) == -1) == (key in layers)


def test_a_draft_that_expired_under_a_slow_writer_is_not_published(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(redis)
    draft = RedisWriter._draft

    def lose(writer: RedisWriter, view: str, rows: dict[str, bytes]) -> str:
        key = draft(writer, view, rows)
        with Redis(port=redis.port) as client:
            client.delete(key)
        return key

    monkeypatch.setattr(RedisWriter, "_draft", lose)
    with pytest.raises(Unreachable, match="a draft is gone"), store.writing() as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 100}))
    assert seen(store) == [[3, 5]]


def test_rows_are_read_through_both_layers_until_the_upper_one_has_sunk(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(redis)
    monkeypatch.setattr(redis_writer, "MOST_AT_ONCE", 0)
    sinks, told = RedisWriter._sinks, []

    def read_and_sink(writer: RedisWriter, layers: Layers, upper: str, lower: str) -> bool:
        read = store.reader(VIEWS).read(["ann", "bob", "eve", "stranger"])
        told.append((read.known.tolist(), read.column("orders").tolist()[:3]))
        return sinks(writer, layers, upper, lower)

    monkeypatch.setattr(RedisWriter, "_sinks", read_and_sink)
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"bob": 8, "eve": 8}, event_at=2))
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"ann": 0}, event_at=0))
    assert told == [([True, True, True, False], [3, 8, 8])] * 2


@pytest.mark.parametrize("most_at_once", [1000, 0])
@pytest.mark.parametrize("how", ["merge", "forget"])
def test_what_another_publishes_between_a_look_and_a_write_is_not_overlooked(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, how: str, most_at_once: int
) -> None:
    store, settled, looks = filled(redis), RedisWriter._settled, 0
    monkeypatch.setattr(redis_writer, "MOST_AT_ONCE", most_at_once)

    def look_and_be_overtaken(writer: RedisWriter) -> Layers:
        nonlocal looks
        layers, looks = settled(writer), looks + 1
        if looks == 1:
            filled(redis)
        return layers

    monkeypatch.setattr(RedisWriter, "_settled", look_and_be_overtaken)
    with store.writing() as writer:
        if how == "merge":
            writer.merge("transactions", packed(TRANSACTIONS, {"ann": 0, "eve": 7}, event_at=0))
        else:
            assert writer.forget("ann") == 2
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [how == "merge", True, how == "merge"]
    assert_unread_hashes_expire(redis)


def test_rows_that_sink_while_another_publishes_do_not_reach_what_was_published(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, sinks = filled(redis), RedisWriter._sinks
    monkeypatch.setattr(redis_writer, "MOST_AT_ONCE", 0)

    def be_overtaken(writer: RedisWriter, layers: Layers, upper: str, lower: str) -> bool:
        monkeypatch.setattr(RedisWriter, "_sinks", sinks)
        filled(redis)
        return sinks(writer, layers, upper, lower)

    monkeypatch.setattr(RedisWriter, "_sinks", be_overtaken)
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"eve": 7}, event_at=2))
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [True, True, False]
    assert_unread_hashes_expire(redis)
