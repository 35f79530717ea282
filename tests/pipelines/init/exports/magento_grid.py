"""Magento: the names of the admin's grid, times with the name of the month."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import Export, Totals, bought_for_good, simulate_orders, write_records

HEADER = (
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,"
    "Billing Address,Customer Email,Customer Group,Subtotal,Customer Name,Payment Method"
)
STATUSES = {"paid": "complete", "cancelled": "canceled", "refunded": "closed", "partly refunded": "complete"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "ID": f"{order.number:09}", "Purchase Point": "Main Website",
            "Purchase Date": f"{order.at:%b %d, %Y %I:%M:%S %p}", "Grand Total (Base)": f"{order.total:.4f}",
            "Grand Total (Purchased)": f"{order.total:.4f}", "Status": STATUSES[order.status],
            "Customer Email": order.email, "Subtotal": order.total, "Customer Name": "Ann", "Payment Method": "checkmo",
        }
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_records(folder / "export.csv", HEADER, records)], Totals.of(bought_for_good())
