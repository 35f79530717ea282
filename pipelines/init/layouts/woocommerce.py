"""WooCommerce: orders as the export extensions write them, with the column names of the order's own fields."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="WooCommerce orders export",
    signature=(
        ("order_id", "order_number"),
        ("order_date", "date", "date_created", "post_date"),
        ("status", "order_status"),
        ("order_total",),
        ("billing_email", "customer_email"),
    ),
    columns={
        "customer_id": ("billing_email", "customer_email"),
        "ordered_at": ("order_date", "date", "date_created", "post_date"),
        "amount": (
            "order_total - refunded_total",
            "order_total - order_refund_total",
            "order_total",
        ),
        "order_id": ("order_number", "order_id"),
        "discount": ("discount_total", "cart_discount", "order_discount"),
        "channel": ("created_via",),
        "currency_column": ("order_currency", "currency"),
        "status": ("status", "order_status"),
    },
    customer_fallbacks=("billing_phone",),
    excluded_statuses=(
        "wc-cancelled", "wc-failed", "wc-refunded", "wc-pending", "wc-checkout-draft", "trash",
        "cancelled", "failed", "refunded", "pending", "checkout-draft",
        "Cancelled", "Failed", "Refunded", "Pending payment", "Draft",
    ),
    notes=("The customer is the billing address: the number of a guest's account is 0 in every order of a guest.",),
    questions=('orders "on-hold" wait for a payment and count; leave them out by adding "wc-on-hold" to exclude?',),
)  # fmt: skip
