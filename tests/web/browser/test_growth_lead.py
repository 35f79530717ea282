"""Scenario: in Chinese, from opening the page to an exported audience with a hold-out."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.visits import OpenVisit

pytestmark = pytest.mark.slow
HELD_OUT = 20  # percent


def number_in(page: Page) -> int:
    """The number of people to reach, as the page announces it."""
    return int("".join(re.findall(r"\d", page.locator("#count").inner_text())))


def test_she_opens_the_page_moves_a_slider_holds_people_out_and_exports_the_list(
    visit: OpenVisit, tmp_path: Path
) -> None:
    page = visit(locale="zh-CN", accept_downloads=True)
    page.goto("/")
    page.get_by_role("button", name="圈选此人群").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("新建人群")
    before = number_in(page)
    page.get_by_label("不低于").first.fill("0.9")
    expect(page.locator("#count")).not_to_contain_text(f"{before:,}")
    page.get_by_label("人群名称").fill("十月挽回")
    page.get_by_label("渠道").select_option("email")
    page.get_by_label("对照组比例").fill(str(HELD_OUT))
    page.get_by_label("对照组名称").fill("十月")  # and on at once, before the numbers have followed
    page.get_by_role("button", name="冻结并导出").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("十月挽回")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    file = tmp_path / "audience.csv"
    download.value.save_as(file)
    exported = [row["customer_id"] for row in csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())]
    assert 0 < len(exported) < before
    assert exported == members_of_the_api(page)
    page.get_by_role("link", name="人群", exact=True).click()
    expect(page.get_by_role("row", name="十月挽回")).to_contain_text("(十月)")


def members_of_the_api(page: Page) -> list[str]:
    """The members without those held out, as the API answers them."""
    audience_id = page.url.rpartition("/")[2].partition("?")[0]
    answer = page.request.get(f"/v1/audiences/{audience_id}/members?size=1000&holdout=exclude")
    assert answer.ok, answer.text()
    return [member["customer_id"] for member in json.loads(answer.body())["members"]]
