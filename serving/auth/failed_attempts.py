"""Failed attempts: an address that sends many wrong keys is refused for a while, without shutting out its neighbours.

Several callers share an address behind a proxy. A key of `flywheel keys` is 256 random bits, which nobody guesses, so
it is accepted all the same; a key that a person chose, in the environment, only where it was accepted before.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from serving.auth.api_keys import ENVIRONMENT, Caller
from serving.problems import Problem, retry_after

MAX_FAILURES_PER_MINUTE = 20
_REMEMBERED_ADDRESSES = 1024


class FailedAttempts:
    """Failed attempts of each address, as one worker counts them."""

    def __init__(self, per_minute: int = MAX_FAILURES_PER_MINUTE) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._accepted: OrderedDict[str, None] = OrderedDict()

    async def count(self, address: str) -> None:
        """Count a wrong key from an address.

        Raises:
            Problem: 429 if the address has sent too many.
        """
        if not await self._limiter.hit(self._limit, _network(address)):
            raise await self._refusal(address)

    async def accept(self, address: str, caller: Caller) -> None:
        """Accept a right key from an address.

        Raises:
            Problem: 429 if the address has sent too many wrong ones, and the key is one that could be guessed.
        """
        if caller.key_id != ENVIRONMENT:
            return
        if address not in self._accepted and not await self._limiter.test(self._limit, _network(address)):
            raise await self._refusal(address)
        self._accepted[address] = None
        self._accepted.move_to_end(address)
        if len(self._accepted) > _REMEMBERED_ADDRESSES:
            self._accepted.popitem(last=False)

    async def _refusal(self, address: str) -> Problem:
        stats = await self._limiter.get_window_stats(self._limit, _network(address))
        return Problem(
            429,
            f"Found more than {self._limit.amount} wrong API keys in a minute from this address. Try again after "
            "Retry-After seconds, with a valid key.",
            headers=retry_after(stats.reset_time - time.time()),
        )


def _network(address: str) -> str:
    """What one caller has of the internet: an IPv4 address, or the 64 bits of an IPv6 network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
