"""Small audiences: a key without the scope admin gets neither count nor members of them, nor a score through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.config.tags import TagsConfig
from features.consents.consent import PROFILING
from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.tags.destinations import record_destinations
from tests.serving.api.audience_requests import IDS, all_member_ids, denial, post_audience, scored_shop

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
NINE: dict[str, Any] = {"column": "customer_id", "in": [name for name in IDS if name not in {"c003", "c004"}][:9]}


@dataclass
class Clients:
    """The same service, asked with two keys."""

    admin: TestClient
    mail: TestClient  # a key with the scope audience


@pytest.fixture
def clients(tmp_path: Path) -> Iterator[Clients]:
    shop, store = scored_shop(tmp_path), KeyStore.for_home(tmp_path)
    record_destinations(tmp_path, {"crm": TagsConfig(channel="email")})
    shop.worker.consent_gate.ledger.record({"c017": [denial(purpose=PROFILING)]})
    keys = {scope: store.create(scope.value, [scope], MONDAY)[0] for scope in (KeyScope.ADMIN, KeyScope.AUDIENCE)}
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    app = create_app(lambda: worker)
    with (
        TestClient(app, headers={"X-API-Key": keys[KeyScope.ADMIN]}) as admin,
        TestClient(app, headers={"X-API-Key": keys[KeyScope.AUDIENCE]}) as mail,
    ):
        yield Clients(admin, mail)


def test_an_audience_of_nine_is_for_an_admin_alone(clients: Clients) -> None:
    answer, full = post_audience(clients.mail, filter=NINE), post_audience(clients.admin, filter=NINE)
    assert (full["count"], len(full["sample"])) == (9, 9)
    assert (answer["count"], answer["audience_id"], answer["sample"], answer["composition"]) == (None, None, [], {})
    assert "fewer than 10 members" in answer["notes"][0]
    path = f"/v1/audiences/{full['audience_id']}"
    assert clients.mail.get(path).json()["count"] is None
    for query in ({}, {"format": "csv"}, {"size": 5}):
        refusal = clients.mail.get(f"{path}/members", params=query)
        assert (refusal.status_code, "a key with the scope admin" in refusal.json()["detail"]) == (403, True)
    assert clients.admin.post(f"{path}/tag-changes", json={"destination": "crm"}).status_code == 200
    begun = clients.mail.post(f"{path}/tag-changes", json={"destination": "crm"})
    listed = clients.mail.get(f"{path}/tag-changes", params={"destination": "crm"})
    for refusal in (begun, listed):
        assert (refusal.status_code, "a key with the scope admin" in refusal.json()["detail"]) == (403, True)
    assert len(all_member_ids(clients.admin, full)) == 9


def test_an_audience_of_ten_is_for_every_key(clients: Clients) -> None:
    ten = {"any": [NINE, {"column": "customer_id", "equals": "c030"}]}
    answer = post_audience(clients.mail, filter=ten)
    assert (answer["count"], len(all_member_ids(clients.mail, answer))) == (10, 10)


def test_thirty_bisecting_counts_find_no_score(clients: Clients) -> None:
    def ask(threshold: float) -> dict[str, Any]:
        above = {"column": "churn_probability", "at_least": threshold}
        target = {"all": [{"column": "customer_id", "equals": "c017"}, above]}
        return post_audience(clients.mail, keep=False, channel="email", filter=target)

    answers = [ask(step / 30) for step in range(31)]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["excluded_by_consent"] is None


def test_who_created_an_audience_is_known_by_its_key(clients: Clients) -> None:
    path = f"/v1/audiences/{post_audience(clients.mail)['audience_id']}"
    assert clients.mail.get(path).json()["created_by"].startswith("audience/")
