"""Stripe: the export of payments (charges); times are UTC, and amounts are in the currency, not in cents."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Stripe payments export",
    signature=(
        ("id", "ID", "PaymentIntent ID"),
        ("Created (UTC)", "Created date (UTC)", "Created"),
        ("Amount",),
        ("Amount Refunded",),
        ("Status",),
        ("Customer Email", "Customer ID"),
    ),
    columns={
        "customer_id": ("Customer ID",),
        "ordered_at": ("Created (UTC)", "Created date (UTC)", "Created"),
        "amount": (
            '"Converted Amount" - "Converted Amount Refunded"',
            'Amount - "Amount Refunded"',
        ),
        "order_id": ("id", "ID", "PaymentIntent ID"),
        "currency_column": ("Converted Currency", "Currency"),
        "status": ("Status",),
    },
    customer_fallbacks=("Customer Email",),
    excluded_statuses=(
        "Failed", "failed", "Canceled", "canceled", "Pending", "pending", "Uncaptured", "requires_payment_method",
        "requires_action", "requires_confirmation", "requires_capture", "incomplete", "Incomplete",
    ),
    excluded={"Mode": ("Test",)},
    timezone="UTC",
    notes=(
        "Stripe writes its times in UTC, so a day is a day in UTC here.",
        "What was refunded is subtracted: a refunded payment is an order of amount 0.",
    ),
)  # fmt: skip
