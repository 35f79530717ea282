"""Sections of the page as the scenarios visit them, with the heading of each in Chinese."""

from __future__ import annotations

KNOWN = "00009"  # a scored customer of the campaign shop

SECTIONS = {
    "/app/": "今日",
    "/app/customers": "客户",
    f"/app/customers/{KNOWN}": KNOWN,
    "/app/audiences": "人群",
    "/app/audiences/new": "人群",
    "/app/calendar": "日历",
    "/app/campaigns": "活动",
    "/app/campaigns/win-back": "win-back",
    "/app/quality": "模型效果",
}
