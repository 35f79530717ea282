"""Rate limits: a key may send so many requests a minute and ask for so many customers a day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from serving.auth.api_keys import ANONYMOUS, Caller
from serving.auth.rate_limits import Limits, RateLimits
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from tests.redis_server import RedisServer
from tests.serving.fakes import FakeRelease, Shop

MAIL = Caller("mail/0000aaaa", (KeyScope.PREDICT,), "0000aaaa")
LOG = Shop.of().worker.log


async def statuses(count: Callable[[], object], times: int) -> list[int]:
    """The statuses of requests that are counted one after the other; 200 for one within the limit."""
    return [await status(count) for _ in range(times)]


async def status(count: Callable[[], object]) -> int:
    try:
        await count()  # type: ignore[misc]
    except Problem as problem:
        return problem.status if int((problem.headers or {})["Retry-After"]) >= 1 else 0
    return 200


def requests(limits: RateLimits, caller: Caller, times: int) -> list[int]:
    return asyncio.run(statuses(lambda: limits.count_request(caller), times))


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (MAIL, [200, 200, 429]),
        (replace(MAIL, rate=1), [200, 429, 429]),
        (replace(MAIL, rate=0), [200, 200, 200]),
        (ANONYMOUS, [200, 200, 200]),
    ],
)
def test_a_key_has_its_own_limit_or_that_of_the_service(caller: Caller, expected: list[int]) -> None:
    assert requests(RateLimits(Limits(2, 0), LOG), caller, 3) == expected


def test_keys_are_counted_apart() -> None:
    limits = RateLimits(Limits(2, 0), LOG)

    async def both() -> list[int]:
        callers = [MAIL, replace(MAIL, key_id="0000bbbb")] * 2
        return [await status(lambda caller=caller: limits.count_request(caller)) for caller in callers]  # type: ignore[misc]

    assert asyncio.run(both()) == [200] * 4


def test_a_quota_counts_customers_and_a_refused_request_takes_none() -> None:
    limits = RateLimits(Limits(0, 1000), LOG)

    async def requests_of(*sizes: int) -> list[int]:
        return [await status(lambda size=size: limits.count_customers(MAIL, size)) for size in sizes]  # type: ignore[misc]

    assert asyncio.run(requests_of(600, 300, 100, 1)) == [200, 200, 200, 429]


def test_who_asks_for_too_much_is_told_the_limit_and_when_to_come_again() -> None:
    shop = Shop.of(FakeRelease(), keys=["key"], quota=2, rate_limit=4)
    with shop.client() as client:
        client.headers["X-API-Key"] = "key"
        assert client.get("/v1/customers/ann/predictions").status_code == 200
        refused = client.post("/v1/predictions", json={"customer_ids": ["ann", "bob"]})
        assert refused.status_code == 429
        assert refused.json()["detail"] == (
            "Found more customers in a day than the 2 that this key may ask for. Try again after Retry-After seconds, "
            "or ask for a key with a higher limit."
        )
        assert 3600 < int(refused.headers["retry-after"]) <= 24 * 3600
        assert [client.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
        assert client.get("/livez").status_code == 200


def test_workers_share_the_counts_of_a_redis(redis: RedisServer) -> None:
    async def two_workers() -> list[int]:
        workers = [RateLimits.for_store(Limits(3, 0), redis.url, LOG) for _ in range(2)]
        try:
            return [await status(lambda worker=worker: worker.count_request(MAIL)) for worker in workers * 2]  # type: ignore[misc]
        finally:
            for worker in workers:
                await worker.close()

    assert asyncio.run(two_workers()) == [200, 200, 200, 429]


def test_while_redis_does_not_answer_a_worker_counts_alone() -> None:
    limits = RateLimits.for_store(Limits(2, 0), "redis://127.0.0.1:1", LOG)
    assert requests(limits, MAIL, 3) == [200, 200, 429]
