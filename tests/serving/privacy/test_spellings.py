"""Spellings over HTTP: every spelling of an id is one customer, of a channel one channel, and a no wins over a yes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from features.checksums import unseal
from features.consents.consent import Consent
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

SPELLINGS = ["ann", " ann", "ann\u00a0", "a\u200bnn", "\ufeffann\t"]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), bob=KnownCustomer()), home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def url(customer_id: str, resource: str = "/consents") -> str:
    return f"/v1/customers/{quote(customer_id, safe='')}{resource}"


def put(client: TestClient, customer_id: str, *changes: dict[str, Any]) -> dict[str, Any]:
    response = client.put(url(customer_id), json={"consents": changes})
    assert response.status_code == 200, response.text
    payload: dict[str, Any] = response.json()
    return payload


def marketing(channel: str, granted: bool, **fields: str) -> dict[str, Any]:
    return {"purpose": "marketing", "channel": channel, "granted": granted, **fields}


def statuses(client: TestClient, *customer_ids: str) -> list[tuple[str, str]]:
    rows = client.post("/v1/predictions", json={"customer_ids": customer_ids}).json()["predictions"]
    return [(row["customer_id"], row["status"]) for row in rows]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_predictions_are_the_same_for_every_spelling_and_return_the_id_as_written(
    client: TestClient, spelling: str
) -> None:
    assert statuses(client, spelling, "zoe", "ann") == [
        (spelling, "scored"),
        ("zoe", "unknown_customer"),
        ("ann", "scored"),
    ]
    (row,) = client.get(url(spelling, "/predictions")).json()["predictions"]
    assert (row["customer_id"], row["status"]) == (spelling, "scored")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_no_under_one_spelling_holds_for_every_other(client: TestClient, spelling: str) -> None:
    state = put(client, spelling, {"purpose": "Profiling", "granted": False})
    assert (state["customer_id"], state["profiling"]) == (spelling, False)
    assert {status for _, status in statuses(client, *SPELLINGS)} == {"withheld_consent"}
    assert client.get(url("ann")).json()["profiling"] is False


@pytest.mark.parametrize("channel", ["Email", "EMAIL", "email ", "\u00a0e\u00admail"])
def test_a_channel_is_one_channel_in_every_spelling(client: TestClient, channel: str) -> None:
    put(client, "ann", marketing("email", granted=True))
    state = put(client, "ann", marketing(channel, granted=False))
    assert state["marketing"] == {"*": False, "email": False}
    assert [consent["channel"] for consent in state["consents"]] == ["email"]
    assert put(client, "ann", marketing("email", granted=True))["marketing"]["email"] is True


CHANGES = [marketing("email", granted=True), marketing("Email", granted=False), marketing("EMAIL ", granted=True)]


@pytest.mark.parametrize("changes", [*permutations(CHANGES)])
@pytest.mark.parametrize("before", [True, False, None])
def test_in_one_request_a_no_wins_over_a_yes_in_another_spelling(
    client: TestClient, changes: tuple[dict[str, Any], ...], before: bool | None
) -> None:
    if before is not None:
        put(client, "ann", marketing("email", granted=before))
    assert put(client, "ann", *changes)["marketing"]["email"] is False


def test_a_no_of_an_earlier_version_is_read_in_canonical_form(shop: Shop, client: TestClient) -> None:
    ledger = shop.worker.consent_gate.ledger
    ledger.record({"ann": [Consent("marketing", "*", granted=True, changed_at=1)]})
    storage = ledger._storage
    stored = json.loads(unseal(storage.stored_records["ann"]))  # type: ignore[attr-defined]
    stored[2] += [["marketing", "EMAIL", False, 2, None], ["marketing", "email", True, 3, None]]
    storage.stored_records["ann"] = json.dumps(stored).encode()  # type: ignore[attr-defined]
    assert client.get(url("ann")).json()["marketing"] == {"*": True, "email": False}


def test_a_channel_without_a_visible_character_is_refused(client: TestClient) -> None:
    response = client.put(url("ann"), json={"consents": [marketing("\u200b ", granted=True)]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "consents[0].channel"


def test_folded_ids_are_one_customer_from_the_next_poll_on(shop: Shop, client: TestClient) -> None:
    assert statuses(client, "ANN") == [("ANN", "unknown_customer")]
    shop.worker.consent_gate.ledger.set_id_case("fold")
    shop.worker.canonical_ids.poll()
    assert statuses(client, "ANN", "Ann ") == [("ANN", "scored"), ("Ann ", "scored")]
    assert client.get(url("ANN", "/predictions")).json()["predictions"][0]["status"] == "scored"
    put(client, "Ann", {"purpose": "profiling", "granted": False})
    assert client.get(url("aNN")).json()["profiling"] is False
    assert statuses(client, "ANN") == [("ANN", "withheld_consent")]
    assert client.delete(url("AnN", "")).json()["known"] is True
    assert client.put(url("ann"), json={"consents": [marketing("email", granted=True)]}).status_code == 409


@pytest.mark.parametrize("spelling", SPELLINGS[1:])
def test_whoever_is_forgotten_in_one_spelling_is_in_all(client: TestClient, spelling: str) -> None:
    put(client, "ann", marketing("email", granted=True))
    report = client.delete(url(spelling, "")).json()
    assert (report["known"], report["removed"]["consents"]) == (True, 1)
    assert {status for _, status in statuses(client, *SPELLINGS)} == {"unknown_customer"}
    assert client.delete(url("ann", "")).json()["known"] is False


def test_forgetting_an_id_that_nobody_has_says_so_and_keeps_it_out(client: TestClient) -> None:
    response = client.delete(url("no-one", ""))
    assert (response.status_code, response.json()["status"], response.json()["known"]) == (200, "erased", False)
    assert client.put(url("no-one"), json={"consents": [marketing("email", granted=True)]}).status_code == 409


def test_one_customer_has_one_pseudonym_in_the_audit_log(client: TestClient, tmp_path: Path) -> None:
    for spelling in SPELLINGS:
        client.delete(url(spelling, ""))
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert len({line["customer"] for line in lines}) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ["%ff", "%fe", "ann%c3", "%ed%a0%80", "%c0%80"])
def test_an_id_that_is_no_utf_8_is_refused(client: TestClient, method: str, path: str) -> None:
    for resource in {"GET": ("/consents", "/predictions"), "PUT": ("/consents",), "DELETE": ("",)}[method]:
        body = {"consents": [marketing("email", granted=True)]} if method == "PUT" else None
        response = client.request(method, f"/v1/customers/{path}{resource}", json=body)
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["field"] == "customer_id"


@pytest.mark.parametrize("path", ["%20", "%E2%80%8B", "%EF%BB%BF%09"])
def test_an_id_without_a_visible_character_is_nobody_and_has_no_consents(client: TestClient, path: str) -> None:
    assert client.get(f"/v1/customers/{path}/consents").status_code == 422
    assert client.delete(f"/v1/customers/{path}").status_code == 422
    (row,) = client.get(f"/v1/customers/{path}/predictions").json()["predictions"]
    assert row["status"] == "unknown_customer"
