"""Rendering: every page has the headers of security, and what a view contains is text, never markup."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.web.environment import FOLDER, environment
from serving.web.language import Language
from tests.serving.fakes import METADATA, FakeRelease, Shop
from tests.serving.web.pages import HTML, parse_page

HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


@pytest.mark.parametrize(
    ("ancestors", "directive"),
    [((), "frame-ancestors 'none'"), (("https://work.weixin.qq.com",), "frame-ancestors https://work.weixin.qq.com")],
)
def test_the_policy_allows_the_services_own_files_alone(ancestors: tuple[str, ...], directive: str) -> None:
    worker = replace(Shop.of(FakeRelease()).worker, frame_ancestors=ancestors)
    with TestClient(create_app(lambda: worker)) as client:
        for path in ("/app/", "/app/nowhere"):
            headers = client.get(path, headers=HTML).headers
            policy = headers["content-security-policy"].split("; ")
            assert policy[0] == "default-src 'none'"
            assert {"script-src 'self'", "style-src 'self'", directive} < set(policy)
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["referrer-policy"] == "same-origin"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"


def test_what_the_shop_and_the_browser_say_is_text() -> None:
    release = FakeRelease(metadata=replace(METADATA, name=HOSTILE))
    with Shop.of(release).client() as client:
        page = client.get("/app/", params={"q": HOSTILE}, headers=HTML)
        assert parse_page(page.text).one("a", class_="shop").text == HOSTILE
        assert len(parse_page(page.text).all("script")) == 1


def test_a_page_names_its_section_and_has_one_heading() -> None:
    with Shop.of(FakeRelease()).client() as client:
        page = parse_page(client.get("/app/", headers=HTML).text)
        assert page.one("a", aria_current="page").text == "Today"
        assert len(page.all("h1")) == 1
        assert page.all("a")[0].attributes["href"] == "#main"
        assert page.one("title").text == "Today · little-shop"


def test_a_tool_that_reads_no_gzip_gets_plain_html() -> None:
    with Shop.of(FakeRelease()).client() as client:
        response = client.get("/app/", headers={**HTML, "Accept-Encoding": "identity"})
        assert "content-encoding" not in response.headers
        assert response.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("language", Language)
def test_every_template_can_be_compiled(language: Language) -> None:
    names = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.html")]
    assert "base.html" in names
    for name in names:
        environment(language).get_template(name)


CHART = """{% import "macros.html" as ui with context %}
{% set columns = [("Week", "day"), ("Orders", "number"), ("Share", "percent")] %}
{{ ui.chart("Orders rise.", columns, rows, kind="bars", band=(1, 2)) }}"""


def test_a_chart_is_read_from_its_table() -> None:
    template = environment(Language.ENGLISH).from_string(CHART)
    html = template.render(rows=[(date(2026, 11, 23), 1234, 0.5), (date(2026, 11, 30), None, 0.25)])
    figure = parse_page(html).one("figure", class_="chart")
    assert figure.one("figcaption").text == "Orders rise."
    assert (figure.attributes["data-kind"], figure.attributes["data-band"]) == ("bars", "1,2")
    assert [cell.text for cell in figure.all("td")] == ["1,234", "50%", "—", "25%"]
    assert [cell.attributes["data-value"] for cell in figure.all("td")] == ["1234", "0.5", "", "0.25"]
    assert [head.attributes["data-value"] for head in figure.all("th", scope="row")] == ["2026-11-23", "2026-11-30"]


@pytest.mark.parametrize("path", ["/app/", "/app/customers", "/app/audiences/new", "/app/calendar", "/app/nowhere"])
def test_bytes_that_are_no_text_in_the_address_are_answered(path: str) -> None:
    started = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        started.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"a=\xff&\xe9",
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html")], "client": ("127.0.0.1", 1),
        "scheme": "http", "server": ("localhost", 80), "http_version": "1.1", "root_path": "",
    }  # fmt: skip
    with Shop.of(FakeRelease()).client() as client:
        assert client.portal is not None
        client.portal.call(client.app, scope, receive, send)
    assert started[0]["status"] != 500


@pytest.mark.parametrize("customer_id", ["a/b", "a/../b", "a%2Fb", "a?b#c&d", "ä 中"])
def test_the_page_in_another_language_is_of_the_same_customer(customer_id: str) -> None:
    path = f"/app/customers/{quote(customer_id, safe='')}"
    with Shop.of(FakeRelease()).client() as client:
        document = parse_page(client.get(f"{path}?card=1&lang=en", headers=HTML).text)
    assert document.one("a", hreflang="zh").attributes["href"] == f"{path}?card=1&lang=zh"
