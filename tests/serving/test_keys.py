"""Who may ask: whoever brings a key; the probes are for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.serving.fakes import FakeRelease, Shop

LOCKED = ["/v1/models", "/v1/customers/ann/predictions", "/metrics", "/docs", "/openapi.json", "/nowhere"]


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), keys=["old key", "new-ключ"]).client() as client:
        yield client


@pytest.mark.parametrize("path", LOCKED)
def test_without_a_key_nothing_is_said(client: TestClient, path: str) -> None:
    refused = client.get(path)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == "Bearer"
    assert refused.json()["detail"].startswith("Found no valid API key; expected one as Authorization: Bearer")
    assert refused.headers["x-request-id"]


def test_a_body_is_not_even_read_without_a_key(client: TestClient) -> None:
    assert client.post("/v1/predictions", content=b"{").status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_key(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "brought",
    [("Authorization", "Bearer old key"), ("authorization", "bearer old key"), ("X-API-Key", "old key"),
     ("X-API-Key", "new-ключ")],
)  # fmt: skip
def test_any_of_the_keys_opens_in_either_header(client: TestClient, brought: tuple[str, str]) -> None:
    header, key = brought
    assert client.get("/v1/models", headers={header.encode(): key.encode()}).status_code == 200


@pytest.mark.parametrize(
    "brought",
    [{"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "old key"}, {"X-API-Key": ""},
     {"Authorization": "Basic old key"}, {"X-API-Key": "old kez"}, {"Cookie": "old key"}],
)  # fmt: skip
def test_anything_else_does_not(client: TestClient, brought: dict[str, str]) -> None:
    assert client.get("/v1/models", headers=brought).status_code == 401


def test_without_keys_the_service_is_open() -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get("/v1/models").status_code == 200
