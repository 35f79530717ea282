from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.pipelines.init.drafting import draft_file, ingested_totals
from tests.pipelines.init.plain_exports import all_orders, write_plain
from tests.pipelines.init.simulated_orders import Item, Order, Totals, simulate_orders, write_records

HEADER = "order_id,customer_id,ordered_at,total,status,updated_at"


def test_only_the_newest_state_of_an_order_counts(tmp_path: Path) -> None:
    records = [
        {"order_id": order.number, "customer_id": f"K{order.customer}", "ordered_at": order.at, "total": order.total,
         "status": status, "updated_at": order.at + timedelta(hours=hours)}
        for order in simulate_orders()
        for hours, status in ((0, "new"), (5, "cancelled" if order.status == "cancelled" else "shipped"))
    ]  # fmt: skip
    config = draft_file([write_records(tmp_path / "orders.csv", HEADER, records)], tmp_path)
    assert config.orders.updated_at == "updated_at"
    bought = [order for order in simulate_orders() if order.status != "cancelled"]
    assert ingested_totals(config, tmp_path / "history") == Totals.of(bought)


def test_items_that_were_changed_apart_are_all_of_their_order(tmp_path: Path) -> None:
    def change_time(order: Order, item: Item) -> str:
        return f"{order.at + timedelta(minutes=order.items.index(item)):%Y-%m-%d %H:%M:%S}"

    columns = {
        "order_id": "order",
        "customer_id": "customer",
        "ordered_at": "time",
        "amount": "amount",
        "updated_at": change_time,
    }
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert config.orders.updated_at is None
    assert ingested_totals(config, tmp_path / "history") == all_orders()
