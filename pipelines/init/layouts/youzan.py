"""Youzan (有赞): the orders export, one line per order or per item; times are those of China."""

from __future__ import annotations

from pipelines.init.layout import Layout

LAYOUT = Layout(
    title="Youzan (有赞) orders export",
    signature=(
        ("订单号",),
        ("买家", "买家昵称", "买家手机号", "买家手机", "买家姓名", "客户手机号"),
        ("下单时间", "订单创建时间"),
        ("实付金额", "订单实付金额"),
        ("订单状态",),
    ),
    columns={
        "customer_id": ("买家手机号", "买家手机", "客户手机号", "买家", "买家昵称", "买家姓名"),
        "ordered_at": ("下单时间", "订单创建时间"),
        "amount": (
            "实付金额 - 退款金额", "订单实付金额 - 退款金额", "订单实付金额 - 订单退款金额", "订单实付金额", "实付金额",
        ),
        "order_id": ("订单号",),
        "product_id": ("商品编码", "规格编码", "商品名称", "全部商品名称"),
        "category": ("商品类目", "商品分组"),
        "quantity": ("商品数量", "数量"),
        "discount": ("优惠金额", "订单优惠金额"),
        "channel": ("订单来源", "渠道"),
        "store_id": ("归属店铺", "店铺名称", "门店", "网点"),
        "status": ("订单状态",),
    },
    customer_fallbacks=("收货人手机号/提货人手机号", "收货人手机号"),
    excluded_statuses=("交易关闭", "已关闭", "待付款", "等待买家付款"),
    currency="CNY",
    timezone="Asia/Shanghai",
)  # fmt: skip
