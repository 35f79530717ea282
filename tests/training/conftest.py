"""Test fixture: the cached shops are cleared at the end of the session, while DuckDB can still close their tables."""

from collections.abc import Iterator

import pytest

from tests.training.shops import clear_shared


@pytest.fixture(scope="session", autouse=True)
def _shops() -> Iterator[None]:
    yield
    clear_shared()
