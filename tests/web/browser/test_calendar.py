"""Scenarios of the calendar: a day opens with its categories and leads to its audience; a month, without scripts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.pipelines import shops
from tests.web.browser.visits import PHONE, OpenVisit
from tests.web.campaign_shop import TODAY

pytestmark = pytest.mark.slow

TOMORROW = shops.day(TODAY) + timedelta(days=1)


def test_a_day_opens_with_its_categories_and_leads_to_its_audience(page: Page) -> None:
    page.goto(f"/app/calendar?day={TOMORROW}")
    opened = page.get_by_role("region")
    number = re.search(r"(\d+) due", opened.inner_text())
    assert number is not None
    row = opened.get_by_role("row").nth(1)
    category, customers = row.get_by_role("rowheader").inner_text(), int(row.get_by_role("cell").first.inner_text())
    reminders = page.request.get(
        "/v1/reminders",
        params={
            "from": str(TOMORROW),
            "to": str(TOMORROW + timedelta(days=1)),
            "by": "day,category",
            "column": "remind_on",
        },
    ).json()["reminders"]
    assert (reminders[0]["category"], reminders[0]["customers"]) == (category, customers)
    row.get_by_role("link", name="Build this audience").click()
    expect(page).to_have_url(re.compile(f"/app/audiences/new.*{TOMORROW}"))


def test_a_chosen_category_changes_the_days_alone(page: Page) -> None:
    page.goto(f"/app/calendar?day={TOMORROW}")
    before = page.get_by_role("status").inner_text()
    page.get_by_label("Soonest category").select_option(index=1)
    expect(page.get_by_role("status")).not_to_have_text(before)
    expect(page).to_have_url(re.compile("category="))


def test_a_month_can_be_read_on_a_phone_without_scripts(visit: OpenVisit) -> None:
    page = visit(viewport=PHONE, java_script_enabled=False, locale="zh-CN")
    page.goto(f"/app/calendar?month={TOMORROW:%Y-%m}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("link", name=re.compile(f"{TOMORROW.month}月{TOMORROW.day}日: ")).click()
    expect(page.get_by_role("heading", name=f"{TOMORROW.month}月{TOMORROW.day}日")).to_be_visible()
