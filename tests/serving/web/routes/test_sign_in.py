"""Sign-in: a person with a key opens the page and the documentation in a browser; the cookie opens nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from serving.auth.failed_attempts import MAX_FAILURES_PER_MINUTE
from tests.serving.fakes import FakeRelease, Shop

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
KEY = "schlüssel of the shop"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), keys=[KEY]).client() as client:
        client.follow_redirects = False
        yield client


def sign_in(client: TestClient, key: str = KEY, **headers: str) -> int:
    return client.post("/app/sign-in", data={"key": key}, headers=headers).status_code


def test_a_browser_without_a_key_is_led_to_the_form_and_a_program_is_told(client: TestClient) -> None:
    led = client.get("/docs", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/app/sign-in?next=%2Fdocs")
    assert client.get("/docs").status_code == 401
    assert client.get("/v1/models", headers=HTML).status_code == 401
    assert client.get("/sign-in").headers["location"] == "/app/sign-in"
    assert '<input id="key" name="key" type="password"' in client.get("/app/sign-in").text


def test_a_right_key_opens_the_page_and_the_documentation_and_nothing_else(client: TestClient) -> None:
    assert sign_in(client) == 303
    for path in ("/docs", "/app/"):
        assert "Sign out" in client.get(path, headers=HTML).text
    for path in ("/openapi.json", "/docs/swagger-ui.css", "/docs/swagger-initializer.js"):
        assert client.get(path).status_code == 200
    for method, path in [("GET", "/v1/models"), ("GET", "/metrics"), ("DELETE", "/v1/customers/ann"),
                         ("POST", "/v1/predictions"), ("GET", "/v1/customers/ann/consents")]:  # fmt: skip
        assert client.request(method, path).status_code == 401
    assert client.get("/docs", headers={"X-API-Key": "wrong"}).status_code == 401


@pytest.mark.parametrize(("forwarded", "is_secure"), [("https", True), ("http", False)])
def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    client: TestClient, forwarded: str, is_secure: bool
) -> None:
    response = client.post("/app/sign-in", data={"key": KEY}, headers={"X-Forwarded-Proto": forwarded})
    cookie = response.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=3600"} <= {*cookie.split("; ")}
    assert ("Secure" in cookie.split("; ")) == is_secure
    assert KEY not in cookie


def test_a_wrong_key_is_told_and_sets_no_cookie(client: TestClient) -> None:
    response = client.post("/app/sign-in", data={"key": "<script>"})
    assert response.status_code == 401
    assert "This key is not valid" in response.text
    assert "<script>" not in response.text
    assert "set-cookie" not in response.headers


def test_who_guesses_keys_in_the_form_has_to_wait(client: TestClient) -> None:
    assert [sign_in(client, "guess") for _ in range(MAX_FAILURES_PER_MINUTE + 1)][-1] == 429
    refused = client.post("/app/sign-in", data={"key": "guess"})
    assert "Too many wrong keys came from this address" in refused.text
    assert int(refused.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
     {"Origin": "null"}],
)  # fmt: skip
def test_another_site_signs_nobody_in_or_out(client: TestClient, headers: dict[str, str]) -> None:
    assert sign_in(client, **headers) == 403
    assert client.post("/app/sign-out", headers=headers).status_code == 403
    assert sign_in(client, Origin="http://testserver") == 303


def test_who_signed_out_is_asked_again(client: TestClient) -> None:
    sign_in(client)
    assert client.post("/app/sign-out").headers["location"] == "/app/sign-in"
    assert client.get("/docs", headers=HTML).status_code == 303


def test_a_form_of_megabytes_is_not_read(client: TestClient) -> None:
    assert sign_in(client, "k" * 5000) == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/json", "multipart/form-data; boundary=x", ""])
def test_only_a_form_signs_in(client: TestClient, media_type: str) -> None:
    response = client.post("/app/sign-in", content=f"key={KEY}", headers={"Content-Type": media_type})
    assert response.status_code == 415
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("foreign", ["a b c", 'theme={"dark": true}', "path=/", "[=]", "odd", 'open="'])
def test_cookies_of_other_services_on_the_host_do_not_end_a_session(client: TestClient, foreign: str) -> None:
    sign_in(client)
    cookie = f"flywheel_session={client.cookies['flywheel_session']}"
    client.cookies.clear()
    for sent in (f"{foreign}; {cookie}", f"{cookie}; {foreign}"):
        assert client.get("/docs", headers={"Cookie": sent}).status_code == 200


def test_a_service_without_keys_asks_for_none() -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get("/app/sign-in", headers=HTML).url.path == "/app/"
        for path in ("/docs", "/app/"):
            assert "Sign out" not in client.get(path).text


def test_the_root_leads_people_to_the_page_and_programs_to_its_paths(client: TestClient) -> None:
    assert client.get("/", headers=HTML).headers["location"] == "/app/"
    for path in client.get("/").json().values():
        assert client.get(path).status_code in (200, 401)


class Inline(HTMLParser):
    """Inline code of a page: scripts without a source, styles, and handlers of events."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name.startswith("on") or name == "style"]


def test_a_page_runs_no_code_but_the_services_own_files(client: TestClient) -> None:
    sign_in(client)
    for path in ("/docs", "/app/sign-in", "/app/", "/app/nowhere"):
        response = client.get(path, headers=HTML)
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert "frame-ancestors 'none'" in policy
        assert response.headers["cache-control"] == "no-store"
        inline = Inline()
        inline.feed(response.text)
        assert inline.found == []
