"""Feature reader: a failed or late read becomes an answer without predictions, with the reason."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from starlette.testclient import TestClient

from features.errors import FlywheelError, NotFound, RowsLost, StoreUnavailable
from features.online.codec import SchemaMismatch
from features.online.feature_rows import FeatureRows
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop


class RemoteFeatureReader(FakeFeatureReader):
    """Remote feature reader: a store on another machine, which may fail or be slow."""

    timeout_seconds = 0.2

    def __init__(self) -> None:
        super().__init__(ann=KnownCustomer())
        self.error: FlywheelError | None = None
        self.seconds = 0.0

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        time.sleep(self.seconds)
        if self.error is not None:
            raise self.error
        return super().read(customer_ids)


@pytest.fixture
def features() -> RemoteFeatureReader:
    return RemoteFeatureReader()


@pytest.fixture
def shop(features: RemoteFeatureReader) -> Shop:
    return Shop.of(FakeRelease(), features)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def request_predictions(client: TestClient, *customer_ids: str) -> list[dict[str, Any]]:
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids})
    predictions: list[dict[str, Any]] = response.raise_for_status().json()["predictions"]
    return predictions


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StoreUnavailable, "store_unreachable"),
        (NotFound, "not_materialized"),
        (RowsLost, "rows_lost"),
        (SchemaMismatch, "schema_mismatch"),
    ],
)
def test_every_customer_is_answered_with_the_reason_and_nothing_else(
    client: TestClient, features: RemoteFeatureReader, error: type[FlywheelError], reason: str
) -> None:
    features.error = error("the cable of ann was cut")
    ann, zoe, ann_repeated = request_predictions(client, "ann", "zoe", "ann")
    assert (ann["status"], ann["reason"]) == ("features_unavailable", reason)
    assert (ann["customer_id"], zoe["customer_id"], ann_repeated) == ("ann", "zoe", ann)
    assert {*ann} == {
        *("customer_id", "status", "reason", "as_of", "log_until", "release", "model_versions", "prediction_id")
    }
    assert ann["as_of"] == "2026-11-21T09:30:00Z"
    assert ann["prediction_id"] != zoe["prediction_id"]


def test_such_an_answer_is_as_documented(client: TestClient, features: RemoteFeatureReader) -> None:
    features.error = StoreUnavailable("cut")
    document = client.get("/openapi.json").json()
    predictions = {"$ref": "#/components/schemas/PredictionsResponse", "components": document["components"]}
    probe = {"$ref": "#/components/schemas/ProbeResponse", "components": document["components"]}
    Draft202012Validator(predictions).validate({"predictions": request_predictions(client, "ann")})
    Draft202012Validator(probe).validate(client.get("/readyz").json())


def test_it_is_another_answer_than_that_the_customer_is_unknown(
    client: TestClient, features: RemoteFeatureReader
) -> None:
    (unknown,) = request_predictions(client, "zoe")
    features.error = StoreUnavailable("cut")
    (unavailable,) = request_predictions(client, "zoe")
    assert unknown["status"] == "unknown_customer"
    assert unavailable["prediction_id"] != unknown["prediction_id"]


def test_nobody_keeps_such_an_answer_for_the_day(client: TestClient, features: RemoteFeatureReader) -> None:
    features.error = StoreUnavailable("cut")
    response = client.get("/v1/customers/ann/predictions", headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers
    assert response.json()["predictions"][0]["as_of"] == "2026-11-20T23:00:00Z"
    features.error = None
    assert "max-age" in client.get("/v1/customers/ann/predictions").headers["cache-control"]


def test_a_store_that_never_answers_delays_no_request_beyond_its_timeout(
    client: TestClient, features: RemoteFeatureReader
) -> None:
    features.seconds = 1.0
    started_at = time.perf_counter()
    (ann,) = request_predictions(client, "ann")
    assert time.perf_counter() - started_at < 0.6
    assert ann["reason"] == "store_unreachable"


def test_the_probe_says_that_it_answers_without_features_and_stays_ready(
    client: TestClient, features: RemoteFeatureReader
) -> None:
    log = {"log_until": "2026-11-19T16:40:00Z", "silence_days": 1}
    assert client.get("/readyz").json() == {"status": "ready", "release": "7", **log}
    features.error = StoreUnavailable("cut")
    degraded = client.get("/readyz")
    assert degraded.status_code == 200
    assert degraded.json() == {"status": "degraded", "reason": "store_unreachable", "release": "7", **log}
    features.error = None
    assert client.get("/readyz").json()["status"] == "ready"


def test_it_is_counted_and_logged_once_when_it_begins_and_once_when_it_ends(
    client: TestClient, shop: Shop, features: RemoteFeatureReader
) -> None:
    assert "features_available 1.0" in client.get("/metrics").text
    features.error = StoreUnavailable("the cable was cut")
    for _ in range(5):
        request_predictions(client, "ann", "zoe")
    page = client.get("/metrics").text
    assert 'predictions_total{model="ltv",status="features_unavailable",tier="none",version="2"} 10.0' in page
    assert "features_available 0.0" in page
    features.error = None
    for _ in range(5):
        request_predictions(client, "ann")
    assert "features_available 1.0" in client.get("/metrics").text
    logged = shop.log.getvalue()
    assert logged.count("features available") == 2
    assert logged.count("the cable was cut") == 1
