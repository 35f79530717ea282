"""Online store on Redis: it may be frozen, gone, emptied, or left by a killed writer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest
from redis import Redis

from features.errors import InvalidStore, NotFound, RowsLost, StoreUnavailable
from features.online.backends import open_store, resolve_location
from features.online.redis import RedisStore
from tests.features.rows import VIEWS, filled_store, read_ann
from tests.free_ports import free_port
from tests.redis_server import RedisServer

ROOT = Path(__file__).parents[3]


def read_after_recovery(store: RedisStore, seconds: float = 10) -> list[list[float]]:
    """The values that are read once the store answers again."""
    start = perf_counter()
    while True:
        try:
            return read_ann(store)
        except StoreUnavailable:
            assert perf_counter() - start < seconds


def seconds_until_failure(store: RedisStore) -> float:
    """The seconds until a read raises StoreUnavailable."""
    start = perf_counter()
    with pytest.raises(StoreUnavailable, match=r"The online store at redis://127\.0\.0\.1:\d+/0 fails: "):
        store.reader(VIEWS).read(["ann"])
    return perf_counter() - start


def test_a_frozen_redis_is_named_in_time_then_at_once_and_read_again_when_it_thaws(
    redis_of_its_own: RedisServer,
) -> None:
    store = filled_store(redis_of_its_own, cooldown_seconds=1.0)
    assert read_ann(store) == [[3, 5]]
    redis_of_its_own.freeze()
    assert 0.4 < seconds_until_failure(store) < store.timeout_seconds < 1.0
    assert max(seconds_until_failure(store) for _ in range(20)) < 0.1
    redis_of_its_own.thaw()
    assert read_after_recovery(store) == [[3, 5]]


def test_a_redis_frozen_before_anybody_connected_is_named_in_time(redis_of_its_own: RedisServer) -> None:
    redis_of_its_own.freeze()
    assert seconds_until_failure(RedisStore(redis_of_its_own.url)) < 1.0
    redis_of_its_own.thaw()


def test_a_killed_redis_is_named_at_once_and_read_again_when_it_is_back(redis_of_its_own: RedisServer) -> None:
    store = filled_store(redis_of_its_own)
    redis_of_its_own.kill()
    assert seconds_until_failure(store) < 0.3
    redis_of_its_own.start()
    assert read_after_recovery(store) == [[3, 5]]


def test_a_redis_that_restarts_between_two_reads_is_not_noticed(redis_of_its_own: RedisServer) -> None:
    store = filled_store(redis_of_its_own)
    assert read_ann(store) == [[3, 5]]
    redis_of_its_own.kill()
    redis_of_its_own.start()
    assert read_ann(store) == [[3, 5]]


def test_a_writer_names_a_redis_that_is_gone() -> None:
    with pytest.raises(StoreUnavailable, match="Start it, or say where it is: FLYWHEEL_ONLINE_STORE"):
        RedisStore(f"redis://127.0.0.1:{free_port()}/0").write_transaction().__enter__().erase("ann")


def test_a_redis_that_lost_everything_has_nothing_and_nobody_is_called_unknown(redis: RedisServer) -> None:
    store = filled_store(redis)
    redis.flush()
    with pytest.raises(NotFound, match=r"no online store in redis://127\.0\.0\.1:\d+/0"):
        read_ann(store)


def test_rows_that_were_evicted_are_missed_and_nobody_is_called_unknown(redis: RedisServer) -> None:
    store = filled_store(redis)
    keys = redis.keys()
    with Redis(port=redis.port) as client:
        (evicted,) = [key for key in keys if "behaviour" in key]
        client.delete(evicted)
    with pytest.raises(RowsLost, match=r"has lost rows of the view 'behaviour'.*noeviction"):
        read_ann(store)
    with pytest.raises(RowsLost, match="has lost rows"):
        store.packed_values("behaviour", ["ann"])
    filled_store(redis)
    assert read_after_recovery(store) == [[3, 5]]


def test_the_address_may_say_how_long_to_wait() -> None:
    store = RedisStore("redis://localhost:6379/0?socket_timeout=0.05&socket_connect_timeout=0.01")
    assert store.timeout_seconds == pytest.approx(1.2 * 0.06)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("rdis://:secret@cache:6379", r"rdis://\.\.\.; expected lmdb, or an address like"),
        ("Lmdb", "'Lmdb'; expected lmdb, or an address like"),
        ("redis://:secret@cache:port/0", r"redis://cache:port/0 \(.*\); expected an address like"),
        ("redis://:secret@cache/0?socket_timeout=soon", r"redis://cache/0 \(.*socket_timeout.*\); expected an address"),
        ("redis://:secret@cache/0?patience=1", r"redis://cache/0 \(.*patience.*\); expected an address like"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused_without_its_password(
    tmp_path: Path, setting: str, message: str
) -> None:
    with pytest.raises(InvalidStore, match=f"Found the online store {message}.*FLYWHEEL_ONLINE_STORE") as error:
        open_store(resolve_location(setting, tmp_path))
    assert "secret" not in str(error.value)


def test_the_error_for_a_wrong_password_does_not_contain_it(redis: RedisServer) -> None:
    store = open_store(f"redis://:secret@127.0.0.1:{redis.port}/0")
    with pytest.raises(StoreUnavailable, match="AUTH") as error:
        store.reader(VIEWS).read(["ann"])
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("module", ["features.online.redis", "features.online.backends"])
def test_reading_needs_neither_feast_nor_pandas_nor_arrow(module: str) -> None:
    unwanted = {"feast", "pandas", "pyarrow", "ibis", *(["redis"] if module.endswith("backends") else [])}
    script = f"import sys, {module}; print({unwanted} & set(sys.modules))"
    imported = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=True)
    assert imported.stdout == b"set()\n"
