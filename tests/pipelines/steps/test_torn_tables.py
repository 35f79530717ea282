"""Torn tables: what a damaged disk left in a home is written again by the next nightly command."""

from __future__ import annotations

import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow

NAMES = ("history/orders.parquet", "history/manifest.json", "features/transactions.parquet", "features/published.json")


@pytest.mark.parametrize("names", [NAMES[::2], NAMES[1::2]])
def test_torn_tables_and_markers_are_written_again(corner_shop: Flywheel, names: tuple[str, ...]) -> None:
    whole = {path: path.read_bytes() for path in (corner_shop.home.folder / name for name in names)}
    for path, content in whole.items():
        path.write_bytes(content[: len(content) // 2])
    assert corner_shop("publish", "--as-of", shops.day(10)).status == 0
    assert {path: len(path.read_bytes()) for path in whole} == {path: len(content) for path, content in whole.items()}
