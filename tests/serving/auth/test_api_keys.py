"""API keys: a request needs a key with the scope of its route; the probes need no key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from serving.api.auth_middleware import actor
from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.serving.fakes import FakeRelease, Shop

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)

PROTECTED_PATHS = ["/v1/models", "/v1/customers/ann/predictions", "/metrics", "/docs", "/openapi.json", "/nowhere"]

FORBIDDEN_TO_PREDICT = [("PUT", "/v1/customers/ann/consents"), ("POST", "/v1/audiences"),
                   ("DELETE", "/v1/customers/ann"),
                   ("GET", "/v1/customers/ann%2Fconsents"), ("PUT", "/v1/customers/a%2Fb/consents%0A")]  # fmt: skip


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), keys=["old key", "new-ключ"]).client() as client:
        yield client


@pytest.mark.parametrize("path", PROTECTED_PATHS)
def test_without_a_key_nothing_is_said(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["detail"].startswith("Found no valid API key; expected one as Authorization: Bearer")
    assert response.headers["x-request-id"]


def test_a_body_is_not_even_read_without_a_key(client: TestClient) -> None:
    assert client.post("/v1/predictions", content=b"{").status_code == 401


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_key(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "sent",
    [("Authorization", "Bearer old key"), ("authorization", "bearer old key"), ("X-API-Key", "old key"),
     ("X-API-Key", "new-ключ")],
)  # fmt: skip
def test_any_of_the_keys_opens_in_either_header(client: TestClient, sent: tuple[str, str]) -> None:
    header, key = sent
    assert client.get("/v1/models", headers={header.encode(): key.encode()}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"Authorization": "old key"}, {"X-API-Key": ""},
     {"Authorization": "Basic old key"}, {"X-API-Key": "old kez"}, {"Cookie": "old key"}],
)  # fmt: skip
def test_anything_else_does_not(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/v1/models", headers=headers).status_code == 401


def test_without_keys_the_service_is_open() -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert client.get("/v1/models").status_code == 200


class KeyedService:
    """Keyed service: a service with keys in a home, which it reloads on every request."""

    def __init__(self, home: Path, environment: Sequence[str] = ()) -> None:
        self.key_store = KeyStore.for_home(home)
        shop = Shop.of(FakeRelease())
        self._keys = ApiKeys(map(SecretStr, environment), KeyReloader(self.key_store, shop.worker.log, poll_seconds=0))
        self._app = create_app(lambda: replace(shop.worker, api_keys=self._keys))
        self._app.add_route("/whoami", whoami)

    def create_key(self, client: str, *scopes: KeyScope) -> str:
        return self.key_store.create(client, scopes, MONDAY)[0]

    def revoke_key(self, key: str) -> None:
        self.key_store.revoke(key.split("_")[1], MONDAY)

    def client(self, key: str = "") -> TestClient:
        return TestClient(self._app, headers={"Authorization": f"Bearer {key}"} if key else {})


async def whoami(request: Request) -> Response:
    return PlainTextResponse(actor(request))


def test_a_key_opens_what_its_scopes_say_and_no_more(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    with service.client(service.create_key("mail", KeyScope.PREDICT)) as client:
        assert client.get("/v1/models").status_code == 200
        assert client.get("/v1/customers/ann/predictions").status_code == 200
        assert client.get("/metrics").status_code == 200
        for method, path in FORBIDDEN_TO_PREDICT:
            assert client.request(method, path).status_code == 403


def test_who_lacks_a_scope_is_told_which(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    with service.client(service.create_key("mail", KeyScope.AUDIENCE, KeyScope.CONSENT)) as client:
        response = client.get("/v1/models")
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="predict"'
    assert response.json()["title"] == "Forbidden"
    assert response.json()["detail"] == (
        "Found a key with the scopes audience, consent; expected one with predict. Ask for a key that has it."
    )


def test_admin_opens_everything(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    with service.client(service.create_key("shop", KeyScope.ADMIN)) as client:
        assert client.get("/v1/models").status_code == 200
        assert client.delete("/v1/customers/ann").status_code not in {401, 403}


def test_a_key_that_is_not_as_it_was_given_opens_nothing(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    key = service.create_key("mail", KeyScope.PREDICT)
    _, key_id, secret = key.split("_", 2)
    invalid_keys = [key[:-1], f"{key}x", key.upper(), secret, f"fw_00000000_{secret}", f"fw_{key_id}_", "fw"]
    with service.client() as client:
        assert client.get("/v1/models", headers={"X-API-Key": key}).status_code == 200
        for sent in invalid_keys:
            assert client.get("/v1/models", headers={"X-API-Key": sent}).status_code == 401


def test_what_the_file_keeps_opens_nothing(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    service.create_key("mail", KeyScope.PREDICT)
    (stored_key,) = service.key_store.read() or ()
    with service.client(stored_key.sha256) as client:
        assert client.get("/v1/models").status_code == 401


def test_keys_come_and_go_while_the_service_runs(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    with service.client() as client:
        assert client.get("/v1/models").status_code == 200
        header = {"X-API-Key": service.create_key("mail", KeyScope.PREDICT)}
        assert client.get("/v1/models").status_code == 401
        assert client.get("/v1/models", headers=header).status_code == 200
        service.revoke_key(header["X-API-Key"])
        assert client.get("/v1/models", headers=header).status_code == 401
        assert client.get("/v1/models").status_code == 401


def test_a_service_whose_last_key_was_revoked_stays_shut_when_it_starts_again(tmp_path: Path) -> None:
    service = KeyedService(tmp_path)
    service.revoke_key(service.create_key("mail", KeyScope.PREDICT))
    with KeyedService(tmp_path, ["env key"]).client("env key") as client:
        assert client.get("/v1/models").status_code == 200
    with KeyedService(tmp_path).client() as client:
        assert client.get("/v1/models").status_code == 401
        assert client.get("/readyz").status_code == 200


def test_keys_of_the_environment_have_every_scope_beside_those_of_the_home(tmp_path: Path) -> None:
    service = KeyedService(tmp_path, ["env key"])
    consent_key = service.create_key("mail", KeyScope.CONSENT)
    with service.client("env key") as client:
        assert client.get("/v1/models").status_code == 200
        assert client.delete("/v1/customers/ann").status_code not in {401, 403}
        assert client.get("/v1/models", headers={"Authorization": f"Bearer {consent_key}"}).status_code == 403


def test_a_route_knows_who_asks(tmp_path: Path) -> None:
    service = KeyedService(tmp_path, ["env key"])
    with service.client() as client:
        assert client.get("/whoami", headers={"X-API-Key": "env key"}).text == "environment"
        key = service.create_key("mail", KeyScope.PREDICT)
        assert client.get("/whoami", headers={"X-API-Key": key}).text == f"mail/{key.split('_')[1]}"
    with KeyedService(tmp_path / "open").client() as client:
        assert client.get("/whoami").text == "open"
