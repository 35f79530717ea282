"""Audit counter: refused requests and predictions leave one line a minute, however many there are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.observability.audit_counter import INTERVAL_US, AuditCounter
from serving.observability.audit_log import AuditLog
from serving.observability.audit_reader import read_audit
from serving.observability.clock import SystemClock
from serving.observability.json_logs import json_log
from tests.serving.fakes import TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

KEY = "k" * 20


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()), home=tmp_path, keys=[KEY])


def test_refused_requests_leave_one_line_that_names_nobody(shop: Shop, tmp_path: Path) -> None:
    with shop.client() as client:
        for number in range(5):
            assert client.get(f"/v1/customers/ann-{number}/predictions", headers={"X-API-Key": "wrong"}).is_error
    (line,) = read_audit(tmp_path)
    assert (line["action"], line["actor"], line["status"], line["requests"]) == ("refusal", "unknown", 401, 5)
    assert not [word for word in ("wrong", "ann", "testclient") if word in (tmp_path / "audit.jsonl").read_text()]


def test_predictions_leave_one_line_with_their_number(shop: Shop, tmp_path: Path) -> None:
    with shop.client() as client:
        ask(client, "ann", "bob")
        ask(client, "ann")
    (line,) = read_audit(tmp_path)
    assert (line["action"], line["actor"]) == ("prediction", "environment")
    assert (line["requests"], line["customers"]) == (2, 3)


def ask(client: TestClient, *customer_ids: str) -> None:
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids}, headers={"X-API-Key": KEY})
    assert response.status_code == 200, response.text


def test_a_minute_of_refusals_is_one_line_for_each_actor_status_and_route(tmp_path: Path) -> None:
    log, counter = json_log(SystemClock(), io.StringIO()), AuditCounter(AuditLog.open(tmp_path))
    for second in range(180):
        now = TODAY + second * 1_000_000
        for status in (401, 429):
            counter.count_refusal("unknown", now, status, "/v1/predictions")
        counter.flush(now, log)
    lines = [*read_audit(tmp_path)]
    assert [(line["status"], line["requests"]) for line in lines] == [(401, 61), (429, 61)] * 2
    counter.flush(now, log, everything=True)
    assert sum(line["requests"] for line in read_audit(tmp_path)) == 360


def test_what_cannot_be_written_is_counted_until_it_can(tmp_path: Path) -> None:
    stream, home = io.StringIO(), tmp_path / "home"
    log, counter = json_log(SystemClock(), stream), AuditCounter(AuditLog(home / "audit.jsonl", b"s" * 32))
    counter.count_prediction("mail/1", TODAY, 3)
    counter.flush(TODAY + INTERVAL_US, log)
    assert "counts of the audit not written" in stream.getvalue()
    counter.count_prediction("mail/1", TODAY + INTERVAL_US, 4)
    home.mkdir()
    counter.flush(TODAY + INTERVAL_US, log)
    (line,) = read_audit(home)
    assert (line["requests"], line["customers"], line["since"]) == (2, 7, "2026-11-20T23:00:00Z")
