"""Consents: a change applies to the next request, on every worker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from features.consents.consent import MAX_CHANNELS, Consent, Defaults
from features.consents.ledger import ConsentStatus, Ledger
from features.consents.lmdb import LmdbLedgerStorage
from features.errors import StoreUnavailable
from features.online.feature_rows import FeatureRows
from features.storage import write_lock
from serving.privacy import erasure
from serving.schemas.predictions import PredictionsResponse
from tests.serving.fakes import SECRET, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop


class UnreachableFeatureReader(FakeFeatureReader):
    """A feature reader whose store does not answer."""

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        raise StoreUnavailable(f"no answer for {len(customer_ids)} customers")


NO = {"consents": [{"purpose": "profiling", "granted": False}]}
YES = {"consents": [{"purpose": "profiling", "granted": True}]}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), bob=KnownCustomer()), home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def put_consents(client: TestClient, customer_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    response = client.put(f"/v1/customers/{customer_id}/consents", json=changes)
    assert response.status_code == 200, response.text
    payload: dict[str, Any] = response.json()
    return payload


def statuses(client: TestClient, *customer_ids: str) -> list[str]:
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids})
    PredictionsResponse.model_validate_json(response.content)
    return [row["status"] for row in response.json()["predictions"]]


def audit_lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_a_no_to_profiling_withholds_the_next_answer_and_a_yes_brings_it_back(client: TestClient) -> None:
    assert statuses(client, "ann", "bob") == ["scored", "scored"]
    put_consents(client, "ann", NO)
    assert statuses(client, "ann", "bob", "zoe", "ann") == [
        "withheld_consent",
        "scored",
        "unknown_customer",
        "withheld_consent",
    ]
    put_consents(client, "ann", YES)
    assert statuses(client, "ann") == ["scored"]


def test_nothing_is_said_of_a_withheld_customer_but_that(client: TestClient) -> None:
    put_consents(client, "ann", NO)
    response = client.get("/v1/customers/ann/predictions")
    (row,) = response.json()["predictions"]
    of_everybody = {"as_of", "log_until", "prediction_id", "release", "model_versions"}
    assert set(row) == {"customer_id", "status", *of_everybody}
    assert "no-store" in response.headers["cache-control"]


def test_a_kept_copy_is_never_used_without_asking(client: TestClient) -> None:
    cached = client.get("/v1/customers/ann/predictions")
    assert "max-age=0" in cached.headers["cache-control"]
    put_consents(client, "ann", NO)
    repeated = client.get("/v1/customers/ann/predictions", headers={"If-None-Match": cached.headers["etag"]})
    assert repeated.status_code == 200
    assert repeated.json()["predictions"][0]["status"] == "withheld_consent"


def test_the_answers_of_others_stay_what_they_were(client: TestClient) -> None:
    before = client.post("/v1/predictions", json={"customer_ids": ["bob"]}).json()["predictions"]
    put_consents(client, "ann", NO)
    after = client.post("/v1/predictions", json={"customer_ids": ["ann", "bob"]}).json()["predictions"]
    assert after[1:] == before


def test_where_the_default_is_no_only_those_who_said_yes_are_answered(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.set_defaults(Defaults(profiling=False))
    assert statuses(client, "ann", "zoe") == ["withheld_consent", "unknown_customer"]
    put_consents(client, "ann", YES)
    assert statuses(client, "ann") == ["scored"]


def test_nobody_is_called_unknown_while_features_cannot_be_read(tmp_path: Path) -> None:
    shop = Shop.of(FakeRelease(), UnreachableFeatureReader(ann=KnownCustomer()), home=tmp_path)
    shop.worker.consent_gate.ledger.set_defaults(Defaults(profiling=False))
    with shop.client() as client:
        put_consents(client, "bob", NO)
        assert statuses(client, "ann", "bob", "zoe") == [
            "features_unavailable",
            "withheld_consent",
            "features_unavailable",
        ]


def test_a_consent_does_not_wait_behind_erasures_that_wait_for_the_home(
    shop: Shop, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "LOCK_TIMEOUT_SECONDS", 0.2)
    with write_lock.hold_write_lock(tmp_path, "train", lambda _: None, 1.0), ThreadPoolExecutor(40) as callers:
        erasures = [callers.submit(client.delete, f"/v1/customers/c{number}") for number in range(40)]
        while not any(is_erased(shop, f"c{number}") for number in range(40)):
            wait(erasures, timeout=0.01)
        put_consents(client, "ann", NO)
        assert sum(call.done() for call in erasures) < len(erasures) / 2
        assert {call.result().status_code for call in erasures} == {202}


def is_erased(shop: Shop, customer_id: str) -> bool:
    return shop.worker.consent_gate.ledger.statuses([customer_id], TODAY) == [ConsentStatus.ERASED]


def test_the_forgotten_are_unknown(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.erase("ann")
    assert statuses(client, "ann") == ["unknown_customer"]
    response = client.put("/v1/customers/ann/consents", json=YES)
    assert response.status_code == 409
    assert "This customer was erased" in response.json()["detail"]


def test_of_the_forgotten_nothing_may_be_said_and_nothing_sent_to_them(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.set_defaults(Defaults(profiling=True, marketing=True))
    shop.worker.consent_gate.ledger.erase("ann")
    state = client.get("/v1/customers/ann/consents").json()
    assert (state["consents"], state["profiling"], state["marketing"]) == ([], False, {"*": False})


def test_saying_it_again_changes_nothing_and_leaves_no_line(client: TestClient, tmp_path: Path) -> None:
    first = put_consents(client, "ann", NO)
    assert put_consents(client, "ann", NO) == first
    assert len(audit_lines(tmp_path)) == 1


def test_every_change_leaves_a_line_without_the_customers_id(client: TestClient, tmp_path: Path) -> None:
    put_consents(client, "ann", NO)
    put_consents(client, "ann", {"consents": [{"purpose": "marketing", "channel": "sms", "granted": True}]})
    first, second = audit_lines(tmp_path)
    dates = {"changed_at": "2026-11-21T09:30:00Z", "until": None}
    assert first["consents"] == [{"purpose": "profiling", "channel": "*", "granted": False, **dates}]
    assert second["consents"] == [{"purpose": "marketing", "channel": "sms", "granted": True, **dates}]
    assert (first["actor"], first["customer"]) == (second["actor"], second["customer"])
    assert '"ann"' not in (tmp_path / "audit.jsonl").read_text()


def test_an_older_word_does_not_undo_a_newer_one(client: TestClient) -> None:
    put_consents(client, "ann", NO)
    state = put_consents(
        client, "ann", {"consents": [{"purpose": "profiling", "granted": True, "changed_at": "2020-01-01"}]}
    )
    assert state["profiling"] is False


def test_a_word_without_a_date_is_the_last_one(shop: Shop, client: TestClient) -> None:
    later = Consent("profiling", "*", granted=True, changed_at=TODAY + 10**13)
    shop.worker.consent_gate.ledger.record({"ann": [later]})
    assert put_consents(client, "ann", NO)["profiling"] is False


@pytest.mark.parametrize(("before", "last"), [(NO, False), (YES, True)])
def test_of_several_words_in_one_call_the_last_stands(client: TestClient, before: dict[str, Any], last: bool) -> None:
    put_consents(client, "ann", before)
    changes = [{"purpose": "profiling", "granted": granted} for granted in (not last, last)]
    assert put_consents(client, "ann", {"consents": changes})["profiling"] is last


def test_what_is_on_record_is_told(client: TestClient) -> None:
    changes = [
        {"purpose": "marketing", "channel": "email", "granted": True, "changed_at": "2026-01-01", "until": "2027-01-01"}
    ]
    put_consents(client, "ann", {"consents": changes})
    state = client.get("/v1/customers/ann/consents").json()
    assert state["marketing"] == {"*": False, "email": True}
    assert state["consents"] == [
        {
            "purpose": "marketing",
            "channel": "email",
            "granted": True,
            "changed_at": "2025-12-31T23:00:00Z",
            "until": "2026-12-31T23:00:00Z",
        }
    ]


@pytest.mark.parametrize(
    ("payload", "field", "reason"),
    [
        ({"consents": []}, "consents", "at least 1 values"),
        ({"consents": [{"purpose": "ads", "granted": True}]}, "consents[0].purpose", "'profiling' or 'marketing'"),
        ({"consents": [{"purpose": "marketing", "granted": 1}]}, "consents[0].granted", "expected true or false"),
        ({"consents": [{"purpose": "profiling", "channel": "sms", "granted": True}]}, "consents[0]", "expected none"),
        ({"consents": [{"purpose": "marketing", "granted": True, "by": "phone"}]}, "consents[0].by", "or until"),
        (
            {"consents": [{"purpose": "marketing", "granted": True, "changed_at": "2030-01-01"}]},
            "consents[0].changed_at",
            "expected an instant that has passed",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, payload: dict[str, Any], field: str, reason: str) -> None:
    response = client.put("/v1/customers/ann/consents", json=payload)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert reason in error["reason"]


@pytest.mark.parametrize("length", [257, 20_000])
def test_ids_of_any_length_are_answered_and_silenced_and_forgotten(tmp_path: Path, length: int) -> None:
    long_id = "客" + "x" * (length - 1)
    ledger = Ledger(LmdbLedgerStorage.open(tmp_path / "consents"), lambda: SECRET)
    shop = Shop.of(FakeRelease(), FakeFeatureReader(**{long_id: KnownCustomer()}), home=tmp_path, ledger=ledger)
    with shop.client() as client:
        assert statuses(client, long_id, long_id[:-1]) == ["scored", "unknown_customer"]
        put_consents(client, long_id, NO)
        assert statuses(client, long_id) == ["withheld_consent"]
        assert client.get(f"/v1/customers/{long_id}/consents").json()["profiling"] is False
        assert (
            client.get(f"/v1/customers/{long_id}/predictions").json()["predictions"][0]["status"] == "withheld_consent"
        )
        assert client.delete(f"/v1/customers/{long_id}").json()["known"] is True
        assert statuses(client, long_id) == ["unknown_customer"]


def test_a_grant_for_one_channel_too_many_is_refused_and_a_denial_is_not(client: TestClient) -> None:
    words = [
        {"purpose": "marketing", "channel": f"campaign-{number}", "granted": True} for number in range(MAX_CHANNELS)
    ]
    put_consents(client, "ann", {"consents": words})
    further = {"purpose": "marketing", "channel": "one-more"}
    response = client.put("/v1/customers/ann/consents", json={"consents": [further | {"granted": True}]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["reason"].startswith("Found 51 channels with consents of their own")
    state = put_consents(client, "ann", {"consents": [further | {"granted": False}]})["marketing"]
    assert state["one-more"] is False
    assert len(state) == MAX_CHANNELS + 1


class TickingClock:
    """A clock that goes on by one second whenever it is read."""

    def __init__(self) -> None:
        self._seconds = count(1)

    def now(self, zone: ZoneInfo) -> int:  # noqa: ARG002 - microseconds since 1970 UTC in any zone
        return TODAY + 1_000_000 * next(self._seconds)


@pytest.mark.parametrize("channel", [None, "email"])
def test_a_general_no_said_again_counts_against_what_was_granted_since(shop: Shop, channel: str | None) -> None:
    shop.worker = replace(shop.worker, machine_clock=TickingClock())
    word = {"purpose": "marketing", "channel": channel}
    no, yes = ({"consents": [word | {"granted": granted}]} for granted in (False, True))
    general_no = {"consents": [{"purpose": "marketing", "granted": False}]}
    with shop.client() as client:
        for change in (general_no, yes, general_no, no, general_no, yes, yes):
            state = put_consents(client, "ann", change)["marketing"]
            assert state.get(channel or "*", False) is (change is yes)
