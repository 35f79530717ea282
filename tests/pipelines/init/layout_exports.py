"""Layout exports: the simulated shop as each known layout writes it, with the quirks of its shop system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from pathlib import Path

from tests.pipelines.init.exports import (
    BERLIN,
    Totals,
    bought,
    net,
    paid,
    simulate_orders,
    with_offset,
    write_rows,
)

Export = tuple[list[Path], Totals]


def shopify(folder: Path) -> Export:
    """Order values on the first line only, times with an offset, a customer with a phone and no address."""
    header = (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
        "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
        "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
        "Lineitem fulfillment status,Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Billing Phone,"
        "Cancelled at,Payment Method,Refunded Amount,Vendor,Id,Tags,Risk Level,Source,Lineitem discount,Phone"
    ).split(",")
    statuses = {"paid": "paid", "cancelled": "voided", "refunded": "refunded"}
    rows = []
    for order in simulate_orders():
        at, by_phone = with_offset(order.at), order.customer % 10 == 0
        email, phone = ("", f"'+4915{order.customer:08}") if by_phone else (order.email, "")
        for position, item in enumerate(order.items):
            row = dict.fromkeys(header, "")
            row |= {"Name": f"#{order.number}", "Email": email, "Phone": phone, "Created at": at, "Vendor": "Tea & Co"}
            row |= {
                "Lineitem quantity": str(item.quantity), "Lineitem name": f"Item, {item.sku}",
                "Lineitem price": str(item.price), "Lineitem sku": item.sku, "Lineitem discount": "0.00",
            }  # fmt: skip
            if position == 0:
                row |= {
                    "Financial Status": statuses[order.status], "Paid at": at, "Currency": "EUR", "Subtotal": order.total,
                    "Shipping": "0.00", "Taxes": "0.00", "Total": order.total, "Discount Amount": "0.00",
                    "Refunded Amount": order.refund, "Id": 5_000_000_000 + order.number, "Source": "web",
                    "Billing Name": f"Buyer {order.customer}", "Billing Country": "DE", "Accepts Marketing": "no",
                }  # fmt: skip
            rows.append(list(row.values()))
    return [write_rows(folder / "orders_export_1.csv", header, rows)], Totals.of(bought(simulate_orders()), net)


def woocommerce(folder: Path) -> Export:
    """One line per order, statuses with wc-, guests whose account number is 0."""
    header = "order_id,order_number,order_date,status,order_total,order_currency,customer_user,billing_first_name,billing_email,billing_phone,payment_method".split(",")
    statuses = {"paid": "wc-completed", "cancelled": "wc-cancelled", "refunded": "wc-refunded"}
    rows = [
        (order.number, order.number, f"{order.at:%Y-%m-%d %H:%M:%S}", statuses[order.status], order.total, "USD",
         0 if order.customer % 3 else order.customer + 50, "Ann", order.email, "555", "stripe")
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "orders.csv", header, rows)], Totals.of(paid(simulate_orders()))


def woocommerce_analytics(folder: Path) -> Export:
    """Names instead of addresses, and the revenue beside a text of it."""
    header = ["Date", "Order #", "N. Revenue (formatted)", "Status", "Customer", "Customer type", "Product(s)", "Items sold",
              "Coupon(s)", "N. Revenue", "Attribution"]  # fmt: skip
    statuses = {"paid": "completed", "cancelled": "cancelled", "refunded": "refunded"}
    rows = [
        (f"{order.at:%Y-%m-%d %H:%M:%S}", order.number, f"${order.total:,}", statuses[order.status],
         f"Ann Buyer{order.customer}", "returning", "2x Tea", 2, "", order.total, "Direct")
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "wc-orders-report-export.csv", header, rows)], Totals.of(paid(simulate_orders()))


def square(folder: Path) -> Export:
    """Items of payments and refunds, date and time apart, amounts with a dollar sign, walk-ins without a customer."""
    header = (
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
        "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
        "Customer Reference ID,Unit,Count"
    ).split(",")
    rows = []
    for order in bought(simulate_orders()):
        for sign in (1, -1) if order.status == "refunded" else (1,):
            for item in order.items:
                amount = f"${item.amount:,}" if sign > 0 else f"-${item.amount:,}"
                event = "Payment" if sign > 0 else "Refund"
                number = f"TX{order.number}"
                rows.append(
                    (f"{order.at:%m/%d/%Y}", f"{order.at:%H:%M:%S}", "Eastern Time (US & Canada)", item.category, item.sku,
                     item.quantity, "Regular", item.sku, "", amount, "$0.00", amount, "$0.00", number, f"P{number}", "iPad",
                     "", "", event, order.store, "", f"CUST{order.customer:05}", "Ann", "", "ea", item.quantity)
                )  # fmt: skip
        rows.append((f"{order.at:%m/%d/%Y}", "20:00:00", "Eastern Time (US & Canada)", "Tea", "SKU-01", 1, "Regular", "SKU-01",
                     "", "$5.00", "$0.00", "$5.00", "$0.00", f"W{order.number}", "P", "iPad", "", "", "Payment", order.store,
                     "", "", "", "", "ea", 1))  # fmt: skip
    return [write_rows(folder / "items-2026.csv", header, rows)], Totals.of(bought(simulate_orders()), net)


def stripe(folder: Path) -> Export:
    """Times in UTC, currencies in small letters, failed attempts and refunds, guests with an address only."""
    header = (
        "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,"
        "Converted Amount Refunded,Fee,Tax,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,"
        "Customer Description,Customer Email,Captured,Card Last4,Card Brand"
    ).split(",")
    statuses = {"paid": "Paid", "cancelled": "Failed", "refunded": "Refunded"}
    rows = []
    for order in simulate_orders():
        at = order.at.replace(tzinfo=BERLIN).astimezone(UTC)
        guest = order.customer % 8 == 0
        rows.append(
            (f"ch_{order.number}", "Tea", "Payment complete.", f"{at:%Y-%m-%d %H:%M:%S}", order.total, order.refund, "usd",
             order.total, order.refund, "1.20", "0.00", "eur", "Live", statuses[order.status], "TEA",
             "" if guest else f"cus_{order.customer:06}", "", order.email, "True", "4242", "Visa")
        )  # fmt: skip
    return [write_rows(folder / "unified_payments.csv", header, rows)], Totals.of(bought(simulate_orders()), net)


def magento(folder: Path) -> Export:
    """Names of the database, four decimals, guests without a number."""
    header = "entity_id,increment_id,state,status,store_id,customer_id,customer_is_guest,customer_email,created_at,updated_at,base_currency_code,order_currency_code,base_grand_total,grand_total,base_discount_amount,total_qty_ordered".split(",")
    statuses = {"paid": "complete", "cancelled": "canceled", "refunded": "closed"}
    rows = [
        (order.number - 1000, f"{order.number:09}", "x", statuses[order.status], order.store[-1],
         "" if order.customer % 4 == 0 else order.customer, int(order.customer % 4 == 0), order.email,
         f"{order.at:%Y-%m-%d %H:%M:%S}", "2026-11-20 10:00:00", "EUR", "EUR", f"{order.total:.4f}", f"{order.total:.4f}",
         "-1.0000", f"{len(order.items)}.0000")
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "sales_order.csv", header, rows)], Totals.of(paid(simulate_orders()))


def magento_grid(folder: Path) -> Export:
    """The names of the admin's grid, times with the name of the month."""
    header = ["ID", "Purchase Point", "Purchase Date", "Bill-to Name", "Ship-to Name", "Grand Total (Base)",
              "Grand Total (Purchased)", "Status", "Billing Address", "Customer Email", "Customer Group", "Subtotal",
              "Customer Name", "Payment Method"]  # fmt: skip
    statuses = {"paid": "complete", "cancelled": "canceled", "refunded": "closed"}
    rows = [
        (f"{order.number:09}", "Main Website", f"{order.at:%b %d, %Y %I:%M:%S %p}", "Ann", "Ann", f"{order.total:.4f}",
         f"{order.total:.4f}", statuses[order.status], "Street 1", order.email, "General", order.total, "Ann", "checkmo")
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "export.csv", header, rows)], Totals.of(paid(simulate_orders()))


def olist(folder: Path) -> Export:
    """Orders, items, customers and payments in four files; customer_id is new for every order."""
    orders = simulate_orders()
    statuses = {"paid": "delivered", "cancelled": "canceled", "refunded": "delivered"}
    order_rows = [
        (f"o{order.number}", f"c{order.number}", statuses[order.status], *(f"{order.at:%Y-%m-%d %H:%M:%S}" for _ in range(4)))
        for order in orders
    ]
    item_rows = [
        (f"o{order.number}", position, item.sku, f"seller{position}", f"{order.at:%Y-%m-%d %H:%M:%S}", item.amount, "7.10")
        for order in orders
        for position, item in enumerate(order.items, 1)
    ]
    times = ["order_purchase_timestamp", "order_approved_at", "order_delivered_carrier_date", "order_delivered_customer_date"]
    files = [
        write_rows(folder / "olist_orders_dataset.csv", ["order_id", "customer_id", "order_status", *times], order_rows),
        write_rows(
            folder / "olist_order_items_dataset.csv",
            ["order_id", "order_item_id", "product_id", "seller_id", "shipping_limit_date", "price", "freight_value"],
            item_rows,
        ),
        write_rows(
            folder / "olist_customers_dataset.csv",
            ["customer_id", "customer_unique_id", "customer_zip_code_prefix", "customer_city", "customer_state"],
            [(f"c{order.number}", f"person{order.customer}", "01310", "sao paulo", "SP") for order in orders],
        ),
        write_rows(
            folder / "olist_order_payments_dataset.csv",
            ["order_id", "payment_sequential", "payment_type", "payment_installments", "payment_value"],
            [(f"o{order.number}", 1, "credit_card", 2, order.total + Decimal("7.10")) for order in orders],
        ),
    ]
    return files, Totals.of(bought(orders))


def youzan(folder: Path) -> Export:
    """Chinese names and statuses in UTF-8 with a byte order mark; one line per order."""
    header = ["订单号", "订单状态", "订单类型", "买家", "买家手机号", "下单时间", "付款时间", "商品名称", "商品数量", "应付金额", "实付金额", "归属店铺"]
    statuses = {"paid": "交易完成", "cancelled": "交易关闭", "refunded": "交易完成"}
    rows = [
        (f"E2026{order.number}", statuses[order.status], "普通订单", f"小{order.customer}", f"138{order.customer:08}",
         f"{order.at:%Y-%m-%d %H:%M:%S}", "" if order.status == "cancelled" else f"{order.at:%Y-%m-%d %H:%M:%S}", "茶", 1,
         order.total, order.total, order.store)
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "订单导出.csv", header, rows, "utf-8-sig")], Totals.of(bought(simulate_orders()))


def taobao(folder: Path) -> Export:
    """GB18030, what was paid back in a column of its own, closed orders that were never paid."""
    header = ["订单编号", "买家会员名", "买家支付宝账号", "买家应付货款", "买家应付邮费", "总金额", "买家实际支付金额", "订单状态", "收货人姓名",
              "联系手机", "订单创建时间", "订单付款时间", "宝贝标题", "宝贝种类", "宝贝总数量", "店铺名称", "订单关闭原因", "退款金额"]  # fmt: skip
    statuses = {"paid": "交易成功", "cancelled": "交易关闭", "refunded": "交易成功"}
    rows = [
        (21_000_000_000_000_000 + order.number, f"买家{order.customer}", "a***@qq.com", order.total, "0.00", order.total,
         "0.00" if order.status == "cancelled" else order.total, statuses[order.status], "王**", "'13800000000",
         f"{order.at:%Y-%m-%d %H:%M:%S}", f"{order.at:%Y-%m-%d %H:%M:%S}", "绿茶,250克", 1, 2, "茶叶旗舰店", "", order.refund)
        for order in simulate_orders()
    ]  # fmt: skip
    return [write_rows(folder / "ExportOrderList.csv", header, rows, "gb18030")], Totals.of(bought(simulate_orders()), net)


WRITERS: dict[str, Callable[[Path], Export]] = {
    writer.__name__: writer
    for writer in (
        shopify, woocommerce, woocommerce_analytics, square, stripe, magento, magento_grid, olist, youzan, taobao,
    )
}  # fmt: skip

