"""Pipeline fixtures: one trained home for many reading tests, and small shops for tests that write."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
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
    """An empty MLflow store; copying it is ten times as fast as creating one."""
    home = Home(tmp_path_factory.mktemp("store"))
    home.registry()
    return home.folder / "mlflow.db"


@pytest.fixture(scope="session")
def shop_of(tmp_path_factory: pytest.TempPathFactory, model_store: Path) -> ShopOf:
    """Create a shop with this log; commands run in its folder."""

    def open_shop(log: Log, *, accept: Sequence[str] = (), **business: str) -> Flywheel:
        flywheel = Flywheel(tmp_path_factory.mktemp("shop"))
        shops.write_shop(flywheel.folder, log, accept=accept, **business)
        flywheel.home.folder.mkdir()
        shutil.copyfile(model_store, flywheel.home.folder / "mlflow.db")
        return flywheel

    return open_shop


@pytest.fixture(scope="session")
def log() -> Log:
    """A log that continues for weeks after the as-of day."""
    return shops.simulate_log(400, LOG_DAYS)


@pytest.fixture(scope="session")
def trained_shop(shop_of: ShopOf, log: Log) -> Flywheel:
    """The shop with its whole log, after ``flywheel run``; only for reading."""
    return run_pipeline(shop_of(log))


@pytest.fixture(scope="session")
def trained_shop_with_cut_log(shop_of: ShopOf, log: Log) -> Flywheel:
    """The shop with the log that ends on the as-of day, after ``flywheel run``."""
    return run_pipeline(shop_of(log.known_before(AS_OF)))


def run_pipeline(flywheel: Flywheel) -> Flywheel:
    """Run the pipeline on the as-of day; it must succeed."""
    result = flywheel("run", "--as-of", shops.day(AS_OF), "--json")
    assert result.status == 0, result.err
    return flywheel


@pytest.fixture(scope="session")
def corner_shop_snapshot(shop_of: ShopOf) -> ShopSnapshot:
    """A shop that opened twelve days ago, after ``flywheel run`` on its tenth day: answered by the lowest tier."""
    return ShopSnapshot.take(shop_of(shops.simulate_log(60, 12)), 10)


@pytest.fixture(scope="session")
def grown_shop_snapshot(shop_of: ShopOf) -> ShopSnapshot:
    """A shop of 120 customers with churn rules, after ``flywheel run`` half a year later: answered by the average."""
    return ShopSnapshot.take(shop_of(shops.simulate_log(120, 200), churn_rules=shops.CHURN_RULES), 180)


@pytest.fixture
def corner_shop(corner_shop_snapshot: ShopSnapshot) -> Flywheel:
    """The shop that has just opened; tests may change it."""
    return corner_shop_snapshot.restore()


@dataclass(frozen=True)
class ShopSnapshot:
    """A shop and a copy of its folder, restored to the same path because its stores contain absolute paths."""

    flywheel: Flywheel
    copy: Path

    @classmethod
    def take(cls, flywheel: Flywheel, today: int) -> ShopSnapshot:
        """Run the pipeline on the shop and copy its folder."""
        assert flywheel("run", "--as-of", shops.day(today)).status == 0
        copy = flywheel.folder.with_name(f"{flywheel.folder.name}-copy")
        shutil.copytree(flywheel.folder, copy)
        return cls(flywheel, copy)

    def restore(self) -> Flywheel:
        """Restore the shop to its state after the run."""
        shutil.rmtree(self.flywheel.folder)
        shutil.copytree(self.copy, self.flywheel.folder)
        return Flywheel(self.flywheel.folder)
