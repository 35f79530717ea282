"""Audit order: what silences a customer counts even without a line; what lets more be done needs its line first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.consents.ledger import ConsentStatus
from serving.observability.audit_reader import read_audit
from serving.observability.audit_verification import verify_audit
from tests.serving.fakes import SECRET, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

PATH = "/v1/customers/ann/consents"
NO, YES = ({"purpose": "profiling", "granted": granted} for granted in (False, True))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()), home=tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def block_audit(home: Path) -> None:
    (home / "audit.jsonl").mkdir()


def unblock_audit(home: Path) -> None:
    (home / "audit.jsonl").rmdir()


def status_of(shop: Shop) -> ConsentStatus:
    return shop.worker.consent_gate.ledger.statuses(["ann"], TODAY)[0]


def test_a_denial_counts_without_a_line_and_the_line_follows(shop: Shop, client: TestClient, tmp_path: Path) -> None:
    block_audit(tmp_path)
    response = client.put(PATH, json={"consents": [NO]})
    assert (response.status_code, response.json()["profiling"]) == (200, False)
    assert status_of(shop) is ConsentStatus.DENIED
    unblock_audit(tmp_path)
    assert client.get(PATH).status_code == 200
    assert [line["action"] for line in read_audit(tmp_path)] == ["consent_read", "consent"]
    (tmp_path / "secret").write_bytes(SECRET)
    assert verify_audit(tmp_path).faults == []


def test_a_grant_without_a_line_is_not_carried_out(client: TestClient, tmp_path: Path) -> None:
    client.put(PATH, json={"consents": [NO]})
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit.1.jsonl")
    block_audit(tmp_path)
    email_no = {"purpose": "marketing", "channel": "email", "granted": False}
    assert client.put(PATH, json={"consents": [YES, email_no]}).status_code == 503
    unblock_audit(tmp_path)
    state = client.get(PATH).json()
    assert (state["profiling"], state["marketing"]) == (False, {"*": False, "email": False})


def test_an_erasure_counts_without_a_line_and_the_line_follows(shop: Shop, client: TestClient, tmp_path: Path) -> None:
    block_audit(tmp_path)
    assert client.delete("/v1/customers/ann").json()["status"] == "erased"
    assert status_of(shop) is ConsentStatus.ERASED
    unblock_audit(tmp_path)
    shop.worker.audit_counter.flush(TODAY, shop.worker.log)
    (line,) = read_audit(tmp_path)
    assert (line["action"], line["tombstone"]) == ("erasure", shop.worker.consent_gate.ledger.tombstone("ann").hex())


def test_who_reads_consents_leaves_a_line_without_the_id(client: TestClient, shop: Shop, tmp_path: Path) -> None:
    client.get(PATH)
    (line,) = read_audit(tmp_path)
    assert (line["action"], line["customer"]) == ("consent_read", shop.worker.audit_log.pseudonym("ann"))
    assert '"ann"' not in (tmp_path / "audit.jsonl").read_text()
