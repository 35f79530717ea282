"""Error pages: every error below /app/ is a page in the language of the browser, with the headers of the error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.scopes import KeyScope
from serving.problems import Problem
from serving.schemas.predictions import FieldProblem
from serving.web.rendering import PageResponse
from serving.web.routing import PageRoute, page_access
from tests.serving.fakes import FakeRelease, Shop
from tests.serving.web.pages import HTML, parse_page
from tests.serving.web.scoped_keys import signed_in_browser

STATUSES = (403, 404, 409, 413, 422, 429, 500, 503, 507)


async def fail(request: Request) -> Response:
    status = int(request.path_params["status"])
    headers = {"Retry-After": "7"} if status in (429, 503) else {}
    raise Problem(status, "Found <b>it</b>.", [FieldProblem(field="to", reason="Too <early>.")], headers)


async def crash(_: Request) -> Response:
    raise RuntimeError("a customer's id")


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = create_app(lambda: Shop.of(FakeRelease()).worker)
    for path, endpoint in (("/app/fail/{status}", fail), ("/app/crash", crash)):
        app.router.routes.insert(0, PageRoute(path, endpoint, dependencies=[page_access()]))
    with TestClient(app, headers=HTML) as client:
        yield client


@pytest.mark.parametrize(("language", "back"), [("en", "To the first page"), ("zh", "返回首页")])
@pytest.mark.parametrize("status", STATUSES)
def test_an_error_is_a_page(client: TestClient, status: int, language: str, back: str) -> None:
    response = client.get(f"/app/fail/{status}", headers={"Accept-Language": language})
    page = parse_page(response.text)
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert page.one("html").attributes["lang"] == language
    assert len(page.all("h1")) == 1
    assert back in page.one("main").text
    assert "Found <b>it</b>." in page.one("details").text
    assert "to : Too <early>." in page.one("details").text
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(("status", "is_asked_again"), [(429, True), (503, True), (422, False)])
def test_what_passes_is_asked_again_by_itself(client: TestClient, status: int, is_asked_again: bool) -> None:
    response = client.get(f"/app/fail/{status}")
    refresh = parse_page(response.text).all("meta", http_equiv="refresh")
    assert [meta.attributes["content"] for meta in refresh] == (["7"] if is_asked_again else [])
    assert response.headers.get("retry-after") == ("7" if is_asked_again else None)
    assert ("Trying again in 7 seconds." in response.text) == is_asked_again


def test_a_crash_tells_nothing_of_itself(client: TestClient) -> None:
    response = client.get("/app/crash")
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "An error of the service" in response.text
    assert "a customer" not in response.text


def test_an_address_without_a_page_or_with_another_method_is_a_page(client: TestClient) -> None:
    assert "Not found" in client.get("/app/nowhere").text
    refused = client.put("/app/")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert "Not possible here" in refused.text


def test_other_paths_keep_their_problems(client: TestClient) -> None:
    assert client.get("/v1/nowhere").headers["content-type"] == "application/problem+json"
    assert client.get("/applause").headers["content-type"] == "application/problem+json"


def test_a_head_request_has_the_status_alone(client: TestClient) -> None:
    response = client.head("/app/nowhere")
    assert (response.status_code, response.content) == (404, b"")


def test_who_has_no_session_is_led_to_the_form_and_back() -> None:
    with Shop.of(FakeRelease(), keys=["key"]).client() as client:
        client.follow_redirects = False
        asked = client.get("/app/audiences?in:tier=a%26b&x=ö", headers=HTML)
        form = client.get(asked.headers["location"], headers=HTML)
        wanted = parse_page(form.text).one("input", name="next").attributes["value"]
        assert wanted == "/app/audiences?in:tier=a%26b&x=%C3%B6"
        signed_in = client.post("/app/sign-in", data={"key": "key", "next": wanted})
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, wanted)


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/app/", "//evil.example/app/", "/\\evil.example/app/", "/v1/models", "/app/\r\nX: y", "app/",
     "/app/sign-in", "/app/sign-out", "javascript:alert(1)", "http://[", "", "/app/\\..\\x", "/application"],
)  # fmt: skip
def test_the_way_back_leads_to_pages_of_this_service_alone(wanted: str) -> None:
    with Shop.of(FakeRelease(), keys=["key"]).client() as client:
        client.follow_redirects = False
        signed_in = client.post("/app/sign-in", data={"key": "key", "next": wanted})
        assert signed_in.headers["location"] == "/app/"


def test_a_part_of_a_page_without_a_session_leads_the_page_to_the_form() -> None:
    with Shop.of(FakeRelease(), keys=["key"]).client() as client:
        response = client.get("/app/", headers={**HTML, "HX-Request": "true"}, follow_redirects=False)
        assert (response.status_code, response.headers["hx-redirect"]) == (401, "/app/sign-in")


def test_a_form_without_a_session_is_told_to_sign_in() -> None:
    with Shop.of(FakeRelease(), keys=["key"]).client() as client:
        response = client.post("/app/", headers=HTML)
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
        assert "Please sign in" in response.text


def test_a_key_without_the_scope_is_told_which_one(tmp_path: Path) -> None:
    shop = Shop.of(FakeRelease(), home=tmp_path)
    with signed_in_browser(shop, tmp_path, KeyScope.PREDICT, language="zh") as browser:
        route = PageRoute("/app/audience", fail, dependencies=[page_access(KeyScope.AUDIENCE)])
        cast("FastAPI", browser.app).router.routes.insert(0, route)
        response = browser.get("/app/audience")
        assert response.status_code == 403
        assert "没有权限" in response.text
        assert "expected one with audience" in response.text


def test_a_key_beyond_its_rate_has_to_wait(tmp_path: Path) -> None:
    shop = Shop.of(FakeRelease(), home=tmp_path)
    with signed_in_browser(shop, tmp_path, KeyScope.ADMIN, rate=1) as browser:
        assert browser.get("/app/").status_code == 200
        response = browser.get("/app/")
        assert (response.status_code, "Too many requests" in response.text) == (429, True)
        assert int(response.headers["retry-after"]) >= 1


def test_the_page_can_be_switched_off() -> None:
    worker = replace(Shop.of(FakeRelease(), keys=["key"]).worker, page=False)
    with TestClient(create_app(lambda: worker)) as client:
        client.follow_redirects = False
        assert client.get("/", headers=HTML).headers["location"] == "/docs"
        assert client.post("/app/sign-in", data={"key": "key"}).headers["location"] == "/docs"
        assert client.get("/docs").status_code == 200
        for method in ("GET", "HEAD", "POST"):
            assert client.request(method, "/app/", headers={"X-API-Key": "key"}).status_code == 404
        assert client.get("/app/").status_code == 404


def test_an_error_whose_page_cannot_be_rendered_is_sent_as_it_is(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail_to_render(_: PageResponse) -> None:
        raise RuntimeError("no template")

    monkeypatch.setattr(PageResponse, "complete", fail_to_render)
    response = client.get("/app/fail/409")
    assert (response.status_code, response.json()["detail"]) == (409, "Found <b>it</b>.")
    assert response.headers["content-type"] == "application/problem+json"
