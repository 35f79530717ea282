"""Square: items of payments and refunds, date and time apart, amounts with a dollar sign, walk-ins."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    Export,
    Totals,
    without_cancelled,
    write_records,
)

HEADER = (
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
    "Customer Reference ID,Unit,Count"
)


def write(folder: Path) -> Export:
    """Write the export."""
    records: list[dict[str, object]] = []
    for order in without_cancelled():
        shared = {
            "Date": f"{order.at:%m/%d/%Y}", "Time": f"{order.at:%H:%M:%S}", "Time Zone": "Eastern Time (US & Canada)",
            "Price Point Name": "Regular", "Discounts": "$0.00", "Tax": "$0.00", "Location": order.store,
        }  # fmt: skip
        for sign, event in (("", "Payment"), ("-", "Refund")) if order.status == "refunded" else (("", "Payment"),):
            records += [
                {
                    **shared, "Category": item.category, "Item": item.sku, "SKU": item.sku, "Qty": item.quantity,
                    "Gross Sales": f"{sign}${item.amount:,}", "Net Sales": f"{sign}${item.amount:,}",
                    "Event Type": event, "Transaction ID": f"TX{order.number}",
                    "Customer ID": f"CUST{order.customer:05}",
                }
                for item in order.items
            ]  # fmt: skip
        walk_in = {"Item": "Cup", "SKU": "SKU-01", "Qty": 1, "Gross Sales": "$5.00", "Net Sales": "$5.00"}
        records.append({**shared, **walk_in, "Transaction ID": f"W{order.number}", "Event Type": "Payment"})
    files = [write_records(folder / "items-2026.csv", HEADER, records)]
    return files, Totals.of(
        without_cancelled(), lambda order: order.total if order.status != "refunded" else Decimal(0)
    )
