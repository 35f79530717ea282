"""BentoML service: BentoML starts and stops our application, and only our own routes answer requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serving.service import worker_application
from tests.serving.fakes import FakeRelease, Shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop.of(FakeRelease())


@pytest.fixture(scope="module")
def client(shop: Shop) -> Iterator[TestClient]:
    with TestClient(worker_application(lambda: shop.worker, 1)) as client:
        yield client


def test_our_probes_answer_not_bentomls(client: TestClient, shop: Shop) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {
        "status": "ready", "release": "7", "log_until": "2026-11-19T16:40:00Z", "silence_days": 1
    }  # fmt: skip
    active, shop.worker.release_loader.current = shop.worker.release_loader.current, None
    assert client.get("/readyz").status_code == 503
    shop.worker.release_loader.current = active


def test_customers_are_answered(client: TestClient) -> None:
    (row,) = client.get("/v1/customers/ann/predictions").json()["predictions"]
    assert row["status"] == "scored"


def test_metrics_and_documents_are_ours(client: TestClient) -> None:
    assert "http_requests_total" in client.get("/metrics").text
    assert "/v1/predictions" in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("path", ["/healthz", "/docs.json", "/schema.json", "/static_content/index.css"])
def test_what_bentoml_would_add_is_not_there(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
