"""Atomic publication on Redis: a killed or overtaken writer leaves the state before or after, and nothing for good."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from redis import Redis

from features.errors import StoreUnavailable
from features.online import redis_writer
from features.online.redis_manifest import MANIFEST_KEY, RedisManifest
from features.online.redis_scripts import COMPACT
from features.storage.redis_client import CommandArgument, RedisClient, Reply
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


KILLED_WRITER_SCRIPT = """
import os, signal, sys
from features.online import redis_writer
from features.online.backends import open_store
from features.storage.redis_client import RedisClient
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, packed_rows

url, method, script_name, fatal_call = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
counted_script = getattr(redis_writer, script_name, None)
redis_writer.BATCH_SIZE, redis_writer.MAX_SMALL_MERGE = 10, 0
eval_script, transaction, calls = RedisClient.eval_script, RedisClient.transaction, 0

def killing(send):
    def send_and_count(client, script, *rest):
        global calls
        reply = send(client, script, *rest)
        if counted_script in (script, None):
            calls += 1
            if calls == fatal_call:
                os.kill(os.getpid(), signal.SIGKILL)
        return reply
    return send_and_count

if counted_script:
    RedisClient.eval_script = killing(eval_script)
else:
    RedisClient.transaction = killing(transaction)
customer_ids = ["ann", *map(str, range(1000))]
with open_store(url).write_transaction() as writer:
    for view in (TRANSACTIONS, BEHAVIOUR):
        getattr(writer, method)(view.name, packed_rows(view, dict.fromkeys(customer_ids, 9.0), event_at=2))
"""


@pytest.mark.parametrize(
    ("method", "call", "fatal_call", "state"),
    [
        pytest.param("replace", "HSET", 5, [3, 5], id="half of the first staged hash is written"),
        pytest.param("replace", "HSET", 150, [3, 5], id="half of the second staged hash is written"),
        pytest.param("replace", "COMMIT", 1, [9, 9], id="the views are replaced"),
        pytest.param("merge", "HSET", 150, [3, 5], id="half of what is to be merged is written"),
        pytest.param("merge", "COMMIT", 1, [9, 9], id="nothing is compacted yet"),
        pytest.param("merge", "COMPACT", 3, [9, 9], id="a part is compacted"),
        pytest.param("merge", "COMMIT", 2, [9, 9], id="all is compacted"),
    ],
)
def test_a_writer_killed_leaves_the_state_before_or_after_and_the_next_tidies_up(
    redis: RedisServer, method: str, call: str, fatal_call: int, state: list[float]
) -> None:
    store = filled_store(redis)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER_SCRIPT, redis.url, method, call, str(fatal_call)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert read_ann(store) == [state]
    assert_unread_hashes_expire(redis)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"eve": 7}, event_at=1))
    assert read_ann(store) == [state]
    bob = 1 if method == "merge" or state == [3, 5] else np.nan
    newcomer = 9 if state == [9, 9] else np.nan
    orders = store.reader(VIEWS).read(["bob", "eve", "999"]).column("orders")
    np.testing.assert_array_equal(orders, [bob, 7, newcomer])
    with Redis(port=redis.port) as client:
        manifest = RedisManifest(client.get(MANIFEST_KEY))
    assert all(len(keys) == 1 for keys in manifest.views.values())


def assert_unread_hashes_expire(redis: RedisServer) -> None:
    with Redis(port=redis.port, decode_responses=True) as client:
        manifest = str(client.get(MANIFEST_KEY))
        for key in redis.keys() - {MANIFEST_KEY}:
            assert (client.ttl(key) == -1) == (key in manifest)


def test_a_staged_hash_that_expired_under_a_slow_writer_is_not_published(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled_store(redis)
    send = RedisClient.transaction

    def stage_and_expire(client: RedisClient, *commands: Sequence[CommandArgument]) -> list[Reply]:
        replies = send(client, *commands)
        if commands[0][0] == "HSET":
            client.execute("DEL", commands[0][1])
        return replies

    monkeypatch.setattr(RedisClient, "transaction", stage_and_expire)
    with pytest.raises(StoreUnavailable, match="a staged hash expired"), store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 100}))
    assert read_ann(store) == [[3, 5]]


def test_rows_are_read_through_both_layers_until_the_upper_one_is_compacted(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled_store(redis)
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)
    eval_script, reads = RedisClient.eval_script, []

    def read_and_compact(client: RedisClient, script: str, keys: Sequence[str], *arguments: CommandArgument) -> Reply:
        if script == COMPACT:
            rows = store.reader(VIEWS).read(["ann", "bob", "eve", "stranger"])
            reads.append((rows.known.tolist(), rows.column("orders").tolist()[:3]))
        return eval_script(client, script, keys, *arguments)

    monkeypatch.setattr(RedisClient, "eval_script", read_and_compact)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"bob": 8, "eve": 8}, event_at=2))
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 0}, event_at=0))
    assert reads == [([True, True, True, False], [3, 8, 8])] * 2


@pytest.mark.parametrize("max_small_merge", [1000, 0])
@pytest.mark.parametrize("method", ["merge", "erase"])
def test_a_publication_between_a_read_and_a_write_is_not_overlooked(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch, method: str, max_small_merge: int
) -> None:
    store, execute, calls = filled_store(redis), RedisClient.execute, 0
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", max_small_merge)

    def read_and_be_overtaken(client: RedisClient, *command: CommandArgument) -> Reply:
        nonlocal calls
        reply, calls = execute(client, *command), calls + (command == ("GET", MANIFEST_KEY))
        if command == ("GET", MANIFEST_KEY) and calls == 1:
            filled_store(redis)
        return reply

    monkeypatch.setattr(RedisClient, "execute", read_and_be_overtaken)
    with store.write_transaction() as writer:
        if method == "merge":
            writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 0, "eve": 7}, event_at=0))
        else:
            assert writer.erase("ann") == 2
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [
        method == "merge",
        True,
        method == "merge",
    ]
    assert_unread_hashes_expire(redis)


def test_compaction_during_another_publication_does_not_change_it(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, eval_script = filled_store(redis), RedisClient.eval_script
    monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)

    def be_overtaken(client: RedisClient, script: str, keys: Sequence[str], *arguments: CommandArgument) -> Reply:
        if script == COMPACT:
            monkeypatch.setattr(RedisClient, "eval_script", eval_script)
            filled_store(redis)
        return eval_script(client, script, keys, *arguments)

    monkeypatch.setattr(RedisClient, "eval_script", be_overtaken)
    with store.write_transaction() as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"eve": 7}, event_at=2))
    assert store.reader(VIEWS).read(["ann", "bob", "eve"]).known.tolist() == [True, True, False]
    assert_unread_hashes_expire(redis)
