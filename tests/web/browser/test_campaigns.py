"""Scenarios of Campaigns and Quality: from a result to its groups, the messages of a year, and the history."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


def test_a_campaign_leads_from_its_difference_to_its_groups(page: Page) -> None:
    page.goto("/app/campaigns")
    card = page.get_by_role("article", name="win-back")
    expect(card).to_contain_text("mail wins")
    expect(page.get_by_role("article", name="spring-offer")).to_contain_text("Too early")
    card.get_by_role("link", name="win-back").click()
    expect(page.get_by_role("row", name="none (held out)")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Relative to those held out")


def test_the_messages_of_a_year_are_read_when_asked_for(page: Page) -> None:
    page.goto("/app/campaigns")
    page.get_by_role("button", name="Show what the messages").click()
    expect(page.get_by_role("row", name="email all together")).to_be_visible()
    expect(page).to_have_url(re.compile("/app/campaigns$"))


def test_quality_says_what_came_true_and_who_let_the_release_answer(page: Page) -> None:
    page.goto("/app/quality")
    main = page.get_by_role("main")
    expect(main).to_contain_text("Of 100 customers flagged as likely to leave")
    expect(main).to_contain_text("came of each 100 promised")
    expect(page.get_by_role("row", name="2 (answers now)")).to_contain_text("Promoted")
