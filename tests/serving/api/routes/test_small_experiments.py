"""Small experiments: a key without the scope admin neither sizes them nor starts them, since an arm tells of a few."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.serving.api.audience_requests import scored_shop
from tests.serving.api.routes.test_small_audiences import MONDAY

RECORD = {
    "id": "few",
    "arms": [{"name": "none", "control": True}, {"name": "ten"}],
    "eligible": {"filter": {"column": "churn_probability", "at_least": 0.8}},
    "outcome": {"kind": "order", "within_days": 28},
    "ends_on": "2027-02-01",
}
EVERYBODY = {**RECORD, "id": "everybody", "eligible": {}}


@dataclass
class Clients:
    """The same service, asked with three keys."""

    admin: TestClient
    marketer: TestClient  # a key with the scope experiment
    mail: TestClient  # a key with the scope audience


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    shop, store = scored_shop(tmp_path), KeyStore.for_home(tmp_path)
    scopes = (KeyScope.ADMIN, KeyScope.EXPERIMENT, KeyScope.AUDIENCE)
    keys = [store.create(scope.value, [scope], MONDAY)[0] for scope in scopes]
    app = create_app(lambda: replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log))))
    admin, marketer, mail = (TestClient(app, headers={"X-API-Key": key}) for key in keys)
    with admin, marketer, mail:
        yield Clients(admin, marketer, mail)


def test_few_eligible_customers_are_counted_for_an_admin_alone(clients: Clients) -> None:
    path = "/v1/experiments?start=false"
    assert clients.admin.post(path, json=RECORD).json()["plan"]["eligible"] == 8
    plan = clients.marketer.post(path, json=RECORD).json()["plan"]
    assert (plan["eligible"], plan["available"]) == (None, None)
    assert [effect["customers"] for effect in plan["smallest_effects"]] == [None]
    assert plan["smallest_effects"][0]["reason"] == "too few customers are available"


def test_an_experiment_on_few_customers_is_started_by_an_admin_alone(clients: Clients) -> None:
    refusal = clients.marketer.post("/v1/experiments", json=RECORD)
    assert refusal.status_code == 403
    assert "Found fewer than 10 eligible customers" in refusal.json()["detail"]
    assert clients.admin.post("/v1/experiments", json=RECORD).status_code == 200
    repeated = clients.marketer.post("/v1/experiments", json=RECORD)
    assert (repeated.status_code, repeated.json()["experiment"]["status"]) == (200, "running")


def test_few_shared_customers_are_not_counted(clients: Clients) -> None:
    clients.admin.post("/v1/experiments", json=RECORD)
    plan = clients.marketer.post("/v1/experiments", json=EVERYBODY).json()["plan"]
    assert plan["eligible"] == 39
    assert plan["shares_customers_with"] == [{"experiment_id": "few", "excluded": False, "customers": None}]


def test_a_key_of_another_scope_is_refused(clients: Clients) -> None:
    assert clients.mail.post("/v1/experiments", json=EVERYBODY).status_code == 403
    assert clients.mail.post("/v1/decisions", json={}).status_code == 403
    assert clients.marketer.get("/v1/experiments").status_code == 200
    assert clients.marketer.post("/v1/audiences", json={}).status_code == 403
