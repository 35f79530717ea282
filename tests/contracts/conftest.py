"""Shops that the tests share are let go of at the end, while DuckDB can still close what they were read from."""

from collections.abc import Iterator

import pytest

from tests.training.shops import let_go


@pytest.fixture(scope="session", autouse=True)
def _shops() -> Iterator[None]:
    yield
    let_go()
