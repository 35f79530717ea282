"""Amazon: the orders report of Seller Central, with tabs, one line per item; item-price is that of the whole line."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Amazon orders report",
    signature=(("amazon-order-id",), ("purchase-date",), ("item-price",), ("buyer-email", "buyer-name")),
    columns={
        "customer_id": ("buyer-email",),
        "ordered_at": ("purchase-date",),
        "amount": ("item-price",),
        "order_id": ("amazon-order-id", "order-id"),
        "product_id": ("sku", "asin"),
        "quantity": ("quantity", "quantity-purchased"),
        "discount": ("item-promotion-discount",),
        "channel": ("sales-channel",),
        "currency_column": ("currency",),
        "status": ("order-status",),
    },
    customer_fallbacks=("buyer-name",),
    excluded_statuses=("Cancelled", "Canceled", "Pending"),
    notes=("item-price is the price of all units of the line, without shipping.",),
    questions=("Amazon gives each buyer one address of its own: is that the customer you mean?",),
)
