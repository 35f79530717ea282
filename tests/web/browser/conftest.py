"""Browser fixtures: one shop and one service for all, one Chromium for each file, a context for each test.

``CAMPAIGN_SHOP=FOLDER`` keeps the trained shop there for the next run of the tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import TIMEOUT_MS, open_browser
from tests.running_application import running_application
from tests.web.browser.visits import OpenVisit, Visits
from tests.web.campaign_shop import CampaignShop

SHOP_SETTING = "CAMPAIGN_SHOP"
KEY = "the key of the growth lead"
expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def campaign_shop(tmp_path_factory: pytest.TempPathFactory) -> CampaignShop:
    """The shop; scenarios may change it, each with customers and audiences of its own."""
    folder = os.environ.get(SHOP_SETTING)
    if folder is None:
        return CampaignShop.create(tmp_path_factory.mktemp("campaign-shop"))
    if not (Path(folder) / "flywheel.toml").exists():
        CampaignShop.create(Path(folder))
    return CampaignShop.of_folder(shutil.copytree(folder, tmp_path_factory.mktemp("campaign") / "shop"))


@pytest.fixture(scope="session")
def service_url(campaign_shop: CampaignShop) -> Iterator[str]:
    """The address of the service of the shop, on a machine of its own: without keys."""
    with running_application(campaign_shop.application()) as url:
        yield url


@pytest.fixture(scope="session")
def locked_url(campaign_shop: CampaignShop) -> Iterator[str]:
    """The address of a service of the same shop that wants a key."""
    with running_application(campaign_shop.application(keys=(KEY,))) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium. An open one runs an event loop in this thread, which the tests of other files may need."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, service_url: str) -> Iterator[OpenVisit]:
    """Open a page in a fresh context: ``visit(locale="zh-CN", viewport=PHONE, color_scheme="dark")``.

    At the end of the test no visit may have had a complaint: an error on the console, a violation of the Content
    Security Policy, or a request to another host.
    """
    visits = Visits(browser, service_url)
    yield visits.open
    assert visits.complaints() == []
    visits.close()


@pytest.fixture
def page(visit: OpenVisit) -> Page:
    """An empty page on a desktop, in English; ``page.goto("/app/")`` opens the service."""
    return visit()
