"""Calendar page: each day has its number, money and categories, and every number leads to its audience."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.web.views.calendar import CalendarChoice
from tests.serving.fakes import Shop
from tests.serving.reminders.due import MONDAY, TUESDAY, Due, due_shop
from tests.serving.web.page_parts import PageParts

DUE: list[Due] = [*[(MONDAY, "tea")] * 14, *[(MONDAY, "wine")] * 2, *[(TUESDAY, "tea")] * 4, *[(MONDAY, None)] * 3]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return due_shop(tmp_path, DUE)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def open_calendar(client: TestClient, query: str = "week=2026-W48", **headers: str) -> PageParts:
    response = client.get(f"/app/calendar?{query}", headers=headers)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    return PageParts(response.text)


def test_a_week_has_seven_days_with_numbers_money_and_categories(client: TestClient) -> None:
    page = open_calendar(client)
    days = [item for item in page.texts("item") if " Nov " in f"{item} "]
    assert [day.split()[0] for day in days] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert days[0] == "Mon 23 Nov 18 due €179 expected tea 13, wine 2"
    assert days[2] == "Wed 25 Nov nobody due"
    assert "22 customers are due." in page.main
    assert "Remind 15 days before the expected order" in page.main


def test_this_week_is_shown_where_none_is_named(client: TestClient) -> None:
    page = open_calendar(client, "")
    assert "Week from 16 Nov 2026" in page.texts("heading")
    assert "Fri 20 Nov over" in page.texts("item")


def test_an_opened_day_has_its_categories_and_each_leads_to_its_audience(client: TestClient) -> None:
    page = open_calendar(client, "day=2026-11-23&channel=email")
    assert [
        next(text for text in page.texts("heading")[3:] if text == "Mon 23 Nov"),
        next(row for row in page.texts("row") if row.startswith("tea")),
    ] == ["Mon 23 Nov", "tea 12 €84 Build this audience"]
    links = [
        str(part.attributes["href"])
        for part in page.parts
        if "Build this audience" in part.text and part.role in ("link", "button")
    ]
    assert [dict(parse_qsl(urlsplit(link).query)) for link in links] == [
        {"in:remind_on": "2026-11-23", "holdout": "10", "channel": "email"},
        {"in:remind_on": "2026-11-23", "in:next_category": "tea", "holdout": "10", "channel": "email"},
        {"in:remind_on": "2026-11-23", "in:next_category": "wine", "holdout": "10", "channel": "email"},
    ]


def test_a_month_has_the_weeks_of_its_days_and_the_number_itself(client: TestClient) -> None:
    page = open_calendar(client, "month=2026-11&lang=zh")
    assert page.texts("row")[0] == "一 二 三 四 五 六 日"
    cells = page.texts("cell")[7:]
    assert len(cells) == 42
    assert (cells[0], cells[28], cells[29], cells[30]) == ("26 ·", "23 18", "24 4", "25 ·")
    assert "2026年11月" in page.texts("heading")
    links = [part.attributes.get("aria-label") for part in page.parts if part.role == "link"]
    assert "2026年11月23日: 18 人到期" in links


def test_a_category_counts_by_its_own_day(client: TestClient) -> None:
    page = open_calendar(client, "week=2026-W48&category=tea&tier=gold")
    assert "8 customers are due." in page.main
    assert [part.text for part in page.parts if part.role == "option" and "selected" in part.attributes] == [
        "tea",
        "gold",
    ]


def test_a_part_of_the_page_is_answered_to_htmx_alone(client: TestClient) -> None:
    part, whole = open_calendar(client, **{"HX-Request": "true"}), open_calendar(client)
    assert (part.texts("main"), part.language) == ([], None)
    assert part.texts("item") == [item for item in whole.texts("item") if item in part.texts("item")]


def test_a_channel_to_which_nobody_agreed_has_nobody(shop: Shop, client: TestClient) -> None:
    ledger = shop.worker.consent_gate.ledger
    ledger.set_defaults(replace(ledger.defaults(), marketing=False))
    assert (
        "Nobody who may be approached is due in these days." in open_calendar(client, "week=2026-W48&channel=sms").main
    )


def test_few_customers_are_not_told_to_a_key_without_admin(shop: Shop) -> None:
    store = KeyStore.for_home(shop.worker.home)
    key, _ = store.create("growth", [KeyScope.AUDIENCE], datetime(2026, 11, 16, tzinfo=UTC))
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    with TestClient(create_app(lambda: worker), headers={"X-API-Key": key}) as client:
        page = open_calendar(client, "day=2026-11-24")
    assert "Tue 24 Nov fewer than 10 due" in page.texts("item")
    assert "18 customers are due." in page.main
    assert "wine" not in page.main


@pytest.mark.parametrize(
    "query",
    [
        "week=2026-W60",
        "week=49",
        "week=9999-W52",
        "week=1000-W01",
        "month=2026-13",
        "month=12",
        "day=yesterday",
        "month=9999-12",
    ],
)
def test_an_address_that_names_no_day_says_how_one_looks(client: TestClient, query: str) -> None:
    response = client.get(f"/app/calendar?{query}")
    assert response.status_code == 422
    assert "week=2026-W49" in response.text


def test_without_scores_the_page_comes_again(shop: Shop, client: TestClient) -> None:
    (shop.worker.home / "scores.parquet").unlink()
    response = client.get("/app/calendar")
    assert (response.status_code, '<meta http-equiv="refresh"' in response.text) == (503, True)


@given(month=st.dates(date(1971, 1, 1), date(2100, 1, 1)).map(lambda day: day.replace(day=1)))
def test_the_weeks_of_a_month_hold_all_its_days(month: date) -> None:
    choice = CalendarChoice.of_month(month)
    last = (month.replace(day=28) + (date(2000, 1, 5) - date(2000, 1, 1))).replace(day=1)
    assert choice.first <= month
    assert (month - choice.first).days < 7
    assert 0 <= (choice.end - last).days < 7
    assert f"{last:%Y-%m}" in choice.later
