"""Forms: only this service's own page changes something, with the token of the browser it was shown in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import params
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from serving.api.routing import RawRoute
from serving.app import create_app
from serving.auth.route_access import RouteAccess, requires
from serving.auth.scopes import KeyScope, SessionScope
from serving.web.forms import submitted_form
from serving.web.routing import PageRoute, page_access, page_change
from tests.serving.fakes import FakeRelease, Shop

KEY, PATH = "a key of the shop", "/app/change"
FORM_TYPE = "application/x-www-form-urlencoded"


async def change(request: Request) -> Response:
    return PlainTextResponse(submitted_form(request)["name"])


@pytest.fixture(params=[(), (KEY,)], ids=["without keys", "with keys"])
def client(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    app = create_app(lambda: Shop.of(FakeRelease(), keys=request.param).worker)
    app.router.routes.insert(0, PageRoute(PATH, change, methods=["POST"], dependencies=[page_change(KeyScope.CONSENT)]))
    with TestClient(app, headers={"Accept": "text/html"}) as client:
        client.post("/app/sign-in", data={"key": KEY})
        yield client


def token_of(client: TestClient) -> str:
    match = re.search(r'"X-Form-Token":"([0-9a-f.]+)"', client.get("/app/").text)
    assert match is not None
    return match[1]


def test_the_pages_own_form_is_accepted_by_field_or_by_header(client: TestClient) -> None:
    token = token_of(client)
    assert client.post(PATH, data={"name": "ann", "form_token": token}).text == "ann"
    assert client.post(PATH, data={"name": "ann"}, headers={"X-Form-Token": token}).text == "ann"
    assert client.post(PATH, data={"name": "a&b=ö 中"}, headers={"X-Form-Token": token}).text == "a&b=ö 中"


def test_a_form_without_the_browsers_token_changes_nothing(client: TestClient) -> None:
    token = token_of(client)
    for wrong in ("", "x", token[:-1], token.partition(".")[2], f"00.{token.partition('.')[2]}"):
        response = client.post(PATH, data={"name": "ann", "form_token": wrong})
        assert (response.status_code, "Not allowed" in response.text) == (403, True)


def test_a_token_of_another_browser_is_none(client: TestClient) -> None:
    form = {"name": "ann", "form_token": token_of(client)}
    for name in ("flywheel_form", "flywheel_session"):
        if value := client.cookies.get(name):
            client.cookies.delete(name)
            client.cookies.set(name, value[:-1])
    assert client.post(PATH, data=form, headers={"X-API-Key": KEY}).status_code == 403
    client.cookies.clear()
    assert client.post(PATH, data=form, headers={"X-API-Key": KEY}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
     {"Origin": "null"}],
)  # fmt: skip
def test_another_site_changes_nothing_even_with_the_token(client: TestClient, headers: dict[str, str]) -> None:
    form = {"name": "ann", "form_token": token_of(client)}
    assert client.post(PATH, data=form, headers=headers).status_code == 403
    assert client.post(PATH, data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [(b"{}", "application/json", 415), (b"name=a", "text/plain", 415), (b"a=1&" * 2000, FORM_TYPE, 413),
     (b"a=" + b"x" * 70_000, FORM_TYPE, 413)],
)  # fmt: skip
def test_only_a_form_of_some_size_is_read(client: TestClient, content: bytes, media_type: str, status: int) -> None:
    headers = {"Content-Type": media_type, "X-Form-Token": token_of(client)}
    assert client.post(PATH, content=content, headers=headers).status_code == status


def test_a_page_has_a_token_of_its_own_each_time(client: TestClient) -> None:
    assert token_of(client) != token_of(client)


def test_a_session_changes_nothing_where_no_form_is_verified() -> None:
    changing = params.Depends(RouteAccess(session=SessionScope.PAGE, changes=True))
    with pytest.raises(TypeError, match=r"Found the route /x, by which a session may change something, without a"):
        RawRoute("/x", change, methods=["POST"], dependencies=[changing])


@pytest.mark.parametrize("dependency", [page_access(), requires(KeyScope.CONSENT)], ids=["a page", "a JSON route"])
def test_a_session_changes_nothing_through_a_route_that_does_not_say_so(dependency: params.Depends) -> None:
    app = create_app(lambda: Shop.of(FakeRelease(), keys=[KEY]).worker)
    app.router.routes.insert(0, PageRoute(PATH, change, methods=["POST"], dependencies=[dependency]))
    with TestClient(app) as client:
        client.post("/app/sign-in", data={"key": KEY})
        form = {"name": "ann", "form_token": token_of(client)}
        assert client.post(PATH, data=form).status_code == 401
        client.cookies.clear()
        assert client.post(PATH, data=form, headers={"X-API-Key": KEY}).status_code == 403


def test_every_page_that_changes_something_says_so(tmp_path: Path) -> None:
    app = create_app(lambda: Shop.of(FakeRelease(), home=tmp_path).worker)
    for route in app.routes:
        if isinstance(route, PageRoute) and {*(route.methods or ())} - {"GET", "HEAD"}:
            assert route.access.changes, route.path
