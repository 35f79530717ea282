"""WooCommerce Analytics: names instead of addresses, and the revenue beside a text of it."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import Export, Totals, bought_for_good, simulate_orders, write_records

HEADER = (
    "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue,"
    "Attribution"
)
STATUSES = {"paid": "completed", "cancelled": "cancelled", "refunded": "refunded", "partly refunded": "completed"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "Date": f"{order.at:%Y-%m-%d %H:%M:%S}", "Order #": order.number, "N. Revenue": order.total,
            "N. Revenue (formatted)": f"${order.total:,}", "Status": STATUSES[order.status],
            "Customer": f"Ann Buyer{order.customer}", "Customer type": "returning", "Items sold": 2,
        }
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_records(folder / "wc-orders-report-export.csv", HEADER, records)], Totals.of(bought_for_good())
