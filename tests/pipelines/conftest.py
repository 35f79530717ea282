"""One home that learned from a whole shop, read by many tests, and little shops for those that write."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.shops import Log

AS_OF, LOGGED = 260, 300  # days after the opening
ShopOf = Callable[..., Flywheel]


@pytest.fixture(scope="session")
def model_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow store with nothing in it; making one takes ten times as long as copying it."""
    home = Home(tmp_path_factory.mktemp("store"))
    home.registry()
    return home.folder / "mlflow.db"


@pytest.fixture(scope="session")
def shop_of(tmp_path_factory: pytest.TempPathFactory, model_store: Path) -> ShopOf:
    """Open a shop with this log; commands run in its folder."""

    def opened(log: Log, **business: str) -> Flywheel:
        flywheel = Flywheel(tmp_path_factory.mktemp("shop"))
        shops.described(flywheel.folder, log, **business)
        flywheel.home.folder.mkdir()
        shutil.copyfile(model_store, flywheel.home.folder / "mlflow.db")
        return flywheel

    return opened


@pytest.fixture(scope="session")
def log() -> Log:
    """A log that goes on for weeks after the day on which everything is asked."""
    return shops.simulated(900, LOGGED)


@pytest.fixture(scope="session")
def trained(shop_of: ShopOf, log: Log) -> Flywheel:
    """A shop large enough for trees, after ``flywheel run``: for reading alone."""
    flywheel = shop_of(log)
    done = flywheel("run", "--as-of", shops.day(AS_OF), "--json")
    assert done.status == 0, done.err
    return flywheel


@pytest.fixture(scope="session")
def opened_corner_shop(shop_of: ShopOf) -> tuple[Flywheel, Path]:
    """A shop of 120 customers and half a year, after ``flywheel run``, and a copy of its folder."""
    flywheel = shop_of(shops.simulated(120, 200))
    assert flywheel("run", "--as-of", shops.day(180)).status == 0
    copied = flywheel.folder.with_name(f"{flywheel.folder.name}-copy")
    shutil.copytree(flywheel.folder, copied)
    return flywheel, copied


@pytest.fixture
def corner_shop(opened_corner_shop: tuple[Flywheel, Path]) -> Flywheel:
    """The little shop, whatever other tests did to it: in its own place, since catalogues name their files in full."""
    flywheel, copied = opened_corner_shop
    shutil.rmtree(flywheel.folder)
    shutil.copytree(copied, flywheel.folder)
    return Flywheel(flywheel.folder)
