"""Shopify: order values on the first line only, times with an offset, some customers with a phone and no address."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    Export,
    Totals,
    bought_for_good,
    net_amount,
    simulate_orders,
    time_with_offset,
    write_records,
)

HEADER = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Billing Phone,"
    "Cancelled at,Payment Method,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount,Phone"
)
STATUSES = {"paid": "paid", "cancelled": "voided", "refunded": "refunded", "partly refunded": "partially_refunded"}


def write(folder: Path) -> Export:
    """Write the export."""
    records: list[dict[str, object]] = []
    for order in simulate_orders():
        at, by_phone = time_with_offset(order.at), order.customer % 10 == 0
        values_of_order = {
            "Financial Status": STATUSES[order.status], "Paid at": at, "Currency": "EUR", "Subtotal": order.total,
            "Shipping": "0.00", "Taxes": "0.00", "Total": order.total, "Discount Amount": "0.00",
            "Refunded Amount": order.refund, "Id": 5_000_000_000 + order.number, "Source": "web",
            "Billing Name": f"Buyer {order.customer}", "Billing Country": "DE", "Accepts Marketing": "no",
        }  # fmt: skip
        records += [
            {
                "Name": f"#{order.number}", "Email": "" if by_phone else order.email, "Created at": at,
                "Phone": f"+4915{order.customer:08}" if by_phone else "", "Vendor": "Tea & Co",
                "Lineitem quantity": item.quantity, "Lineitem name": f"Item, {item.sku}", "Lineitem price": item.price,
                "Lineitem sku": item.sku, "Lineitem discount": "0.00", **(values_of_order if position == 0 else {}),
            }
            for position, item in enumerate(order.items)
        ]  # fmt: skip
    files = [write_records(folder / "orders_export_1.csv", HEADER, records)]
    return files, Totals.of(bought_for_good(), net_amount)
