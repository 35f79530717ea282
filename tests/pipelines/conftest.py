"""One home that learned from a whole shop, read by many tests, and little shops for those that write."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.shops import Log

AS_OF, LOG_DAYS = 260, 300  # days after the opening
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
        shops.write_shop(flywheel.folder, log, **business)
        flywheel.home.folder.mkdir()
        shutil.copyfile(model_store, flywheel.home.folder / "mlflow.db")
        return flywheel

    return opened


@pytest.fixture(scope="session")
def log() -> Log:
    """A log that goes on for weeks after the day on which everything is asked."""
    return shops.simulate_log(900, LOG_DAYS)


@pytest.fixture(scope="session")
def learning(shop_of: ShopOf, log: Log) -> tuple[Flywheel, Flywheel]:
    """Two shops large enough for trees, under ``flywheel run``: one with its whole log, one with what was known."""
    both = shop_of(log), shop_of(log.known_before(AS_OF))
    for flywheel in both:
        flywheel.start("run", "--as-of", shops.day(AS_OF), "--json")
    return both


@pytest.fixture(scope="session")
def trained(learning: tuple[Flywheel, Flywheel]) -> Flywheel:
    """The shop with its whole log, for reading alone."""
    return wait_for_run(learning[0])


@pytest.fixture(scope="session")
def trained_then(learning: tuple[Flywheel, Flywheel]) -> Flywheel:
    """The shop with the log that ends on the day."""
    return wait_for_run(learning[1])


def wait_for_run(flywheel: Flywheel) -> Flywheel:
    done = flywheel.commands[0].wait()
    assert done.status == 0, done.err
    return flywheel


@pytest.fixture(scope="session")
def opened_corner_shop(shop_of: ShopOf) -> ShopSnapshot:
    """A shop that opened twelve days ago, after ``flywheel run`` on its tenth day: answered from the lowest rung."""
    return ShopSnapshot.take(shop_of(shops.simulate_log(60, 12)), 10)


@pytest.fixture(scope="session")
def grown_shop(shop_of: ShopOf) -> ShopSnapshot:
    """A shop of 120 customers, after ``flywheel run`` half a year on: answered from the rung below the trees."""
    return ShopSnapshot.take(shop_of(shops.simulate_log(120, 200)), 180)


@pytest.fixture
def corner_shop(opened_corner_shop: ShopSnapshot) -> Flywheel:
    """The shop that has just opened, to do with as one likes."""
    return opened_corner_shop.restore()


@dataclass(frozen=True)
class ShopSnapshot:
    """A shop and a copy of its folder; it is put back in its own place, since catalogues name their files in full."""

    flywheel: Flywheel
    copy: Path

    @classmethod
    def take(cls, flywheel: Flywheel, today: int) -> ShopSnapshot:
        assert flywheel("run", "--as-of", shops.day(today)).status == 0
        copied = flywheel.folder.with_name(f"{flywheel.folder.name}-copy")
        shutil.copytree(flywheel.folder, copied)
        return cls(flywheel, copied)

    def restore(self) -> Flywheel:
        """The shop as it was, whatever was done to it since."""
        shutil.rmtree(self.flywheel.folder)
        shutil.copytree(self.copy, self.flywheel.folder)
        return Flywheel(self.flywheel.folder)
