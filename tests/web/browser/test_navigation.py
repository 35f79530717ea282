"""Scenarios of the frame: signing in and out, the language, and the keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.conftest import KEY
from tests.web.browser.visits import OpenVisit

pytestmark = pytest.mark.slow


def test_a_person_signs_in_where_she_wanted_to_go_and_signs_out(visit: OpenVisit, locked_url: str) -> None:
    page = visit(base_url=locked_url)
    page.goto("/app/quality")
    page.get_by_label("API key").fill("a wrong key")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{locked_url}/app/quality")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/app/")
    expect(page.get_by_label("API key")).to_be_visible()


def test_the_language_is_kept_from_section_to_section(page: Page) -> None:
    page.goto("/app/quality")
    page.get_by_role("link", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("模型效果")
    page.get_by_role("link", name="活动", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("活动")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")


def test_the_keyboard_alone_leads_past_the_navigation_and_into_a_section(page: Page) -> None:
    page.goto("/app/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    page.goto("/app/")
    campaigns = page.get_by_role("link", name="Campaigns", exact=True)
    for _ in range(10):
        page.keyboard.press("Tab")
        if campaigns.evaluate("link => link === document.activeElement"):
            break
    expect(campaigns).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Campaigns")
