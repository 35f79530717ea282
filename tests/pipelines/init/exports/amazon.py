"""Amazon: a tab between values, times in UTC, the price of all units of a line, prices of cancelled orders empty."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    BERLIN,
    Export,
    Totals,
    simulate_orders,
    without_cancelled,
    write_records,
)

HEADER = (
    "amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel,sales-channel,"
    "product-name,sku,asin,item-status,quantity,currency,item-price,item-tax,shipping-price,buyer-email,ship-city"
)


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "amazon-order-id": f"302-{order.number}", "order-status": "Cancelled" if cancelled else "Shipped",
            "purchase-date": f"{order.at.replace(tzinfo=BERLIN).astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}",
            "last-updated-date": "2026-11-20T10:00:00+00:00", "sales-channel": "Amazon.de", "sku": item.sku,
            "asin": item.sku, "quantity": 0 if cancelled else item.quantity, "currency": "EUR",
            "item-price": "" if cancelled else item.amount, "buyer-email": f"x{order.customer}@marketplace.amazon.de",
        }
        for order in simulate_orders()
        for cancelled in [order.status == "cancelled"]
        for item in order.items
    ]  # fmt: skip
    file = write_records(folder / "orders.txt", HEADER, records)
    file.write_text(file.read_text().replace(",", "\t"))
    return [file], Totals.of(without_cancelled())
