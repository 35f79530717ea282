"""Language: the address chooses, then the cookie, then the browser; numbers, money and dates follow it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from serving.web import formatting
from serving.web.language import Language, language_of
from tests.serving.fakes import FakeRelease, Shop
from tests.serving.web.pages import HTML, parse_page

ENGLISH, CHINESE = Language
DAY = date(2026, 11, 29)
NIGHT = datetime(2026, 11, 29, 2, 19, tzinfo=UTC)


def request(query: str = "", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return Request({"type": "http", "query_string": query.encode(), "headers": raw})


@pytest.mark.parametrize(
    ("header", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", CHINESE), ("en-GB", ENGLISH), ("de,zh;q=0.1", CHINESE), ("de", ENGLISH),
     ("en;q=0.2, zh;q=0.3", CHINESE), ("zh;q=0, en", ENGLISH), ("", ENGLISH), ("ZH", CHINESE), ("*", ENGLISH)],
)  # fmt: skip
def test_the_browser_asks_for_a_language_by_quality(header: str, language: Language) -> None:
    assert language_of(request(accept_language=header)) is language


def test_the_address_comes_before_the_cookie_and_the_cookie_before_the_browser() -> None:
    cookie = "flywheel_language=zh"
    assert language_of(request("lang=en", cookie=cookie, accept_language="zh")) is ENGLISH
    assert language_of(request(cookie=cookie, accept_language="en")) is CHINESE
    assert language_of(request("lang=xx", cookie="flywheel_language=xx", accept_language="zh")) is CHINESE


@given(header=st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_header_gives_a_language(header: str) -> None:
    assert language_of(request(accept_language=header)) in Language


def test_a_chosen_language_stays_and_is_the_documents() -> None:
    with Shop.of(FakeRelease()).client() as client:
        client.headers.update(HTML)
        assert parse_page(client.get("/app/?lang=zh").text).one("html").attributes["lang"] == "zh"
        page = parse_page(client.get("/app/").text)
        assert page.one("html").attributes["lang"] == "zh"
        assert page.one("h1").text == "今日"
        (other,) = page.all("a", hreflang="en")
        assert (other.attributes["href"], other.attributes["lang"]) == ("/app/?lang=en", "en")


@pytest.mark.parametrize(
    ("format_", "value", "english", "chinese"),
    [
        (formatting.number, 1234.4, "1,234", "1,234"),
        (formatting.number, -0.2, "0", "0"),
        (formatting.number, None, "—", "—"),
        (formatting.percent, 0.374, "37%", "37%"),
        (formatting.percent, 0.0042, "0.4%", "0.4%"),
        (formatting.percent, 0.00001, "0.1%", "0.1%"),
        (formatting.percent, 0.99999, "99.9%", "99.9%"),
        (formatting.percent, 1.0, "100%", "100%"),
        (formatting.day, DAY, "29 Nov 2026", "2026年11月29日"),
        (formatting.short_day, DAY, "29 Nov", "11月29日"),
        (formatting.weekday, DAY, "Sun 29 Nov", "11月29日 周日"),
        (formatting.month, DAY, "Nov 2026", "2026年11月"),
        (formatting.moment, NIGHT, "29 Nov 2026, 02:19", "2026年11月29日 02:19"),
        (formatting.moment, None, "—", "—"),
    ],
)
def test_a_value_is_written_as_in_the_language(
    format_: Callable[..., str], value: object, english: str, chinese: str
) -> None:
    assert (format_(value, ENGLISH), format_(value, CHINESE)) == (english, chinese)


def test_an_instant_has_the_day_of_its_own_zone() -> None:
    late = datetime(2026, 11, 29, 23, tzinfo=UTC)
    shop_time = late.astimezone(ZoneInfo("Europe/Amsterdam"))
    assert (formatting.day(late, ENGLISH), formatting.day(shop_time, ENGLISH)) == ("29 Nov 2026", "30 Nov 2026")
    assert formatting.moment(shop_time, ENGLISH) == "30 Nov 2026, 00:00"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [(1234.4, "GBP", "£1,234", "£1,234"), (1234.4, "CNY", "CN¥1,234", "¥1,234"), (3.5, "EUR", "€3.50", "€3.50"),
     (0, "EUR", "€0", "€0"), (-1234, "EUR", "-€1,234", "-€1,234"), (12, None, "12", "12"), (None, "EUR", "—", "—")],
)  # fmt: skip
def test_money_has_its_currency_and_no_cents_from_ten_on(
    amount: float | None, currency: str | None, english: str, chinese: str
) -> None:
    assert formatting.money(amount, ENGLISH, currency) == english
    assert formatting.money(amount, CHINESE, currency) == chinese
