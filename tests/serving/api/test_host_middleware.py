"""Host middleware: a page of another site reaches nothing, by whatever name it calls this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from tests.serving.fakes import FakeRelease, Shop

ANN = "/v1/customers/ann/predictions"


def client(*, keys: Sequence[str] = (), allowed_hosts: tuple[str, ...] = ()) -> TestClient:
    shop = Shop.of(FakeRelease(), keys=keys)
    shop.worker = replace(shop.worker, allowed_hosts=allowed_hosts)
    headers = {"X-API-Key": keys[0]} if keys else {}
    test_client = shop.client()
    test_client.headers.update(headers)
    return test_client


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "LocalHost:80", "127.0.0.1:1", "[::1]:3000", "127.8.8.8"]
)
def test_without_keys_this_machine_is_answered_by_its_own_names(host: str) -> None:
    with client() as caller:
        assert caller.get(ANN, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:3000", "localhost.evil.example", "10.0.0.7", "[fe80::1]", ""]
)
@pytest.mark.parametrize("path", [ANN, "/livez", "/metrics", "/nowhere"])
def test_without_keys_a_name_that_another_site_points_here_is_refused(host: str, path: str) -> None:
    with client() as caller:
        response = caller.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"] == (
        f"Found '{host}' as Host; expected one of localhost, 127.0.0.1, [::1]. "
        "Name it in FLYWHEEL_ALLOWED_HOSTS if it is this service's."
    )


def test_a_name_that_is_allowed_is_answered() -> None:
    with client(allowed_hosts=("shop.example",)) as caller:
        assert caller.get(ANN, headers={"Host": "Shop.example:8080"}).status_code == 200


def test_with_keys_every_name_is_answered_unless_names_are_set() -> None:
    with client(keys=["key"]) as caller:
        assert caller.get(ANN, headers={"Host": "10.0.0.7:3000"}).status_code == 200
    with client(keys=["key"], allowed_hosts=("shop.example",)) as caller:
        assert caller.get(ANN, headers={"Host": "10.0.0.7:3000"}).status_code == 421
        assert caller.get(ANN, headers={"Host": "localhost:3000"}).status_code == 200


@pytest.mark.parametrize("keys", [(), ("key",)])
@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:8888", "file://", "http://[", "evil"]
)
def test_a_page_of_another_site_is_refused(origin: str, keys: Sequence[str]) -> None:
    with client(keys=keys) as caller:
        response = caller.delete("/v1/customers/ann", headers={"Host": "localhost:3000", "Origin": origin})
    assert response.status_code == 403
    assert "as Origin; expected a page of this service, or no page" in response.json()["detail"]


def test_two_origins_are_not_one_of_this_service() -> None:
    origins = [("Host", "localhost:3000"), ("Origin", "http://localhost:3000"), ("Origin", "http://evil.example")]
    with client() as caller:
        assert caller.delete("/v1/customers/ann", headers=origins).status_code == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:3000", "http://localhost:3000"),
        ("localhost", "https://localhost"),
        ("localhost", "http://localhost:80"),
        ("localhost:3000", "https://shop.example"),
    ],
)
def test_the_service_s_own_pages_and_those_of_allowed_hosts_are_answered(host: str, origin: str) -> None:
    with client(allowed_hosts=("shop.example",)) as caller:
        assert caller.get(ANN, headers={"Host": host, "Origin": origin}).status_code == 200


@pytest.mark.parametrize("keys", [(), ("key",)])
def test_a_body_without_a_media_type_is_refused(keys: Sequence[str]) -> None:
    with client(keys=keys) as caller:
        headers = {"Host": "localhost"}
        response = caller.post("/v1/predictions", content=b'{"customer_ids": ["ann"]}', headers=headers)
    assert response.status_code == 415
    assert response.json()["detail"].startswith("Found no media type.")
