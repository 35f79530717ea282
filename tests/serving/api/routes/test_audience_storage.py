"""Audience storage: stored audiences can be deleted, stay within a quota, and expire by the clock of the machine."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.export import member_file
from serving.audiences.schema import AudienceRequest
from tests.serving.api.audience_requests import post_audience, scored_shop
from tests.serving.fakes import SECRET


def test_an_audience_that_is_done_with_is_deleted(client: TestClient) -> None:
    path = f"/v1/audiences/{post_audience(client)['audience_id']}"
    assert client.delete(path).status_code == 204
    assert (client.get(path).status_code, client.delete(path).status_code) == (404, 404)


def test_a_damaged_audience_is_404_with_the_reason(client: TestClient, tmp_path: Path) -> None:
    damaged, whole = post_audience(client)["audience_id"], post_audience(client)["audience_id"]
    (tmp_path / "audiences" / damaged / "metadata.json").unlink()
    assert post_audience(client)["audience_id"]
    for path in (f"/v1/audiences/{damaged}", f"/v1/audiences/{damaged}/members"):
        response = client.get(path)
        assert (response.status_code, "was deleted. Create it again" in response.json()["detail"]) == (404, True)
    assert client.get(f"/v1/audiences/{whole}/members").status_code == 200


def test_a_damaged_audience_stops_no_erasure(client: TestClient, tmp_path: Path) -> None:
    damaged, whole = post_audience(client), post_audience(client)
    (tmp_path / "audiences" / damaged["audience_id"] / "members.arrow").write_bytes(b"ARROW1")
    report = client.delete("/v1/customers/c001")
    assert (report.status_code, report.json()["removed"]["audiences"]) == (200, 2)
    members = client.get(f"/v1/audiences/{whole['audience_id']}/members").json()["members"]
    assert len(members) == whole["count"] - 1


def test_no_more_audiences_are_stored_than_the_quota_allows(tmp_path: Path) -> None:
    with scored_shop(tmp_path, AudiencePolicy(max_audiences=4)).client() as client:
        first = post_audience(client)["audience_id"]
        post_audience(client)
        refusal = client.post("/v1/audiences", json={})
        assert refusal.status_code == 507
        assert "Found 2 stored audiences of this key; expected at most 2. Delete one" in refusal.json()["detail"]
        assert post_audience(client, keep=False)["count"] == 39
        assert client.delete(f"/v1/audiences/{first}").status_code == 204
        assert post_audience(client)["audience_id"]


def test_a_full_disk_is_507_and_leaves_no_draft(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(member_file, "write_members", fill_disk)
    response = client.post("/v1/audiences", json={})
    assert (response.status_code, response.json()["title"]) == (507, "Insufficient Storage")
    assert "No space left on device" in response.json()["detail"]
    assert [path.name for path in (tmp_path / "audiences").iterdir()] == [".lock"]


def test_audiences_expire_by_the_clock_of_the_machine_and_not_by_a_pinned_one(tmp_path: Path) -> None:
    shop = scored_shop(tmp_path)
    ledger, audit_log = shop.worker.consent_gate.ledger, shop.worker.audit_log
    unpinned = AudienceService(tmp_path, ledger, audit_log, lambda: SECRET, AudiencePolicy())
    with shop.client() as client:  # its clock is pinned
        audience = post_audience(client)
        unpinned.create(AudienceRequest(), ExportContext("cli", time.time_ns() // 1000, "sample"))
        assert client.get(f"/v1/audiences/{audience['audience_id']}").status_code == 200
