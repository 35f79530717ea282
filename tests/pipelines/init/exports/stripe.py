"""Stripe: times in UTC, currencies in small letters, failed attempts and refunds, guests with an address only."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    BERLIN,
    Export,
    Totals,
    bought_for_good,
    net_amount,
    simulate_orders,
    write_records,
)

HEADER = (
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,"
    "Converted Amount Refunded,Fee,Tax,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,"
    "Customer Description,Customer Email,Captured,Card Last4,Card Brand"
)
STATUSES = {"paid": "Paid", "cancelled": "Failed", "refunded": "Refunded", "partly refunded": "Paid"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "id": f"ch_{order.number}", "Description": "Tea", "Seller Message": "Payment complete.",
            "Created (UTC)": f"{order.at.replace(tzinfo=BERLIN).astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            "Amount": order.total * 2, "Amount Refunded": order.refund * 2,
            "Currency": "usd" if order.number % 2 else "gbp",
            "Converted Amount": order.total, "Converted Amount Refunded": order.refund, "Converted Currency": "eur",
            "Fee": "1.20", "Mode": "Live", "Status": STATUSES[order.status], "Customer Email": order.email,
            "Customer ID": "" if order.customer % 8 == 0 else f"cus_{order.customer:06}", "Captured": "True",
        }
        for order in simulate_orders()
    ]  # fmt: skip
    files = [write_records(folder / "unified_payments.csv", HEADER, records)]
    return files, Totals.of(bought_for_good(), net_amount)
