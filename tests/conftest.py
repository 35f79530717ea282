"""Fixtures shared by all tests, and the order in which workers get the test files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

# Feast makes every counter that is created after its import multi-process; the service's counters must not be.
import prometheus_client  # noqa: F401 -- before anything imports feast
import pytest
from hypothesis import settings
from playwright.sync_api import Page
from xdist.scheduler import Scheduling

from features.storage.private_files import keep_new_files_private
from tests.browser import open_page
from tests.distribution import GroupScheduling, sort_groups
from tests.redis_server import RedisServer

# A time limit would fail where other programs use the processor too.
settings.register_profile("flywheel", deadline=None)
settings.load_profile("flywheel")


def pytest_configure() -> None:
    """Create files as the command line does."""
    keep_new_files_private()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Callable[..., None]) -> Scheduling | None:
    """With ``--dist loadfile``, files that share a set-up run on one worker."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the longest groups to the front."""
    sort_groups(items)


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


@pytest.fixture
def page() -> Iterator[Page]:
    """An empty page of Debian's Chromium."""
    with open_page() as opened:
        yield opened


@pytest.fixture(params=["lmdb", "redis"])
def online(request: pytest.FixtureRequest) -> str:
    """The setting of each back end of the online store: ``lmdb``, or the address of an empty Redis."""
    return request.getfixturevalue("redis").url if request.param == "redis" else "lmdb"
