"""Fixtures shared by all tests, and their order: tests that share a set-up run on one worker, the longest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

# Feast makes every counter that is created after its import multi-process; the service's counters must not be.
import prometheus_client  # noqa: F401 -- before anything imports feast
import pytest

from tests.redis_server import RedisServer

SHARED_SETUPS = ("trained", "grown_shop", "corner_shop")  # fixtures that train a shop, once per worker
LONG_FOLDERS = ("tests/pipelines", "tests/training", "tests/serving/audiences")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of a file, or of a shared set-up across files, and move the longest groups to the front."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    slow = {_group(item) for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: _position(_group(item), slow))


def _group(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    file = item.path.relative_to(item.config.rootpath).as_posix()
    return next((name for name in SHARED_SETUPS if name in fixtures), file)


def _position(group: str, slow: set[str]) -> int:
    """Shared set-ups first, then files with slow tests, then the folders of long tests."""
    if group in SHARED_SETUPS:
        return 0
    return 1 if group in slow else 2 if group.startswith(LONG_FOLDERS) else 3


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the whole session; a test that stops its server uses ``redis_of_its_own``."""
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
    """A persistent Redis for one test, which can freeze, kill and restart it."""
    (tmp_path / "redis").mkdir()
    server = RedisServer(tmp_path / "redis", persistent=True)
    yield server
    server.kill()


@pytest.fixture(params=["lmdb", "redis"])
def online(request: pytest.FixtureRequest) -> str:
    """The setting of each back end of the online store: ``lmdb``, or the address of an empty Redis."""
    return request.getfixturevalue("redis").url if request.param == "redis" else "lmdb"
