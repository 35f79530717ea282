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

from features.errors import BadStore, Unreachable

Word = bytes | str | int
Answer: TypeAlias = Any  # its type is the command's
Answered = TypeVar("Answered")


@dataclass(frozen=True)
class Patience:
    """How long to wait for a connection, and for each answer, in seconds; the address may say otherwise."""

    connect: float
    answer: float


READING = Patience(connect=0.25, answer=0.5)  # well within what a caller of the service waits
WRITING = Patience(connect=5.0, answer=30.0)  # a disk that is busy may delay a write


class Link:
    """A Redis at an address like redis://user:password@host:6379/0; connects when it is first asked, and again."""

    def __init__(self, url: str, patience: Patience, holds: str = "online store") -> None:
        parts = urlsplit(url)
        # The password stays out of every message.
        self.name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._holds = holds
        self._pool = _pool(url, self.name, patience)
        said = self._pool.connection_kwargs
        self.patience = Patience(connect=said["socket_connect_timeout"], answer=said["socket_timeout"])
        self._redis = Redis(connection_pool=self._pool)

    def call(self, *command: Word) -> Answer:
        """One command's answer; raises Unreachable when there is none."""
        return self._named(lambda: self._redis.execute_command(*command))  # type: ignore[no-untyped-call]

    def together(self, *commands: Sequence[Word]) -> list[Answer]:
        """The answers of several commands at one moment; raises Unreachable when there is none."""
        pipeline = self._redis.pipeline(transaction=True)
        for command in commands:
            pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
        return self._named(pipeline.execute)

    def run(self, script: str, keys: Sequence[str], *arguments: Word) -> Answer:
        """What a Lua script returns; raises Unreachable when it does not."""
        return self.call("EVAL", script, len(keys), *keys, *arguments)

    def _named(self, ask: Callable[[], Answered]) -> Answered:
        try:
            return ask()
        except RedisError as error:
            raise Unreachable(
                f"The {self._holds} at {self.name} fails: {error}. Expected a Redis that answers within "
                f"{self.patience.answer:g} s. Start it, or say where it is: FLYWHEEL_ONLINE_STORE."
            ) from None


def _pool(url: str, name: str, patience: Patience) -> ConnectionPool:
    """Raises BadStore for an address that cannot be one."""
    try:
        pool = ConnectionPool.from_url(
            url,
            socket_connect_timeout=patience.connect,
            socket_timeout=patience.answer,
            retry=Retry(NoBackoff(), 0),  # of its own accord the client tries for more than ten seconds
        )
        pool.connection_class(**pool.connection_kwargs)
    except (ValueError, TypeError, RedisError) as error:
        raise BadStore(
            f"Found the online store {name} ({error}); expected an address like redis://:password@host:6379/0. "
            "Set FLYWHEEL_ONLINE_STORE."
        ) from None
    return pool
