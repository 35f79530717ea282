"""Taobao and Tmall (淘宝, 天猫): the export of sold items (已卖出的宝贝), one line per order, often in GB18030."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Taobao / Tmall (淘宝/天猫) orders export",
    signature=(
        ("订单编号",),
        ("买家会员名", "买家会员名称"),
        ("买家实际支付金额", "买家实付金额"),
        ("订单状态",),
        ("订单创建时间", "订单付款时间", "买家下单时间"),
    ),
    columns={
        "customer_id": ("买家会员名", "买家会员名称"),
        "ordered_at": ("订单创建时间", "买家下单时间", "订单付款时间"),
        "amount": ("买家实际支付金额 - 退款金额", "买家实际支付金额", "买家实付金额 - 退款金额", "买家实付金额"),
        "order_id": ("订单编号",),
        "product_id": ("商家编码", "宝贝标题"),
        "quantity": ("宝贝总数量",),
        "store_id": ("店铺名称", "店铺Id"),
        "status": ("订单状态",),
    },
    excluded_statuses=("交易关闭", "等待买家付款"),
    currency="CNY",
    timezone="Asia/Shanghai",
    notes=("What the buyer paid counts, after discounts and with postage.",),
)
