"""Shopify: the orders export (Orders, Export), one line per item; order values stand on the first line only."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Shopify orders export",
    signature=(("Name",), ("Email",), ("Financial Status",), ("Created at", "Paid at"), ("Total",)),
    columns={
        "customer_id": ("Email",),
        "ordered_at": ("Created at", "Paid at"),
        "amount": ('Total - "Refunded Amount"', "Total"),
        "order_id": ("Name",),
        "product_id": ("Lineitem sku", "Lineitem name"),
        "quantity": ("Lineitem quantity",),
        "discount": ("Discount Amount",),
        "channel": ("Source",),
        "store_id": ("Location",),
        "currency_column": ("Currency",),
        "status": ("Financial Status",),
    },
    customer_fallbacks=("Phone", "Billing Phone"),
    excluded_statuses=("voided", "expired"),
    notes=(
        "Order values stand on the first line of an order; on its further lines they are empty and count as 0.",
        "What was refunded is subtracted: a refunded order is an order of amount 0.",
    ),
    questions=(
        'is an order whose payment is "pending" or "refunded" no purchase? Then add these words to exclude.',
        "Total includes shipping and taxes; is Subtotal (after discounts, without both) what you call revenue?",
    ),
)
