"""Magento and Adobe Commerce: orders with the names of the database, as the API and export extensions write them."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Magento / Adobe Commerce orders",
    signature=(
        ("increment_id",),
        ("created_at",),
        ("grand_total", "base_grand_total"),
        ("customer_email",),
        ("status",),
    ),
    columns={
        "customer_id": ("customer_email",),
        "ordered_at": ("created_at",),
        "amount": (
            "base_grand_total - base_total_refunded",
            "base_grand_total",
            "grand_total - total_refunded",
            "grand_total",
        ),
        "order_id": ("increment_id",),
        "quantity": ("total_qty_ordered",),
        "discount": ("base_discount_amount", "discount_amount"),
        "store_id": ("store_id", "store_name"),
        "currency_column": ("base_currency_code", "order_currency_code"),
        "status": ("status",),
    },
    excluded_statuses=("canceled", "closed", "fraud", "pending_payment", "payment_review", "pending_paypal"),
    timezone=None,
    notes=("A closed order was refunded as a whole; a guest has an address and no customer_id.",),
    questions=("the database keeps its times in UTC, an export shows the store's own: is timezone that of the file?",),
)
