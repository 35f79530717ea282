"""Scenarios of the builder: sliders, conditions by a word, costs, files, and the same form without scripts."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.browser.visits import PHONE, OpenVisit

pytestmark = pytest.mark.slow

BUILDER = "/app/audiences/new"
CHURN, VALUE = "#histogram-churn_probability", "#histogram-ltv_60d_mean"


def people_to_reach(page: Page) -> int:
    """The number that the page announces."""
    return int("".join(re.findall(r"\d", page.locator("#count").inner_text())))


def picture(histogram: Locator) -> str:
    """A histogram as it is drawn; waits until it is."""
    canvas = histogram.locator("canvas")
    expect(canvas).to_have_count(1)
    return str(canvas.evaluate("canvas => canvas.toDataURL()"))


def exported_ids(page: Page, link: str, file: Path) -> list[str]:
    """The customers of a file that a link downloads."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).click()
    download.value.save_as(file)
    return [row["customer_id"] for row in csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())]


def api_ids(page: Page, holdout: str) -> list[str]:
    """The members of the audience of this page, as the API answers them."""
    audience_id = page.url.rpartition("/")[2].partition("?")[0]
    answer = page.request.get(f"/v1/audiences/{audience_id}/members?size=1000&holdout={holdout}")
    assert answer.ok, answer.text()
    return [member["customer_id"] for member in json.loads(answer.body())["members"]]


def test_a_slider_moves_the_number_and_both_histograms_are_drawn_anew(page: Page) -> None:
    page.goto(BUILDER)
    before, pictures = people_to_reach(page), [picture(page.locator(name)) for name in (CHURN, VALUE)]
    page.get_by_label("at least").first.fill("0.9")
    expect(page.locator("output[for=min-churn_probability]")).to_have_text("90%")
    expect(page.locator("#count")).not_to_have_text(f"{before} people to reach")
    assert 0 < people_to_reach(page) < before
    moved = [picture(page.locator(name)) for name in (CHURN, VALUE)]
    assert all(drawn != old for drawn, old in zip(moved, pictures, strict=True))


def test_the_count_stays_in_sight_on_a_phone(visit: OpenVisit) -> None:
    page = visit(viewport=PHONE)
    page.goto(BUILDER)
    page.get_by_label("At most how many people").scroll_into_view_if_needed()
    expect(page.locator("#count")).to_be_in_viewport()


def test_a_word_finds_the_condition_of_a_column(visit: OpenVisit) -> None:
    page = visit(locale="zh-CN")
    page.goto(BUILDER)
    field = page.get_by_label("添加条件")
    field.fill("等级")
    page.get_by_role("button", name="添加").click()
    page.get_by_role("link", name="价值等级").click()
    expect(page.get_by_role("checkbox", name="高价值")).to_be_visible()
    field.fill("没有这样的条件")
    page.get_by_role("button", name="添加").click()
    expect(page.get_by_role("main")).to_contain_text("没有与“没有这样的条件”相符的条件。")


def test_costs_lead_to_what_a_budget_reaches(page: Page) -> None:
    page.goto(f"{BUILDER}?holdout=10&holdout_name=costs")
    page.get_by_text("Costs and profit").first.click()
    for label, value in (("Gross margin", "30"), ("Cost of one contact", "0.5"), ("Budget", "30")):
        page.get_by_label(label).fill(value)
    expect(page.locator("#answer")).to_contain_text("The budget pays for")
    before = people_to_reach(page)
    page.locator("#answer").get_by_role("link", name="Limit").click()
    expect(page.get_by_label("At most how many people")).not_to_have_value("")
    assert people_to_reach(page) < before
    assert people_to_reach(page) * 0.5 <= 30


def test_the_files_are_those_of_the_api_and_the_command_can_be_copied(visit: OpenVisit, tmp_path: Path) -> None:
    page = visit(accept_downloads=True, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{BUILDER}?in:churn_band=high&holdout=30&holdout_name=files&name=files")
    page.get_by_role("button", name="Freeze and export").click()
    approached = exported_ids(page, "CSV for the campaign tool", tmp_path / "approached.csv")
    held_out = exported_ids(page, "CSV of those held out", tmp_path / "held_out.csv")
    assert (approached, held_out) == (api_ids(page, "exclude"), api_ids(page, "only"))
    assert approached
    assert held_out
    assert sorted(approached + held_out) == sorted(api_ids(page, "include"))
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl").input_value()


def test_without_scripts_the_form_counts_and_the_list_is_frozen(visit: OpenVisit) -> None:
    page = visit(java_script_enabled=False)
    page.goto(BUILDER)
    before = people_to_reach(page)
    page.get_by_label("Channel").select_option("sms")
    page.get_by_role("button", name="Count").click()
    expect(page).to_have_url(re.compile("channel=sms"))
    assert 0 < people_to_reach(page) < before
    page.get_by_text("The numbers", exact=True).first.click()
    expect(page.locator(CHURN).get_by_role("table")).to_be_visible()
    page.get_by_role("button", name="Freeze and export").click()
    expect(page.get_by_role("link", name="CSV for the campaign tool")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
