"""Shared shops: closed at the end of the session, before their database connections are."""

from collections.abc import Iterator

import pytest

from tests.training.shops import clear_shared


@pytest.fixture(scope="session", autouse=True)
def _close_shared_shops() -> Iterator[None]:
    yield
    clear_shared()
