"""Taobao: GB18030, what was paid back in a column of its own, closed orders that were never paid."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.simulated_orders import (
    Export,
    Totals,
    bought_for_good,
    net_amount,
    simulate_orders,
    write_records,
)

HEADER = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,总金额,买家实际支付金额,订单状态,收货人姓名,联系手机,"
    "订单创建时间,订单付款时间,宝贝标题,宝贝种类,宝贝总数量,店铺名称,订单关闭原因,退款金额"
)
STATUSES = {"paid": "交易成功", "cancelled": "交易关闭", "refunded": "交易成功", "partly refunded": "交易成功"}


def write(folder: Path) -> Export:
    """Write the export."""
    records = [
        {
            "订单编号": 21_000_000_000_000_000 + order.number,
            "买家会员名": f"买家{order.customer}",
            "买家应付货款": order.total,
            "买家应付邮费": "0.00",
            "总金额": order.total,
            "订单状态": STATUSES[order.status],
            "联系手机": "'13800000000",
            "买家实际支付金额": "0.00" if order.status == "cancelled" else order.total,
            "收货人姓名": "王**",
            "订单创建时间": f"{order.at:%Y-%m-%d %H:%M:%S}",
            "宝贝标题": "绿茶,250克",
            "宝贝种类": 1,
            "宝贝总数量": 2,
            "店铺名称": "茶叶旗舰店",
            "退款金额": order.refund,
        }
        for order in simulate_orders()
    ]
    files = [write_records(folder / "ExportOrderList.csv", HEADER, records, "gb18030")]
    return files, Totals.of(bought_for_good(), net_amount)
