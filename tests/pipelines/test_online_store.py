"""Online store setting: one environment variable moves the online store to Redis, for publishing and serving."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from pipelines.home import Home
from tests.free_ports import free_port
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.service import request_predictions, service_of
from tests.redis_server import RedisServer

pytestmark = pytest.mark.slow

TODAY = 10


def predictions_of(home: Home, online: str, customers: list[str]) -> list[dict[str, Any]]:
    with service_of(home, shops.day(TODAY), online) as client:
        return request_predictions(client, customers)


def test_a_shop_on_redis_answers_what_it_answers_on_lmdb(corner_shop: Flywheel, redis: RedisServer) -> None:
    customers = [*corner_shop.scores["customer_id"].to_pylist(), "nobody"]
    on_lmdb = predictions_of(corner_shop.home, "lmdb", customers)
    shutil.rmtree(corner_shop.home.folder / "online")
    result = corner_shop("publish", "--as-of", shops.day(TODAY), environment={"FLYWHEEL_ONLINE_STORE": redis.url})
    assert result.status == 0, result.err
    assert not (corner_shop.home.folder / "online").exists()
    assert predictions_of(corner_shop.home, redis.url, customers) == on_lmdb


def test_publishing_to_a_redis_that_is_not_there_says_so(corner_shop: Flywheel) -> None:
    nowhere = f"redis://:secret@127.0.0.1:{free_port()}/0"
    result = corner_shop("publish", "--as-of", shops.day(TODAY), environment={"FLYWHEEL_ONLINE_STORE": nowhere})
    assert result.status == 1
    assert "Start it, or say where it is: FLYWHEEL_ONLINE_STORE" in result.err
    assert "Traceback" not in result.err
    assert "secret" not in result.err


def test_an_unknown_store_is_rejected_before_any_work(corner_shop: Flywheel) -> None:
    result = corner_shop("publish", "--as-of", shops.day(TODAY), environment={"FLYWHEEL_ONLINE_STORE": "memcached"})
    assert result.status == 1
    assert "Found the online store 'memcached'; expected lmdb, or an address" in result.err.replace("\n", " ")
