"""The online store in each of its forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.online import redis_writer
from features.online.backends import Store, open_store, resolve_location


@pytest.fixture(params=["lmdb", "redis", "redis, by drafts alone"])
def where(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A Redis takes few rows in one script, and many by way of a draft; both must come to the same."""
    if request.param == "lmdb":
        return resolve_location("lmdb", tmp_path)
    if request.param != "redis":
        monkeypatch.setattr(redis_writer, "MAX_SMALL_MERGE", 0)
    return resolve_location(request.getfixturevalue("redis").url, tmp_path)


@pytest.fixture
def store(where: str) -> Store:
    return open_store(where)
