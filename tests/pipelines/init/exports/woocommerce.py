"""WooCommerce: one line per order, statuses with wc-, guests whose account number is 0."""

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
    "order_id,order_number,order_date,status,order_total,refunded_total,order_currency,customer_user,billing_first_name,billing_email,"
    "billing_phone,payment_method"
)
STATUSES = {
    "paid": "wc-completed",
    "cancelled": "wc-cancelled",
    "refunded": "wc-refunded",
    "partly refunded": "wc-completed",
}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "order_id": order.number, "order_number": order.number, "order_date": f"{order.at:%Y-%m-%d %H:%M:%S}",
            "status": STATUSES[order.status], "order_total": order.total,
            "refunded_total": order.refund, "order_currency": "USD",
            "customer_user": 0 if order.customer % 3 else order.customer + 50, "billing_email": order.email,
            "billing_phone": "555", "payment_method": "stripe",
        }
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_records(folder / "orders.csv", HEADER, records)], Totals.of(bought_for_good(), net_amount)
