"""Unit economics of a shop: a planted cost per new customer is found for each source, by touches and by channel."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pipelines import shops
from tests.pipelines.learning.growth.growth_shop import GrowthShop

pytestmark = pytest.mark.slow

TABLES = """
[touches]
path = "touches.csv"
customer_id = "customer"
sent_at = "at"
campaign_id = "campaign"
channel = "channel"

[costs]
path = "costs.csv"
day = "day"
source = "source"
amount = "amount"
"""
NO_MARGIN = "{ active_days = 28, value_days = 28, level = 50.0 }"
HALF_MARGIN = "{ active_days = 28, value_days = 28, level = 50.0, gross_margin = 0.5 }"
SEARCH, FRIENDS, NOBODY = range(3)  # customers alternate: touched by search, brought by friends, of no known source


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> GrowthShop:
    """A shop with one new customer a day from each source, who spends 30 and, 40 days later, 10 again."""
    folder = tmp_path_factory.mktemp("costs") / "shop"
    days = range(250)
    orders = [(f"c{day}s{source}", day, 30.0) for day in days for source in range(3)]
    orders += [(customer, day + 40, 10.0) for customer, day, _ in orders if day + 40 < 250]
    shop = GrowthShop(folder, shops.log_of_orders(*orders), TABLES)
    is_friends = shop.log.orders["customer"].str.endswith(f"s{FRIENDS}")
    shop.log.orders["channel"] = np.where(is_friends, "Friends", "shop")
    touches = [
        (f"c{day}s{SEARCH}", shops.day(day - back), channel)
        for day in days
        for back, channel in ((45, "friends"), (20, " Search"), (5, "friends"))  # the first within 30 days counts
    ]
    rows = [f"{customer},{at} 09:00:00,camp,{channel}" for customer, at, channel in touches]
    (folder / "touches.csv").write_text("\n".join(["customer,at,campaign,channel", *rows]) + "\n")
    costs = [
        f"{shops.day(day)},{source},{amount}" for day in days for source, amount in (("search", 20.0), ("friends", 5.0))
    ]
    (folder / "costs.csv").write_text("\n".join(["day,source,amount", *costs]) + "\n")
    return shop


def test_each_source_has_its_cost_per_new_customer(shop: GrowthShop) -> None:
    economics = shop.update(248, NO_MARGIN).ltv_to_cac
    assert economics.status == "ok"
    by_name = {cohort.name: cohort for cohort in economics.by_source}
    assert [cohort.name for cohort in economics.by_source] == ["search", "friends"]
    assert (by_name["search"].cac.value, by_name["friends"].cac.value) == (20.0, 5.0)
    for name, ratio in (("search", 2.0), ("friends", 8.0)):
        assert by_name[name].realised_ltv.value == 40.0
        assert by_name[name].realised_ratio.value == pytest.approx(ratio)
        assert by_name[name].predicted_ltv.status == "no_predictions"
        assert by_name[name].expected_ratio.status == "no_predictions"


def test_a_month_has_all_costs_over_all_new_customers(shop: GrowthShop) -> None:
    months = shop.update(248, NO_MARGIN).ltv_to_cac.by_month
    assert [cohort.cac.value for cohort in months] == [pytest.approx(25 / 3)] * len(months)
    assert months[0].name == "2024-03"
    ripe, young = months[0].realised_ratio, months[-1].realised_ratio
    assert (ripe.status, young.status) == ("ok", "not_mature")
    assert ripe.value == pytest.approx(40 / (25 / 3))


def test_all_new_customers_stand_beside_the_sources(shop: GrowthShop) -> None:
    overall = shop.update(248, NO_MARGIN).ltv_to_cac.overall
    assert overall is not None
    assert (overall.name, overall.costs) == ("all", "closed")
    assert overall.cac.value == pytest.approx(25 / 3)


def test_costs_that_are_added_later_count_for_months_that_had_none(shop: GrowthShop) -> None:
    later = GrowthShop(shop.folder.parent / "later", shop.log)
    assert later.update(248, NO_MARGIN).ltv_to_cac.status == "no_costs"
    written = later.closed_lines()
    later.extra = TABLES
    for name in ("touches.csv", "costs.csv"):
        (later.folder / name).write_text((shop.folder / name).read_text())
    economics = later.update(248, NO_MARGIN).ltv_to_cac
    assert later.closed_lines() == written
    assert {cohort.costs for cohort in (*economics.by_source, *economics.by_month)} == {"restated"}
    assert [cohort.cac.value for cohort in economics.by_source] == [20.0, 5.0]


def test_without_a_known_source_months_remain(shop: GrowthShop) -> None:
    unknown = GrowthShop(shop.folder.parent / "unknown", shop.log, TABLES)
    (unknown.folder / "touches.csv").write_text("customer,at,campaign,channel\nc1s0,2024-01-09 09:00:00,camp,mail\n")
    (unknown.folder / "costs.csv").write_text((shop.folder / "costs.csv").read_text().replace("friends", "radio"))
    economics = unknown.update(248, NO_MARGIN).ltv_to_cac
    assert economics.by_source == []
    assert len(economics.by_month) == 6
    assert economics.overall is not None


def test_with_a_margin_the_value_is_gross_margin(shop: GrowthShop) -> None:
    economics = shop.update(248, HALF_MARGIN).ltv_to_cac
    assert economics.value == "gross_margin"
    assert economics.by_source[0].realised_ltv.value == 20.0


def test_costs_that_come_late_change_no_closed_month(shop: GrowthShop) -> None:
    shop.update(248, NO_MARGIN)
    written = shop.closed_lines()
    path = shop.folder / "costs.csv"
    before = path.read_text()
    path.write_text(before + f"{shops.day(60)},search,9000\n")
    answer = shop.update(248, NO_MARGIN)
    path.write_text(before)
    assert shop.closed_lines() == written
    assert [cohort.cac.value for cohort in answer.ltv_to_cac.by_month] == [pytest.approx(25 / 3)] * 6
