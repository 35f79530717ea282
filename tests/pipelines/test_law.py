"""No leakage: the log after the as-of day does not change any prediction, in any digit."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF, ShopOf
from tests.pipelines.shops import Log

pytestmark = pytest.mark.slow


def differing_columns(first: pa.Table, second: pa.Table) -> list[str]:
    """Return the columns that differ in any value; the release number is not compared."""
    assert first.column_names == second.column_names
    assert first["customer_id"].equals(second["customer_id"])
    return [name for name in first.column_names if name != "release" and not first[name].equals(second[name])]


def run_in_parallel(*shop: Flywheel) -> None:
    commands = [flywheel.start("run", "--as-of", shops.day(150)) for flywheel in shop]
    assert {command.wait().status for command in commands} == {0}


def test_the_log_has_events_that_would_reveal_the_future(log: Log) -> None:
    cut = pd.Timestamp(shops.day(AS_OF))
    before, after = log.orders[log.orders["at"] < cut], log.orders[log.orders["at"] >= cut]
    assert log.events is not None
    assert (log.events["at"] >= cut).sum() > 100
    assert len(set(before["basket"]) & set(after["basket"])) > 5
    assert (after["amount"] < 0).sum() > 10
    assert (before["loaded_at"] >= cut).sum() > 10
    assert len(set(after["customer"]) - set(before["customer"])) > 10


def test_the_log_cut_off_at_the_day_gives_the_same_predictions_to_the_last_digit(
    trained_shop: Flywheel, trained_shop_with_cut_log: Flywheel
) -> None:
    assert differing_columns(trained_shop.scores, trained_shop_with_cut_log.scores) == []
    assert trained_shop.release["tiered_model"] == trained_shop_with_cut_log.release["tiered_model"]


def test_no_leakage_with_orders_by_day_without_amounts_and_with_late_lines_in_the_file(shop_of: ShopOf) -> None:
    log = shops.simulate_log(100, 200, seed=3)
    log = Log(log.orders.drop(columns=["basket", "amount", "quantity"]), None)
    placed = log.with_orders(log.orders[log.orders["at"] < pd.Timestamp(shops.day(150))])
    shop_logs = (log, log.known_before(150), placed)
    whole, cut, late = (shop_of(shop_log, churn_days='"auto"') for shop_log in shop_logs)
    run_in_parallel(whole, cut, late)
    assert differing_columns(whole.scores, cut.scores) == []
    assert differing_columns(whole.scores, late.scores) == []
