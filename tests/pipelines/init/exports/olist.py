"""Olist: orders, items, customers and payments in four files; customer_id is new for every order."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.pipelines.init.simulated_orders import Export, Totals, simulate_orders, without_cancelled, write_records

ORDERS = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,"
    "order_delivered_customer_date,order_estimated_delivery_date"
)
ITEMS = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value"
CUSTOMERS = "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_installments,payment_value"
FREIGHT = Decimal("7.10")
STATUSES = {"paid": "delivered", "cancelled": "canceled", "refunded": "delivered", "partly refunded": "delivered"}


def write(folder: Path) -> Export:
    """Write the export."""
    orders = simulate_orders()
    times = {order.number: f"{order.at:%Y-%m-%d %H:%M:%S}" for order in orders}
    order_records = [
        {
            "order_id": f"o{order.number}", "customer_id": f"c{order.number}", "order_status": STATUSES[order.status],
            **dict.fromkeys(ORDERS.split(",")[3:], times[order.number]),
        }
        for order in orders
    ]  # fmt: skip
    items = [
        {
            "order_id": f"o{order.number}", "order_item_id": position, "product_id": item.sku, "seller_id": "s1",
            "shipping_limit_date": times[order.number], "price": item.amount, "freight_value": FREIGHT,
        }
        for order in orders
        for position, item in enumerate(order.items, 1)
    ]  # fmt: skip
    customers = [
        {"customer_id": f"c{order.number}", "customer_unique_id": f"person{order.customer}", "customer_state": "SP"}
        for order in orders
    ]
    payments = [{"order_id": f"o{order.number}", "payment_value": order.total + FREIGHT} for order in orders]
    files = [
        write_records(folder / "olist_orders_dataset.csv", ORDERS, order_records),
        write_records(folder / "olist_order_items_dataset.csv", ITEMS, items),
        write_records(folder / "olist_customers_dataset.csv", CUSTOMERS, customers),
        write_records(folder / "olist_order_payments_dataset.csv", PAYMENTS, payments),
    ]
    return files, Totals.of(without_cancelled())
