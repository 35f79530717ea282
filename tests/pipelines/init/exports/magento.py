"""Magento: names of the database, four decimals, guests without a number."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    Export,
    Totals,
    bought_for_good,
    net_amount,
    simulate_orders,
    write_records,
)

HEADER = (
    "entity_id,increment_id,state,status,store_id,customer_id,customer_is_guest,customer_email,created_at,updated_at,"
    "base_currency_code,order_currency_code,base_grand_total,grand_total,base_total_refunded,base_discount_amount,total_qty_ordered"
)
STATUSES = {"paid": "complete", "cancelled": "canceled", "refunded": "closed", "partly refunded": "complete"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "entity_id": order.number - 1000,
            "increment_id": f"{order.number:09}",
            "state": "x",
            "status": STATUSES[order.status],
            "store_id": order.store[-1],
            "customer_id": "" if order.customer % 4 == 0 else order.customer,
            "customer_email": order.email,
            "customer_is_guest": int(order.customer % 4 == 0),
            "created_at": f"{order.at:%Y-%m-%d %H:%M:%S}",
            "updated_at": "2026-11-20 10:00:00",
            "base_currency_code": "EUR",
            "order_currency_code": "EUR",
            "base_grand_total": f"{order.total:.4f}",
            "grand_total": f"{order.total:.4f}",
            "base_discount_amount": "-1.0000",
            "base_total_refunded": order.refund or "",
            "total_qty_ordered": f"{len(order.items)}.0000",
        }
        for order in simulate_orders()
    ]
    return [write_records(folder / "sales_order.csv", HEADER, records)], Totals.of(bought_for_good(), net_amount)
