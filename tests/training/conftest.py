"""Shops that the tests share are let go of at the end, while DuckDB can still close what they were read from."""

from collections.abc import Iterator

import pytest

from tests.training.shops import clear_shared


@pytest.fixture(scope="session", autouse=True)
def _shops() -> Iterator[None]:
    yield
    clear_shared()
