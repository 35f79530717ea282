"""Consents on a Redis that freezes, dies or is emptied: responses come in time, without predictions or a 500."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.consents.ledger import Ledger
from features.consents.redis import RedisLedgerStorage
from features.storage.secret import load_secret
from serving.predictions.consent_gate import ConsentGate
from serving.schemas.predictions import PredictionsResponse
from tests.features.consents.stores import Store
from tests.redis_server import RedisServer
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

pytestmark = pytest.mark.slow

DEADLINE = 2.0
NO = {"consents": [{"purpose": "profiling", "granted": False}]}


def shop(home: Path, redis: RedisServer) -> Shop:
    """A shop with Ann and Bob on one worker; its features are always available."""
    local = Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), bob=KnownCustomer()), home=home)
    ledger = Ledger(RedisLedgerStorage(redis.url, home, cooldown_seconds=0.3), lambda: load_secret(home))
    service = replace(local.worker.prediction_service, consent_gate=ConsentGate(ledger))
    worker = replace(local.worker, prediction_service=service, online_store=redis.url)
    return Shop(worker, local.log)


@pytest.fixture
def worker(redis_of_its_own: RedisServer, tmp_path: Path) -> Shop:
    return shop(tmp_path, redis_of_its_own)


@pytest.fixture
def client(worker: Shop) -> Iterator[TestClient]:
    with worker.client() as client:
        yield client


def put_consents(client: TestClient, customer_id: str, changes: dict[str, Any]) -> None:
    assert client.put(f"/v1/customers/{customer_id}/consents", json=changes).status_code == 200


def statuses_in_time(client: TestClient, *customer_ids: str) -> list[str]:
    """Return the status, or the reason of a missing prediction, per customer; fail after the deadline."""
    started = perf_counter()
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids})
    assert perf_counter() - started < DEADLINE
    PredictionsResponse.model_validate_json(response.content)
    return [row.get("reason", row["status"]) for row in response.raise_for_status().json()["predictions"]]


def assert_unavailable(client: TestClient) -> None:
    """Reading and writing consents fail, and callers are told to retry."""
    started = perf_counter()
    path = "/v1/customers/ann/consents"
    for response in (client.put(path, json=NO), client.get(path), client.delete("/v1/customers/ann")):
        assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert perf_counter() - started < DEADLINE


def wait_for_recovery(client: TestClient, *expected: str) -> None:
    """Fail unless Ann and Bob get the expected statuses within ten seconds."""
    started = perf_counter()
    while (statuses := statuses_in_time(client, "ann", "bob")) != [*expected]:
        assert perf_counter() - started < 10, statuses


def test_a_no_to_one_worker_withholds_the_next_answer_of_another(
    client: TestClient, redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    with shop(tmp_path, redis_of_its_own).client() as another:
        assert statuses_in_time(another, "ann", "bob") == ["scored", "scored"]
        put_consents(client, "ann", NO)
        assert statuses_in_time(another, "ann", "bob") == ["withheld_consent", "scored"]


def test_while_redis_is_frozen_nothing_is_said_of_anybody(client: TestClient, redis_of_its_own: RedisServer) -> None:
    put_consents(client, "ann", NO)
    redis_of_its_own.freeze()
    assert [statuses_in_time(client, "ann", "bob") for _ in range(3)] == [
        ["store_unreachable", "store_unreachable"]
    ] * 3
    assert_unavailable(client)
    readiness = client.get("/readyz").json()
    assert (readiness["status"], readiness["reason"], readiness["release"]) == ("degraded", "store_unreachable", "7")
    redis_of_its_own.thaw()
    wait_for_recovery(client, "withheld_consent", "scored")
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_redis_that_dies_and_comes_back_needs_no_restart(client: TestClient, redis_of_its_own: RedisServer) -> None:
    put_consents(client, "ann", NO)
    redis_of_its_own.kill()
    assert statuses_in_time(client, "ann") == ["store_unreachable"]
    assert_unavailable(client)
    redis_of_its_own.start()
    wait_for_recovery(client, "withheld_consent", "scored")


def test_an_emptied_redis_silences_everybody_and_the_log_says_what_to_do(
    worker: Shop, client: TestClient, redis_of_its_own: RedisServer
) -> None:
    put_consents(client, "ann", NO)
    redis_of_its_own.flush()
    assert statuses_in_time(client, "ann", "bob") == ["consents_unavailable", "consents_unavailable"]
    assert_unavailable(client)
    assert client.get("/readyz").json()["reason"] == "consents_unavailable"
    assert worker.log.getvalue().count("Put the newest copy of its files back") == 1


def test_a_worker_with_another_secret_says_nothing_of_anybody(
    client: TestClient, redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    put_consents(client, "ann", NO)
    stranger = shop(tmp_path / "elsewhere", redis_of_its_own)
    (tmp_path / "elsewhere").mkdir(exist_ok=True)
    with stranger.client() as another:
        assert statuses_in_time(another, "ann", "bob") == ["consents_unavailable", "consents_unavailable"]
        assert "Copy the file from the home that began them" in stranger.log.getvalue()


def test_a_redis_that_went_back_in_time_silences_everybody(
    worker: Shop, client: TestClient, redis_of_its_own: RedisServer, tmp_path: Path
) -> None:
    store = Store(tmp_path, redis_of_its_own)
    put_consents(client, "bob", NO)
    store.copy()
    put_consents(client, "ann", NO)
    store.put_back()
    assert statuses_in_time(client, "ann", "bob") == ["consents_unavailable", "consents_unavailable"]
    assert_unavailable(client)
    assert client.get("/readyz").json()["status"] == "degraded"
    assert "flywheel restore" in worker.log.getvalue()
