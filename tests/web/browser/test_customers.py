"""Scenarios of one customer: search and statuses, a consent that is asked once, forgetting, a sidebar on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.visits import PHONE, OpenVisit
from tests.web.campaign_shop import DENIED, CampaignShop

pytestmark = pytest.mark.slow

ASKED, FORGOTTEN = "00012", "00013"  # customers of these scenarios alone


def search(page: Page, customer_id: str) -> None:
    """Open the customer of an id by the field."""
    page.goto("/app/customers")
    page.get_by_label("Exact customer id").fill(customer_id)
    page.get_by_role("button", name="Search").click()


def test_an_exact_id_leads_to_a_customer_and_each_status_has_its_sentence(page: Page) -> None:
    main = page.get_by_role("main")
    search(page, "00001")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer 00001")
    for tile in ("Will they leave?", "Next order", "Worth in 30 days"):
        expect(page.get_by_role("heading", name=tile, exact=True)).to_be_visible()
    expect(page.locator("figure.chart canvas")).to_have_count(3)
    search(page, "1")
    expect(main).to_contain_text("Nobody by this id is known")
    search(page, DENIED)
    expect(main).to_contain_text("This customer does not agree to profiling; nothing is shown.")


def test_a_consent_is_asked_once_and_counts_at_once(page: Page) -> None:
    search(page, ASKED)
    profiling = page.get_by_role("article").filter(has=page.get_by_role("heading", name="profiling"))
    profiling.get_by_text("Record a no").click()
    expect(profiling).to_contain_text("From now on there is no prediction")
    profiling.get_by_role("button", name="Yes, the customer does not agree").click()
    expect(page.get_by_role("main")).to_contain_text("Recorded. It counts from now on.")
    expect(page.get_by_role("main")).to_contain_text("nothing is shown")
    answer = page.request.get(f"/v1/customers/{ASKED}/predictions").json()
    assert answer["predictions"][0]["status"] == "withheld_consent"


def test_a_customer_is_forgotten_when_the_id_is_typed_again(page: Page, campaign_shop: CampaignShop) -> None:
    search(page, FORGOTTEN)
    page.get_by_text("Forget this customer").click()
    page.get_by_label("Type the customer id again").fill("00001")
    page.get_by_role("button", name="Forget for good").click()
    expect(page.get_by_role("alert")).to_have_text("This is another id. Nothing was deleted.")
    page.get_by_label("Type the customer id again").fill(FORGOTTEN)
    page.get_by_role("button", name="Forget for good").click()
    expect(page.get_by_role("main")).to_contain_text("The customer was forgotten.")
    search(page, FORGOTTEN)
    expect(page.get_by_role("main")).to_contain_text("Nobody by this id is known")
    audit = (campaign_shop.home.folder / "audit.jsonl").read_text()
    assert '"action":"erasure"' in audit.replace(" ", "")
    assert FORGOTTEN not in audit


def test_a_card_fits_the_sidebar_of_a_chat(visit: OpenVisit) -> None:
    page = visit(viewport=PHONE, locale="zh-CN", java_script_enabled=False)
    page.goto("/app/customers/00001?card")
    expect(page.get_by_role("heading", name="流失风险")).to_be_visible()
    expect(page.get_by_role("navigation")).to_have_count(0)
    page.get_by_role("button", name="查看该客户的全部信息").click()
    expect(page).to_have_url(re.compile("/app/customers/00001$"))
    expect(page.get_by_role("heading", name="历史订单")).to_be_visible()
