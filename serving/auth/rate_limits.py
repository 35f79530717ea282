"""Rate limits: the requests a minute and the customers a day of each API key, by the library ``limits``.

Counts are shared through Redis where the online store is one. Otherwise, and while Redis does not answer, each worker
counts alone: a limit protects the worker, and a caller who is spread over several may reach a multiple of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError
from structlog.typing import FilteringBoundLogger

from features.errors import StoreUnavailable
from features.online.backends import SCHEMES
from features.storage.circuit_breaker import CircuitBreaker
from serving.auth.api_keys import Caller
from serving.problems import Problem, retry_after

SHARED_TIMEOUT_SECONDS = 0.1
COOLDOWN_SECONDS = 5.0  # without shared counts after Redis did not answer
_KEY_PREFIX = "flywheel:limits"


@dataclass(frozen=True)
class Limits:
    """Limits of a key; zero is no limit."""

    requests_per_minute: int
    customers_per_day: int


class _Counts:
    """Counts in one storage: a sliding window for requests, a fixed one for the customers of a day."""

    def __init__(self, storage: Storage) -> None:
        self._requests = SlidingWindowCounterRateLimiter(storage)
        self._customers = FixedWindowRateLimiter(storage)

    async def excess_seconds(self, item: RateLimitItem, identity: str, cost: int) -> float | None:
        """Count ``cost``; the seconds until some of the limit is free again if it is exceeded, else None."""
        limiter = self._requests if isinstance(item, RateLimitItemPerMinute) else self._customers
        if await limiter.hit(item, identity, cost=cost):
            return None
        return (await limiter.get_window_stats(item, identity)).reset_time - time.time()


class RateLimits:
    """Rate limits of one worker; a caller without a key has none."""

    def __init__(self, defaults: Limits, log: FilteringBoundLogger, shared: ConnectionPool | None = None) -> None:
        """Set the limits of keys that have none of their own, and the Redis that several workers share."""
        self._defaults = defaults
        self._log = log
        self._own = _Counts(MemoryStorage())
        self._pool = shared
        self._shared = None if shared is None else _Counts(_redis_storage(shared))
        self._breaker = CircuitBreaker(COOLDOWN_SECONDS)

    @classmethod
    def for_store(cls, defaults: Limits, online_store: str, log: FilteringBoundLogger) -> RateLimits:
        """Rate limits that are counted in the online store if it is a Redis."""
        if not online_store.startswith(SCHEMES):
            return cls(defaults, log)
        return cls(defaults, log, ConnectionPool.from_url(online_store))

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool is not None:
            await self._pool.disconnect()

    async def count_request(self, caller: Caller) -> None:
        """Count one request of a caller.

        Raises:
            Problem: 429 if the key has sent its requests of this minute.
        """
        limit = self._defaults.requests_per_minute if caller.rate is None else caller.rate
        await self._count(caller, limit, RateLimitItemPerMinute, 1, "requests in a minute")

    async def count_customers(self, caller: Caller, customers: int) -> None:
        """Count the customers of one prediction request.

        Raises:
            Problem: 429 if the key has asked for its customers of this day, or would with this request.
        """
        limit = self._defaults.customers_per_day if caller.quota is None else caller.quota
        await self._count(caller, limit, RateLimitItemPerDay, customers, "customers in a day")

    async def _count(
        self, caller: Caller, limit: int, item_of: Callable[[int], RateLimitItem], cost: int, counted: str
    ) -> None:
        if not limit or not caller.key_id:
            return
        excess_seconds = await self._excess_seconds(item_of(limit), caller.key_id, cost)
        if excess_seconds is not None:
            raise Problem(
                429,
                f"Found more {counted} than the {limit:,} that this key may ask for. Try again after Retry-After "
                "seconds, or ask for a key with a higher limit.",
                headers=retry_after(excess_seconds),
            )

    async def _excess_seconds(self, item: RateLimitItem, identity: str, cost: int) -> float | None:
        if self._shared is not None:
            try:
                with self._breaker.guard():
                    return await _reachable(self._shared, item, identity, cost)
            except StoreUnavailable:
                self._log.debug("limits counted by this worker alone")
        return await self._own.excess_seconds(item, identity, cost)


def _redis_storage(pool: ConnectionPool) -> RedisStorage:
    options: dict[str, Any] = {"connection_pool": pool}  # limits declares fewer types than it takes
    return RedisStorage("redis://", implementation="redispy", key_prefix=_KEY_PREFIX, **options)


async def _reachable(counts: _Counts, item: RateLimitItem, identity: str, cost: int) -> float | None:
    try:
        async with asyncio.timeout(SHARED_TIMEOUT_SECONDS):
            return await counts.excess_seconds(item, identity, cost)
    except (RedisError, TimeoutError, OSError) as error:
        raise StoreUnavailable(f"Found no counts of requests in Redis ({type(error).__name__}).") from None
