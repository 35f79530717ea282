"""What a Redis adds to the laws of the online store: it may be frozen, gone, emptied, or left by a killed writer."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from redis import Redis

from features.errors import BadStore, LostRows, NothingThere, Unreachable
from features.packed import redis_writer
from features.packed.backends import place, store_at
from features.packed.layers import LAYERS
from features.packed.redis import RedisStore
from features.packed.redis_writer import RedisWriter
from tests.features.rows import BEHAVIOUR, TRANSACTIONS, VIEWS, packed
from tests.redis_server import RedisServer, free_port

ROOT = Path(__file__).parents[2]
REST = 0.2


def filled(server: RedisServer, rest_seconds: float = REST) -> RedisStore:
    """Ann and Bob order, Ann visits."""
    store = RedisStore(server.url, rest_seconds)
    with store.writing() as writer:
        writer.replace("transactions", packed(TRANSACTIONS, {"ann": 3, "bob": 1}))
        writer.replace("behaviour", packed(BEHAVIOUR, {"ann": 5}))
    return store


def seen(store: RedisStore) -> list[list[float]]:
    found: list[list[float]] = store.reader(VIEWS).read(["ann"]).matrix.tolist()
    return found


def recovered(store: RedisStore, seconds: float = 10) -> list[list[float]]:
    """What is read once the store answers again."""
    began = perf_counter()
    while True:
        try:
            return seen(store)
        except Unreachable:
            assert perf_counter() - began < seconds


def timed_failure(store: RedisStore) -> float:
    """Seconds until it is said that nobody answers."""
    began = perf_counter()
    with pytest.raises(Unreachable, match=r"The online store at redis://127\.0\.0\.1:\d+/0 fails: "):
        store.reader(VIEWS).read(["ann"])
    return perf_counter() - began


def test_a_frozen_redis_is_named_in_time_then_at_once_and_read_again_when_it_thaws(
    redis_of_its_own: RedisServer,
) -> None:
    store = filled(redis_of_its_own, rest_seconds=1.0)
    assert seen(store) == [[3, 5]]
    redis_of_its_own.freeze()
    assert 0.4 < timed_failure(store) < store.patience < 1.0
    assert max(timed_failure(store) for _ in range(20)) < 0.1
    redis_of_its_own.thaw()
    assert recovered(store) == [[3, 5]]


def test_a_redis_frozen_before_anybody_connected_is_named_in_time(redis_of_its_own: RedisServer) -> None:
    redis_of_its_own.freeze()
    assert timed_failure(RedisStore(redis_of_its_own.url)) < 1.0
    redis_of_its_own.thaw()


def test_a_killed_redis_is_named_at_once_and_read_again_when_it_is_back(redis_of_its_own: RedisServer) -> None:
    store = filled(redis_of_its_own)
    redis_of_its_own.kill()
    assert timed_failure(store) < 0.3
    redis_of_its_own.start()
    assert recovered(store) == [[3, 5]]


def test_a_redis_that_restarts_between_two_reads_is_not_noticed(redis_of_its_own: RedisServer) -> None:
    store = filled(redis_of_its_own)
    assert seen(store) == [[3, 5]]
    redis_of_its_own.kill()
    redis_of_its_own.start()
    assert seen(store) == [[3, 5]]


def test_a_writer_names_a_redis_that_is_gone() -> None:
    with pytest.raises(Unreachable, match="Start it, or say where it is: FLYWHEEL_ONLINE_STORE"):
        RedisStore(f"redis://127.0.0.1:{free_port()}/0").writing().__enter__().forget("ann")


def test_a_redis_that_lost_everything_has_nothing_and_nobody_is_called_unknown(redis: RedisServer) -> None:
    store = filled(redis)
    redis.empty()
    with pytest.raises(NothingThere, match=r"no online store in redis://127\.0\.0\.1:\d+/0"):
        seen(store)


def test_rows_that_were_evicted_are_missed_and_nobody_is_called_unknown(redis: RedisServer) -> None:
    store = filled(redis)
    with Redis(port=redis.port) as client:
        (evicted,) = [key for key in redis.names() if "behaviour" in key]
        client.delete(evicted)
    with pytest.raises(LostRows, match=r"has lost rows of the view 'behaviour'.*noeviction"):
        seen(store)
    with pytest.raises(LostRows, match="has lost rows"):
        store.values("behaviour", ["ann"])
    filled(redis)
    assert recovered(store) == [[3, 5]]


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
from features.packed import redis_writer
from features.packed.backends import store_at
from features.packed.redis_link import Link
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

    def read_and_sink(writer: RedisWriter, layers: object, upper: str, lower: str) -> bool:
        read = store.reader(VIEWS).read(["ann", "bob", "eve", "stranger"])
        told.append((read.known.tolist(), read.column("orders").tolist()[:3]))
        return sinks(writer, layers, upper, lower)  # type: ignore[arg-type]

    monkeypatch.setattr(RedisWriter, "_sinks", read_and_sink)
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"bob": 8, "eve": 8}, event_at=2))
    with store.writing() as writer:
        writer.merge("transactions", packed(TRANSACTIONS, {"ann": 0}, event_at=0))
    assert told == [([True, True, True, False], [3, 8, 8])] * 2


def test_the_address_may_say_how_long_to_wait() -> None:
    store = RedisStore("redis://localhost:6379/0?socket_timeout=0.05&socket_connect_timeout=0.01")
    assert store.patience == pytest.approx(1.2 * 0.06)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("rdis://:secret@cache:6379", r"rdis://\.\.\.; expected lmdb, or an address like"),
        ("Lmdb", "'Lmdb'; expected lmdb, or an address like"),
        ("redis://:secret@cache:port/0", r"redis://cache:port/0 \(.*\); expected an address like"),
        ("redis://:secret@cache/0?socket_timeout=soon", r"redis://cache/0 \(.*socket_timeout.*\); expected an address"),
        ("redis://:secret@cache/0?patience=1", r"redis://cache/0 \(.*patience.*\); expected an address like"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_its_password(tmp_path: Path, said: str, found: str) -> None:
    with pytest.raises(BadStore, match=f"Found the online store {found}.*FLYWHEEL_ONLINE_STORE") as refused:
        store_at(place(said, tmp_path))
    assert "secret" not in str(refused.value)


def test_a_wrong_password_is_told_without_it(redis: RedisServer) -> None:
    store = store_at(f"redis://:secret@127.0.0.1:{redis.port}/0")
    with pytest.raises(Unreachable, match="AUTH") as refused:
        store.reader(VIEWS).read(["ann"])
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("module", ["features.packed.redis", "features.packed.backends"])
def test_reading_needs_neither_feast_nor_pandas_nor_arrow(module: str) -> None:
    unwanted = {"feast", "pandas", "pyarrow", "ibis", *(["redis"] if module.endswith("backends") else [])}
    script = f"import sys, {module}; print({unwanted} & set(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert imported.stdout == b"set()\n"
