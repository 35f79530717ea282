"""Youzan: Chinese names and statuses in UTF-8 with a byte order mark; one line per order."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import Export, Totals, simulate_orders, without_cancelled, write_records

HEADER = "订单号,订单状态,订单类型,买家,买家手机号,下单时间,付款时间,商品名称,商品数量,应付金额,实付金额,归属店铺"
STATUSES = {"paid": "交易完成", "cancelled": "交易关闭", "refunded": "交易完成", "partly refunded": "交易完成"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "订单号": f"E2026{order.number}", "订单状态": STATUSES[order.status], "订单类型": "普通订单",
            "买家": f"小{order.customer}", "买家手机号": f"138{order.customer:08}",
            "下单时间": f"{order.at:%Y-%m-%d %H:%M:%S}", "商品名称": "茶", "商品数量": 1, "应付金额": order.total + 1,
            "付款时间": "" if order.status == "cancelled" else f"{order.at:%Y-%m-%d %H:%M:%S}", "实付金额": order.total,
            "归属店铺": order.store,
        }
        for order in simulate_orders()
    ]  # fmt: skip
    files = [write_records(folder / "订单导出.csv", HEADER, records, "utf-8-sig")]
    return files, Totals.of(without_cancelled())
