"""How do we talk to a Redis that may be frozen, gone or about to come back? Briefly, and every failure has one name."""

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
Reply: TypeAlias = Any  # its type is the command's
Result = TypeVar("Result")


@dataclass(frozen=True)
class Timeouts:
    """How long to wait for a connection, and for each answer, in seconds; the address may say otherwise."""

    connect_seconds: float
    reply_seconds: float


READ_TIMEOUTS = Timeouts(connect_seconds=0.25, reply_seconds=0.5)  # well within what a caller of the service waits
WRITE_TIMEOUTS = Timeouts(connect_seconds=5.0, reply_seconds=30.0)  # a disk that is busy may delay a write


class RedisClient:
    """A Redis at an address like redis://user:password@host:6379/0; connects when it is first asked, and again."""

    def __init__(self, url: str, timeouts: Timeouts, contents: str = "online store") -> None:
        parts = urlsplit(url)
        # The password stays out of every message.
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._contents = contents
        self._pool = _connection_pool(url, self.name, timeouts)
        said = self._pool.connection_kwargs
        self.timeouts = Timeouts(connect_seconds=said["socket_connect_timeout"], reply_seconds=said["socket_timeout"])
        self._redis = Redis(connection_pool=self._pool)

    def execute(self, *command: CommandArgument) -> Reply:
        """One command's answer; raises Unreachable when there is none."""
        return self._translate_errors(lambda: self._redis.execute_command(*command))  # type: ignore[no-untyped-call]

    def transaction(self, *commands: Sequence[CommandArgument]) -> list[Reply]:
        """The answers of several commands at one moment; raises Unreachable when there is none."""
        pipeline = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        return self._translate_errors(pipeline.execute)

    def eval_script(self, script: str, keys: Sequence[str], *arguments: CommandArgument) -> Reply:
        """What a Lua script returns; raises Unreachable when it does not."""
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
    """Raises InvalidStore for an address that cannot be one."""
    try:
        pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=timeouts.connect_seconds,
            socket_timeout=timeouts.reply_seconds,
            retry=Retry(NoBackoff(), 0),  # of its own accord the client tries for more than ten seconds
        )
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError) as error:
        raise InvalidStore(
            f"Found the online store {name} ({error}); expected an address like redis://:password@host:6379/0. "
            "Set FLYWHEEL_ONLINE_STORE."
        ) from None
    return pool
