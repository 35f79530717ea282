"""Fixtures: a shop whose customers are scored, and a client of its service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.serving.api.audience_requests import scored_shop
from tests.serving.fakes import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return scored_shop(tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client
