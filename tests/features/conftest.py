"""Fixtures of the online store on LMDB and on Redis."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.online import redis_writer
from features.online.backends import Store, open_store, resolve_location


@pytest.fixture(params=["lmdb", "redis", "redis, staged"])
def location(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The location of an empty online store: LMDB, Redis, or Redis with every write through a staged hash."""
    if request.param == "lmdb":
        return resolve_location("lmdb", tmp_path)
    if request.param != "redis":
        monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)
    return resolve_location(request.getfixturevalue("redis").url, tmp_path)


@pytest.fixture
def store(location: str) -> Store:
    """An empty online store."""
    return open_store(location)
