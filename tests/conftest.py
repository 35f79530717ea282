"""Fixtures shared by all tests, and their order: tests that share a set-up run on one worker, the longest first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

# Feast makes every counter that is created after its import multi-process; the service's counters must not be.
import prometheus_client  # noqa: F401 -- before anything imports feast
import pytest

from tests.redis_server import RedisServer

SHARED_SHOPS = ("trained_shop", "grown_shop_snapshot", "corner_shop")  # fixtures that train once per worker
COMMANDS = "commands"  # quick tests of the command line, which share one fork server
LONG_FOLDERS = ("tests/training", "tests/serving/audiences")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests of a file, or of a shared set-up, for one worker, and move the longest groups to the front."""
    groups = {item: _group(item) for item in items}
    slow = {groups[item] for item in items if item.get_closest_marker("slow")}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _position(groups[item], slow))


def _group(item: pytest.Item) -> str:
    fixtures = getattr(item, "fixturenames", ())
    file = item.path.relative_to(item.config.rootpath).as_posix()
    is_quick_command = file.startswith("tests/pipelines/") and item.get_closest_marker("slow") is None
    return next((name for name in SHARED_SHOPS if name in fixtures), COMMANDS if is_quick_command else file)


def _position(group: str, slow: set[str]) -> int:
    """Shared set-ups come first, then files with slow tests, then the folders with long tests."""
    if group in {*SHARED_SHOPS, COMMANDS}:
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
