"""Magento and Adobe Commerce: the orders grid of the admin (Sales, Orders, Export), with the names of its columns."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Magento / Adobe Commerce orders grid",
    signature=(
        ("ID",),
        ("Purchase Date",),
        ("Grand Total (Base)", "Grand Total (Purchased)"),
        ("Status",),
        ("Customer Email",),
    ),
    columns={
        "customer_id": ("Customer Email",),
        "ordered_at": ("Purchase Date",),
        "amount": ('"Grand Total (Base)" - "Total Refunded"', "Grand Total (Base)", "Grand Total (Purchased)"),
        "order_id": ("ID",),
        "store_id": ("Purchase Point",),
        "status": ("Status",),
    },
    excluded_statuses=(
        "canceled", "closed", "fraud", "pending_payment", "payment_review", "Canceled", "Closed", "Suspected Fraud",
        "Pending Payment", "Payment Review",
    ),
    day_first=False,
    notes=("A closed order was refunded as a whole.",),
)  # fmt: skip
