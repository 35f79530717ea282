"""Square: the transactions and the items download (Transactions, Export), one line per payment or per item."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Square transactions or items export",
    signature=(("Date",), ("Time",), ("Time Zone",), ("Net Sales", "Gross Sales"), ("Transaction ID",)),
    columns={
        "customer_id": ("Customer ID",),
        "ordered_at": ("Date + Time",),
        "amount": ("Net Sales", "Gross Sales"),
        "order_id": ("Transaction ID",),
        "product_id": ("SKU", "Item"),
        "category": ("Category",),
        "quantity": ("Qty",),
        "discount": ("Discounts",),
        "channel": ("Channel", "Source"),
        "store_id": ("Location",),
    },
    customer_fallbacks=("Customer Reference ID",),
    day_first=False,
    notes=(
        "Net Sales are after discounts and before tax and tips; refunds are lines with a negative amount.",
        "Payments without a customer are read and belong to nobody.",
    ),
)
