"""Graceful degradation: while Redis is frozen or down, the service answers in time and without a 5xx."""

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
from tests.free_ports import free_port
from tests.redis_server import RedisServer
from tests.serving import tiny
from tests.serving.server_process import start_server

pytestmark = pytest.mark.slow

DEADLINE = 2.0
CONCURRENT_CALLERS = 32
CUSTOMERS = [f"{customer:05d}" for customer in range(1000)]


@pytest.fixture
def service(redis_of_its_own: RedisServer, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a service with one worker, on its own Redis with published features."""
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


def status_counts(service: httpx.Client, customer_ids: list[str]) -> Counter[str]:
    """The number of predictions per status or reason; the answer must arrive within the deadline."""
    started_at = time.perf_counter()
    response = service.post("/v1/predictions", json={"customer_ids": customer_ids})
    assert time.perf_counter() - started_at < DEADLINE
    predictions: list[dict[str, Any]] = response.raise_for_status().json()["predictions"]
    return Counter(prediction.get("reason", prediction["status"]) for prediction in predictions)


def concurrent_status_counts(service: httpx.Client) -> Counter[str]:
    """The number of predictions per status or reason over all concurrent callers."""
    with ThreadPoolExecutor(CONCURRENT_CALLERS) as callers:
        counts = list(
            callers.map(
                lambda number: status_counts(service, CUSTOMERS[number : number + 3]), range(CONCURRENT_CALLERS)
            )
        )
    return sum(counts, Counter[str]())


def wait_for_recovery(service: httpx.Client) -> None:
    """Wait until customers are scored again; fail after ten seconds."""
    started_at = time.perf_counter()
    while (counts := status_counts(service, ["00001"])) != {"insufficient_history": 1}:
        assert time.perf_counter() - started_at < 10, counts


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
