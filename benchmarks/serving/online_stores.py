"""Online stores: cost of materializing and reading in our packed store and in Feast's own, on the same tables."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import redis
from feast import FeatureStore, RepoConfig

from benchmarks.serving.feature_fixture import DAY, VIEWS, customer_ids
from features.online.backends import LMDB
from features.store.client import CustomerFeatures
from features.store.definitions import FEATURE_SERVICE, feast_objects

TTL_DAYS = 30
READS = 20
BATCH_SIZE = 1_000


@dataclass(frozen=True, kw_only=True)
class StoreResult:
    """The figures of one online store."""

    name: str
    materialize: float  # seconds
    bytes_per_customer: float
    read_thousand: float  # seconds
    read_one: float  # seconds


def measure_packed_store(home: Path, count: int, online: str = LMDB) -> StoreResult:
    """Measure our store, in LMDB in the home or in an empty Redis."""
    features = CustomerFeatures.open(home, VIEWS, ttl_days=TTL_DAYS, online=online)
    features.apply()
    seconds = _time_call(lambda: features.materialize(DAY))
    size = folder_bytes(home / "online") if online == LMDB else _redis_bytes(online)
    name = "packed, LMDB" if online == LMDB else "packed, Redis"
    return _measure_reads(name, seconds, size, count, features.now)


def measure_feast_store(home: Path, count: int, online: str = "") -> StoreResult:
    """Measure Feast's SQLite store, or its Redis store in an empty Redis, read by ``get_online_features``."""
    redis_config = {"type": "redis", "connection_string": online.removeprefix("redis://").partition("/")[0]}
    sqlite_config = {"type": "sqlite", "path": str(home / "online_sqlite.db")}
    feast = FeatureStore(
        config=RepoConfig(
            project="stock",
            provider="local",
            registry={"registry_type": "sql", "path": f"sqlite:///{home / 'stock.db'}"},
            offline_store={"type": "duckdb"},
            online_store=redis_config if online else sqlite_config,
            entity_key_serialization_version=3,
        )
    )
    with _silence_stdout():
        feast.apply(feast_objects(VIEWS, home, TTL_DAYS))
        seconds = _time_call(lambda: feast.materialize(DAY - timedelta(seconds=1), DAY + timedelta(seconds=1)))
    service = feast.get_feature_service(FEATURE_SERVICE)

    def read(ids: Sequence[str]) -> dict[str, Any]:
        return feast.get_online_features(service, [{"customer_id": customer} for customer in ids]).to_dict()

    size = _redis_bytes(online) if online else (home / "online_sqlite.db").stat().st_size
    return _measure_reads("Feast, Redis" if online else "Feast, SQLite", seconds, size, count, read)


def _measure_reads(
    name: str, materialize_seconds: float, size: int, count: int, read: Callable[[Sequence[str]], object]
) -> StoreResult:
    rng, all_ids = np.random.default_rng(1), customer_ids(count)
    batches = [[all_ids[index] for index in rng.choice(count, BATCH_SIZE, replace=False)] for _ in range(READS)]
    with _silence_stdout():
        read(batches[0])
        thousand = median(_time_call(lambda ids=ids: read(ids)) for ids in batches)  # type: ignore[misc]
        single = median(_time_call(lambda ids=ids: read(ids[:1])) for ids in batches)  # type: ignore[misc]
    return StoreResult(
        name=name,
        materialize=materialize_seconds,
        bytes_per_customer=size / count,
        read_thousand=thousand,
        read_one=single,
    )


def folder_bytes(folder: Path) -> int:
    """Return the bytes on disk, counted in blocks because LMDB's file is sparse."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


def _redis_bytes(address: str) -> int:
    with redis.Redis.from_url(address) as server:
        info: dict[str, int] = server.info("memory")
    return info["used_memory_dataset"]


def _time_call(function: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    started_at = time.perf_counter()
    function()
    return time.perf_counter() - started_at


@contextmanager
def _silence_stdout() -> Iterator[None]:
    """Hide the progress that Feast prints."""
    with redirect_stdout(io.StringIO()):
        yield
