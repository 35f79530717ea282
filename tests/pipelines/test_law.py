from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF, ShopOf
from tests.pipelines.shops import Log

pytestmark = pytest.mark.slow


def differing_columns(one: pa.Table, other: pa.Table) -> list[str]:
    """The columns that differ anywhere, in any digit; the release's own number is no prediction."""
    assert one.column_names == other.column_names
    assert one["customer_id"].equals(other["customer_id"])
    return [name for name in one.column_names if name != "release" and not one[name].equals(other[name])]


def run_in_parallel(*shop: Flywheel) -> None:
    commands = [flywheel.start("run", "--as-of", shops.day(150)) for flywheel in shop]
    assert {command.wait().status for command in commands} == {0}


def test_the_log_has_all_that_could_tell_of_the_future(log: Log) -> None:
    cut = pd.Timestamp(shops.day(AS_OF))
    before, after = log.orders[log.orders["at"] < cut], log.orders[log.orders["at"] >= cut]
    assert log.events is not None
    assert (log.events["at"] >= cut).sum() > 100
    assert len(set(before["basket"]) & set(after["basket"])) > 10
    assert (after["amount"] < 0).sum() > 10
    assert (before["loaded_at"] >= cut).sum() > 10
    assert len(set(after["customer"]) - set(before["customer"])) > 10


def test_the_log_cut_off_at_the_day_gives_the_same_predictions_to_the_last_digit(
    trained: Flywheel, trained_then: Flywheel
) -> None:
    assert differing_columns(trained.scores, trained_then.scores) == []
    assert trained.release["tiered_model"] == trained_then.release["tiered_model"]


def test_nor_does_a_shop_whose_orders_are_days_and_whose_churn_horizon_is_in_the_log(shop_of: ShopOf) -> None:
    log = shops.simulate_log(120, 200, seed=3)
    by_day = log.with_orders(log.orders.drop(columns="basket"))
    whole, cut = (shop_of(one, churn_days='"auto"') for one in (by_day, by_day.known_before(150)))
    run_in_parallel(whole, cut)
    assert differing_columns(whole.scores, cut.scores) == []


def test_nor_does_a_shop_without_amounts_whose_late_lines_are_in_the_file(shop_of: ShopOf) -> None:
    log = shops.simulate_log(120, 200, seed=4)
    log = Log(log.orders.drop(columns=["amount", "quantity"]), None)
    placed = log.with_orders(log.orders[log.orders["at"] < pd.Timestamp(shops.day(150))])
    whole, cut, late = (shop_of(one) for one in (log, log.known_before(150), placed))
    run_in_parallel(whole, cut, late)
    assert differing_columns(whole.scores, cut.scores) == []
    assert differing_columns(whole.scores, late.scores) == []
