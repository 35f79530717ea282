"""What holds for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

# Feast, once imported, makes every later counter of this process a shared one; the service's must be its own.
import prometheus_client  # noqa: F401 -- before anything imports feast
import pytest

from tests.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the whole session; a test that freezes or kills takes one of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis(redis_server: RedisServer) -> RedisServer:
    """An empty Redis."""
    redis_server.flush()
    return redis_server


@pytest.fixture
def redis_of_its_own(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis to freeze, kill and start again, which then has what it had."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", persistent=True)
    yield server
    server.kill()


@pytest.fixture(params=["lmdb", "redis"])
def online(request: pytest.FixtureRequest) -> str:
    """The word for each back end of the online store: a folder of the home, or an empty Redis."""
    return request.getfixturevalue("redis").url if request.param == "redis" else "lmdb"
