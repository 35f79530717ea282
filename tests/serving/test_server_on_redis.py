"""The whole service on a Redis that freezes, dies and comes back: an answer in time, whatever happens, and no 5xx."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.server import wait_until_ready
from tests.redis_server import RedisServer, free_port
from tests.serving import tiny
from tests.serving.test_server import start_server

pytestmark = pytest.mark.slow

DEADLINE = 2.0
CONCURRENT_CALLERS = 32
CUSTOMERS = [f"{customer:05d}" for customer in range(1000)]


@pytest.fixture
def service(redis_of_its_own: RedisServer, tmp_path: Path) -> Iterator[httpx.Client]:
    """A service of one worker on a Redis of its own, to which features were published."""
    home = tmp_path / "home"
    home.mkdir()
    tiny.publish(home, CUSTOMERS, redis_of_its_own.url)
    tiny.promote(home, "1")
    yield from running_service(home, redis_of_its_own)


def running_service(home: Path, redis: RedisServer) -> Iterator[httpx.Client]:
    port = free_port()
    with start_server(home, port, FLYWHEEL_ONLINE_STORE=redis.url) as process:
        try:
            assert wait_until_ready(f"http://127.0.0.1:{port}")
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                yield client
        finally:
            process.terminate()


def status_counts(service: httpx.Client, customers: list[str]) -> Counter[str]:
    """How many answers of each status; each must come in time."""
    began = time.perf_counter()
    answered = service.post("/v1/predictions", json={"customer_ids": customers})
    assert time.perf_counter() - began < DEADLINE
    predictions: list[dict[str, Any]] = answered.raise_for_status().json()["predictions"]
    return Counter(one.get("reason", one["status"]) for one in predictions)


def concurrent_status_counts(service: httpx.Client) -> Counter[str]:
    """What many callers are told at once."""
    with ThreadPoolExecutor(CONCURRENT_CALLERS) as callers:
        told = list(
            callers.map(
                lambda number: status_counts(service, CUSTOMERS[number : number + 3]), range(CONCURRENT_CALLERS)
            )
        )
    return sum(told, Counter[str]())


def wait_for_recovery(service: httpx.Client) -> None:
    """Fails unless customers are scored again within ten seconds."""
    began = time.perf_counter()
    while (told := status_counts(service, ["00001"])) != {"insufficient_history": 1}:
        assert time.perf_counter() - began < 10, told


def test_a_frozen_redis_means_degraded_answers_in_time_and_full_ones_when_it_thaws(
    service: httpx.Client, redis_of_its_own: RedisServer
) -> None:
    assert status_counts(service, [*CUSTOMERS[1:], "stranger"]) == {"insufficient_history": 999, "unknown_customer": 1}
    redis_of_its_own.freeze()
    for _ in range(3):
        assert concurrent_status_counts(service) == {"store_unreachable": 3 * CONCURRENT_CALLERS}
        assert service.get("/livez", timeout=0.5).status_code == 200
    assert service.get("/readyz").json()["status"] == "degraded"
    redis_of_its_own.thaw()
    wait_for_recovery(service)
    assert concurrent_status_counts(service) == {"insufficient_history": 3 * CONCURRENT_CALLERS}


def test_a_redis_that_dies_and_comes_back_needs_no_restart(
    service: httpx.Client, redis_of_its_own: RedisServer
) -> None:
    redis_of_its_own.kill()
    assert concurrent_status_counts(service) == {"store_unreachable": 3 * CONCURRENT_CALLERS}
    redis_of_its_own.start()
    wait_for_recovery(service)
    redis_of_its_own.flush()
    assert status_counts(service, ["00001"]) == {"not_materialized": 1}


def test_a_service_that_starts_while_redis_is_away_answers_when_it_comes(
    redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    tiny.publish(tmp_path, CUSTOMERS, redis_of_its_own.url)
    tiny.promote(tmp_path, "1")
    redis_of_its_own.kill()
    for service in running_service(tmp_path, redis_of_its_own):
        assert status_counts(service, ["00001"]) == {"store_unreachable": 1}
        redis_of_its_own.start()
        wait_for_recovery(service)
