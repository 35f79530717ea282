from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel, KillPoint
from tests.pipelines.conftest import ShopOf
from tests.pipelines.state import home_state, leftover_files

pytestmark = pytest.mark.slow

TENTH = shops.day(10)

# Each run starts from the home that the previous kill left, and gets further.
KILL_POINTS = [
    KillPoint("features.transformations.feature_tables:write_parquet", call=2),
    KillPoint("pipelines.steps.publish:write_tables"),
    KillPoint("features.online.lmdb:LmdbWriter.replace", call=2),
    KillPoint("mlflow:MlflowClient.log_artifacts", call=2),
    KillPoint("training.registry:Registry.register"),
    KillPoint("training.registry.release_files:install_folder", after_call=False),
    KillPoint("training.registry:Registry.fetch"),
    KillPoint("pipelines.steps.train:replace_text", after_call=False),
    KillPoint("training.registry.promotion:update_aliases", after_call=False),
    KillPoint("training.registry:Registry.promote"),
    KillPoint("training.registry.release_files:replace_text"),
    KillPoint("pyarrow.parquet:ParquetWriter.write_table"),
]


def test_every_step_may_be_repeated(corner_shop: Flywheel) -> None:
    assert corner_shop("evaluate", "--as-of", TENTH).status == 0
    before = home_state(corner_shop.home)
    for command in ("readiness", "ingest", "publish", "train", "evaluate", "promote", "score"):
        assert corner_shop(command, *as_of_arguments(TENTH, command)).status == 0
        assert home_state(corner_shop.home) == before, command


def as_of_arguments(today: date, command: str) -> tuple[object, ...]:
    """The --as-of option, for the commands that take it."""
    return () if command in {"ingest", "promote", "score"} else ("--as-of", today)


def test_run_is_its_steps_one_after_the_other(corner_shop: Flywheel, shop_of: ShopOf) -> None:
    stepwise = shop_of(shops.simulate_log(60, 12))
    for command in ("ingest", "publish", "train", "promote", "score"):
        assert stepwise(command, *as_of_arguments(TENTH, command)).status == 0
    assert home_state(stepwise.home) == home_state(corner_shop.home)


def test_a_run_killed_at_any_point_and_repeated_reaches_the_same_state(corner_shop: Flywheel, shop_of: ShopOf) -> None:
    killed_shop = shop_of(shops.simulate_log(60, 12))
    for kill_point in KILL_POINTS:
        assert killed_shop("run", "--as-of", TENTH, kill_point=kill_point).status == -9, kill_point
    assert killed_shop("run", "--as-of", TENTH).status == 0
    assert home_state(killed_shop.home) == home_state(corner_shop.home)
    assert leftover_files(killed_shop.home.folder) == []


def test_an_ingestion_killed_with_another_log_is_done_again(corner_shop: Flywheel) -> None:
    before = history_tables(corner_shop)
    shops.write_shop(corner_shop.folder, shops.simulate_log(30, 12, seed=7))
    assert corner_shop("ingest", kill_point=KillPoint("features.ingestion.ingest:write_table")).status == -9
    assert history_tables(corner_shop) != before
    shops.write_shop(corner_shop.folder, shops.simulate_log(60, 12))
    assert corner_shop("ingest").status == 0
    assert history_tables(corner_shop) == before
    assert leftover_files(corner_shop.home.folder) == []


def history_tables(flywheel: Flywheel) -> list[pa.Table]:
    """Orders and events in a canonical order."""
    tables = [pq.read_table(flywheel.home.history / f"{name}.parquet") for name in ("orders", "events")]
    return [table.sort_by([(name, "ascending") for name in table.column_names]) for table in tables]


def test_a_log_that_is_refused_leaves_the_history_as_it_was(corner_shop: Flywheel) -> None:
    before = history_tables(corner_shop)
    log = shops.simulate_log(30, 12, seed=7)
    shops.write_shop(corner_shop.folder, log.with_orders(log.orders.assign(amount="much")))
    assert corner_shop("ingest").status == 1
    shops.write_shop(corner_shop.folder, shops.simulate_log(60, 12))
    assert "the history is up to date" in corner_shop("ingest").err
    assert history_tables(corner_shop) == before


def test_a_publication_killed_on_another_day_is_done_again(corner_shop: Flywheel) -> None:
    before = home_state(corner_shop.home)
    killed = corner_shop(
        "publish", "--as-of", shops.day(6), kill_point=KillPoint("pipelines.steps.publish:write_tables")
    )
    assert killed.status == -9
    for command in ("publish", "score"):
        assert corner_shop(command, "--as-of", TENTH).status == 0
    assert home_state(corner_shop.home) == before


def test_a_rollback_killed_before_its_pointer_is_finished_and_not_swapped_back(
    corner_shop: Flywheel,
) -> None:
    assert corner_shop("run", "--as-of", shops.day(11)).status == 0
    assert corner_shop.home.champion() == "2"
    assert (
        corner_shop("promote", "--rollback", kill_point=KillPoint("training.registry:Registry.rollback")).status == -9
    )
    assert corner_shop.home.champion() == "2"
    repeated = corner_shop("promote", "--rollback", "--json")
    assert repeated.summary["version"] == corner_shop.home.champion() == "1"
    assert [promotion["kind"] for promotion in corner_shop.promotions] == ["promotion", "promotion", "rollback"]
