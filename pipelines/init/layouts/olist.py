"""Olist: orders of a Brazilian marketplace in several files; customer_id is new for every order."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Olist orders, items and customers",
    signature=(
        ("order_purchase_timestamp",),
        ("order_status",),
        ("customer_unique_id",),
        ("price",),
        ("order_item_id",),
    ),
    columns={
        "customer_id": ("customer_unique_id",),
        "ordered_at": ("order_purchase_timestamp",),
        "amount": ("price",),
        "order_id": ("order_id",),
        "product_id": ("product_id",),
        "category": ("product_category_name_english", "product_category_name"),
        "store_id": ("seller_id",),
        "status": ("order_status",),
    },
    excluded_statuses=("canceled", "unavailable"),
    currency="BRL",
    timezone="America/Sao_Paulo",
    notes=("customer_id is new for every order; customer_unique_id is the person.",),
    questions=("price is without freight; is `price + freight_value` what you call revenue?",),
)
