# ruff: noqa: RUF001 -- Chinese uses its own punctuation
"""Phrases: message templates in English and Chinese for each input; inputs with the same meaning form one concept.

A template may contain {number}, {money}, {share}, or any English noun, which is rendered with the number: {days}
becomes "1 day" or "12 days". Where the number is a rate per day, {interval} and {days apart} are the days between two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from features.views import ON_DEMAND_WINDOW_DAYS, STORED_WINDOW_DAYS


@dataclass(frozen=True)
class Phrase:
    """Phrase: one template in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Concept:
    """Concept: a term that marketers use, with one phrase for each input that belongs to it."""

    name: Phrase
    phrases: Mapping[str, Phrase]


def _window_phrases(prefix: str, en: str, zh: str) -> dict[str, Phrase]:
    return {
        f"{prefix}_{days}d": Phrase(f"{en} in the last {days} days", f"近 {days} 天{zh}")
        for days in (*ON_DEMAND_WINDOW_DAYS, *STORED_WINDOW_DAYS)
    }


def _engagement_concept(dimension: str, name: Phrase) -> Concept:
    en, zh = f"{name.en} interactions", f"{name.zh}互动"
    return Concept(
        Phrase(en, zh),
        {
            f"{dimension}_events": Phrase(f"{{{en}}} so far", f"累计{zh} {{number}} 次"),
            f"{dimension}_recency_days": Phrase(
                f"Last {name.en} interaction {{days}} ago", f"距上次{zh} {{number}} 天"
            ),
            f"{dimension}_28d": Phrase(f"{{{en}}} in the last 28 days", f"近 28 天{zh} {{number}} 次"),
            f"{dimension}_91d": Phrase(f"{{{en}}} in the last 91 days", f"近 91 天{zh} {{number}} 次"),
            f"{dimension}_active_91d": Phrase(
                f"{name.en} interactions on {{days}} of the last 91", f"近 91 天中有 {{number}} 天有{zh}"
            ),
        },
    )


INACTIVITY = Concept(
    Phrase("time since the last order", "距上次下单的时间"),
    {
        "recency_days": Phrase("last order {days} ago", "距上次下单 {number} 天"),
        "recency_over_median_gap": Phrase(
            "silent for {number} times the usual gap between orders", "沉默时间已是平时购买间隔的 {number} 倍"
        ),
        "recency_over_mean_gap": Phrase(
            "silent for {number} times the average gap between orders", "沉默时间已是平均购买间隔的 {number} 倍"
        ),
        "recency_over_p90_gap": Phrase(
            "silent for {number} times a long gap between orders (9 in 10 are shorter)",
            "沉默时间已是较长购买间隔（九成更短）的 {number} 倍",
        ),
    },
)
ORDER_GAPS = Concept(
    Phrase("gaps between orders", "购买间隔"),
    {
        "median_gap_days": Phrase("usually {days} between orders", "通常每隔 {number} 天下单"),
        "mean_gap_days": Phrase("on average {days} between orders", "平均每隔 {number} 天下单"),
        "p90_gap_days": Phrase("9 in 10 gaps between orders last at most {days}", "九成购买间隔不超过 {number} 天"),
        "std_gap_days": Phrase("gaps between orders vary by {days}", "购买间隔上下波动约 {number} 天"),
        "last_gap_days": Phrase("{days} between the last two orders", "最近两次下单相隔 {number} 天"),
    },
)
RECENT_ORDERS = Concept(
    Phrase("recent orders", "近期下单次数"),
    {
        **_window_phrases("orders", "{orders}", "下单 {number} 次"),
        "orders_28d_over_91d": Phrase(
            "{share} of the orders of the last 91 days came in the last 28", "近 91 天的订单有 {share} 来自最近 28 天"
        ),
    },
)
ORDERS = Concept(
    Phrase("orders so far", "累计下单次数"),
    {
        "orders": Phrase("{orders} so far", "累计下单 {number} 次"),
        "order_days": Phrase("ordered on {days} so far", "累计在 {number} 天下过单"),
        "orders_per_day": Phrase("one order every {days apart} on average", "平均每 {interval} 天下单一次"),
    },
)
TENURE = Concept(
    Phrase("time since the first order", "距首次下单的时间"),
    {"tenure_days": Phrase("first order {days} ago", "距首次下单 {number} 天")},
)
RECENT_SPEND = Concept(Phrase("recent spend", "近期消费"), _window_phrases("spend", "{money} spent", "消费 {money}"))
SPEND = Concept(
    Phrase("spend so far", "累计消费"),
    {"spend": Phrase("{money} spent so far", "累计消费 {money}")},
)
ORDER_VALUE = Concept(
    Phrase("value of an order", "客单价"),
    {
        "mean_order": Phrase("{money} per order on average", "平均每单 {money}"),
        "max_order": Phrase("largest order of {money}", "最大一单 {money}"),
    },
)
RETURNS = Concept(
    Phrase("returns", "退货"),
    {"returned": Phrase("{money} returned so far", "累计退货 {money}")},
)
DISCOUNT = Concept(
    Phrase("discounts", "折扣"),
    {"discount": Phrase("{money} of discounts so far", "累计享受折扣 {money}")},
)
BASKET = Concept(
    Phrase("size of an order", "每单件数"),
    {
        "lines_per_order": Phrase("{items} per order on average", "平均每单 {number} 项商品"),
        "quantity": Phrase("{units} bought so far", "累计购买 {number} 件"),
    },
)
VARIETY = Concept(
    Phrase("variety of purchases", "购买品种"),
    {
        "products": Phrase("{different products} bought so far", "累计买过 {number} 种商品"),
        "categories": Phrase("{different categories} bought so far", "累计买过 {number} 个品类"),
    },
)
ORDER_CHANNELS = Concept(
    Phrase("where orders are placed", "下单渠道"),
    {
        "stores": Phrase("bought in {different stores}", "在 {number} 家门店买过"),
        "channels": Phrase("bought through {different channels}", "通过 {number} 个渠道买过"),
    },
)
CONCEPTS = (
    *(INACTIVITY, ORDER_GAPS, RECENT_ORDERS, ORDERS, TENURE, RECENT_SPEND, SPEND, ORDER_VALUE, RETURNS, DISCOUNT),
    *(BASKET, VARIETY, ORDER_CHANNELS),
    _engagement_concept("behaviour", Phrase("shop and app", "到店与应用")),
    _engagement_concept("social", Phrase("social", "社交")),
)


def event_kind_concept(name: str, kind: str) -> Concept:
    """Return the concept of the input ``name``, which counts events of a kind that the shop has named itself."""
    label = kind.replace("_", " ").strip() or kind
    literal = label.replace("{", "{{").replace("}", "}}")
    phrase = Phrase(f"“{literal}”: {{events}} in the last 91 days", f"近 91 天“{literal}”{{number}} 次")
    return Concept(Phrase(f"“{label}”", f"“{label}”"), {name: phrase})
