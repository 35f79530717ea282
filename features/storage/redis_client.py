"""Redis client: commands with short timeouts; every failure of the server raises StoreUnavailable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import RedisError
from redis.retry import Retry

from features.errors import InvalidStore, StoreUnavailable

CommandArgument = bytes | str | int
Reply: TypeAlias = Any  # the type depends on the command
Result = TypeVar("Result")


@dataclass(frozen=True)
class Timeouts:
    """Timeouts in seconds for a connection and for each reply; parameters in the address override them."""

    connect_seconds: float
    reply_seconds: float


READ_TIMEOUTS = Timeouts(connect_seconds=0.25, reply_seconds=0.5)  # shorter than the service's clients wait
WRITE_TIMEOUTS = Timeouts(connect_seconds=5.0, reply_seconds=30.0)  # a busy disk can delay a write


class RedisClient:
    """Client of a Redis at an address like redis://user:password@host:6379/0; it connects when needed."""

    def __init__(self, url: str, timeouts: Timeouts, contents: str = "online store") -> None:
        parts = urlsplit(url)
        # Messages use this name, which has no password.
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._contents = contents
        self._pool = _connection_pool(url, self.name, timeouts)
        options = self._pool.connection_kwargs
        self.timeouts = Timeouts(
            connect_seconds=options["socket_connect_timeout"], reply_seconds=options["socket_timeout"]
        )
        self._redis = Redis(connection_pool=self._pool)

    def execute(self, *command: CommandArgument) -> Reply:
        """Execute one command and return its reply.

        Raises:
            StoreUnavailable: Redis failed or did not reply in time.
        """
        return self._translate_errors(lambda: self._redis.execute_command(*command))  # type: ignore[no-untyped-call]

    def transaction(self, *commands: Sequence[CommandArgument]) -> list[Reply]:
        """Execute several commands as one MULTI/EXEC transaction and return their replies.

        Raises:
            StoreUnavailable: Redis failed or did not reply in time.
        """
        pipeline = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        return self._translate_errors(pipeline.execute)

    def eval_script(self, script: str, keys: Sequence[str], *arguments: CommandArgument) -> Reply:
        """Run a Lua script and return its result.

        Raises:
            StoreUnavailable: Redis or the script failed, or Redis did not reply in time.
        """
        return self.execute("EVAL", script, len(keys), *keys, *arguments)

    def _translate_errors(self, command: Callable[[], Result]) -> Result:
        try:
            return command()
        except RedisError as error:
            raise StoreUnavailable(
                f"The {self._contents} at {self.name} fails: {error}. Expected a Redis that answers within "
                f"{self.timeouts.reply_seconds:g} s. Start it, or say where it is: FLYWHEEL_ONLINE_STORE."
            ) from None


def _connection_pool(url: str, name: str, timeouts: Timeouts) -> ConnectionPool:
    """Create the connection pool; raise InvalidStore for an invalid address."""
    try:
        pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=timeouts.connect_seconds,
            socket_timeout=timeouts.reply_seconds,
            retry=Retry(NoBackoff(), 0),  # the default of the client retries for more than ten seconds
        )
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError) as error:
        raise InvalidStore(
            f"Found the online store {name} ({error}); expected an address like redis://:password@host:6379/0. "
            "Set FLYWHEEL_ONLINE_STORE."
        ) from None
    return pool
