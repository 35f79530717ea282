"""WooCommerce Analytics: the download of Analytics, Orders; it names the customer, but has no number or address."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="WooCommerce Analytics orders download",
    signature=(("Date",), ("Order #",), ("Status",), ("Customer",), ("N. Revenue", "Net sales", "Net Sales")),
    columns={
        "customer_id": ("Customer",),
        "ordered_at": ("Date",),
        "amount": ("N. Revenue", "Net sales", "Net Sales"),
        "order_id": ("Order #",),
        "quantity": ("Items sold",),
        "channel": ("Attribution", "Origin"),
        "status": ("Status",),
    },
    excluded_statuses=(
        "cancelled", "failed", "refunded", "pending", "checkout-draft", "trash",
        "Cancelled", "Failed", "Refunded", "Pending payment", "Draft",
    ),
    notes=("This download has names only: two people of one name are one customer. An orders export has addresses.",),
)  # fmt: skip
