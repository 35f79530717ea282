"""Audience routes: an audience has exactly the customers whose consent allows it, and invalid requests are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from features.consents.consent import MARKETING, PROFILING, Consent, Defaults
from tests.serving import scored
from tests.serving.api.audience_requests import IDS, all_member_ids, audit_lines, denial, post_audience
from tests.serving.fakes import FakeRelease, Shop


def test_nobody_without_consent_is_counted_or_paged(client: TestClient) -> None:
    audience = post_audience(client, channel="email")
    assert (audience["count"], audience["excluded_by_consent"]) == (38, None)
    assert all_member_ids(client, audience) == [
        customer_id for customer_id in IDS if customer_id not in {"c003", "c004"}
    ]
    assert post_audience(client, channel="sms")["count"] == 39
    assert post_audience(client)["count"] == 39


def test_an_answer_says_what_to_expect_and_by_which_consents(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client, filter={"column": "value_tier", "equals": "gold"}, horizon_days=30)
    assert audience["expected_conversions"]["mean"] == 0.5 * audience["count"]
    interval = audience["expected_conversions"]["interval"]
    assert interval["p10"] < audience["expected_conversions"]["mean"] < interval["p90"]
    assert audience["consent_state"] == str(shop.worker.consent_gate.ledger.state())
    assert len(audience["sample"]) == 10


def test_no_consent_to_profiling_is_none_to_anything(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client)
    shop.worker.consent_gate.ledger.record({"c010": [denial(purpose=PROFILING)]})
    assert "c010" not in all_member_ids(client, audience)
    assert "c010" not in all_member_ids(client, post_audience(client))
    assert "c010" not in all_member_ids(client, post_audience(client, purpose="profiling"))


def test_consent_given_since_scoring_counts(client: TestClient) -> None:
    before = post_audience(client, channel="email")
    changes = {"consents": [{"purpose": "marketing", "channel": "email", "granted": True}]}
    client.put("/v1/customers/c003/consents", json=changes)
    assert post_audience(client, channel="email")["count"] == before["count"] + 1


def test_a_consent_that_runs_out_counts_no_more(tmp_path: Path) -> None:
    shop = Shop.of(FakeRelease(), home=tmp_path)
    ledger = shop.worker.consent_gate.ledger
    # At the end of 2026-11-20, before the service's clock.
    ended = Consent(MARKETING, "email", granted=True, changed_at=1, until=1_795_212_000_000_000)
    ledger.record({"c001": [ended], "c002": [Consent(MARKETING, "email", granted=True, changed_at=1)]})
    scored.write_scores(tmp_path, ledger, IDS)
    with shop.client() as client:
        assert all_member_ids(client, post_audience(client, channel="email")) == ["c002"]


def test_a_default_that_changed_since_scoring_counts(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.set_defaults(Defaults(marketing=False))
    assert post_audience(client, channel="email")["count"] == 0


def test_erased_customers_are_in_no_audience_although_still_in_the_scores(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client)
    shop.worker.consent_gate.ledger.erase("c011")
    assert "c011" not in all_member_ids(client, audience)
    assert post_audience(client)["count"] == audience["count"] - 1


def test_what_an_audience_was_made_for_is_told_without_its_members(client: TestClient) -> None:
    audience = post_audience(client, filter={"column": "customer_id", "in": ["c001", "c002"]}, channel="sms")
    metadata = client.get(f"/v1/audiences/{audience['audience_id']}")
    assert (metadata.json()["count"], metadata.json()["channel"]) == (2, "sms")
    assert "c001" not in metadata.text


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"purpose": "fun"}, "purpose", "expected profiling or marketing"),
        ({"filter": {"column": "churn_probabilty", "at_least": 1}}, "filter.column", "Did you mean churn_probability?"),
        ({"filter": {"column": "value_tier", "at_least": 1}}, "filter", "expected"),
        ({"limit": 10**9}, "limit", "expected 10,000,000 or less"),
        ({"who": 1}, "who", "Found an unknown field"),
        ({"holdout": {"share": 0.9, "name": "x"}}, "holdout.share", "expected 0.5 or less"),
        ({"horizon_days": 12}, "horizon_days", "expected one of the table's horizons"),
    ],
)
def test_what_cannot_be_meant_is_refused(client: TestClient, body: dict[str, Any], field: str, reason: str) -> None:
    response = client.post("/v1/audiences", json=body)
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert reason in error["reason"]


def test_ten_thousand_nested_conditions_are_refused_at_once(client: TestClient) -> None:
    body = '{"filter": ' + '{"not": ' * 10_000 + '{"column": "a", "is_null": true}' + "}" * 10_001
    response = client.post("/v1/audiences", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert "levels of nesting; expected at most 20" in response.text


def test_an_audience_may_be_counted_and_not_kept(client: TestClient, tmp_path: Path) -> None:
    audience = post_audience(client, keep=False)
    assert (audience["audience_id"], audience["count"]) == (None, 39)
    assert [path for path in (tmp_path / "audiences").glob("*") if path.is_dir()] == []
    assert audit_lines(tmp_path)[-1]["audience"] == "counted"


def test_no_audience_is_not_found(client: TestClient) -> None:
    for path in ("/v1/audiences/nobody", "/v1/audiences/nobody/members", f"/v1/audiences/{'x' * 22}/members"):
        assert client.get(path).status_code == 404
    assert client.get("/v1/audiences/..%2F..%2Fetc/members").status_code == 404


def test_a_body_that_is_no_json_is_told_so(client: TestClient) -> None:
    response = client.post("/v1/audiences", content=b"{", headers={"Content-Type": "application/json"})
    assert response.status_code == 400


def test_without_scores_the_remedy_is_told(tmp_path: Path) -> None:
    with Shop.of(FakeRelease(), home=tmp_path).client() as client:
        response = client.post("/v1/audiences", json={})
    assert response.status_code == 503
    assert "Run `flywheel score`" in response.json()["detail"]


def test_nothing_that_identifies_a_customer_is_logged(shop: Shop, client: TestClient) -> None:
    post_audience(client, filter={"column": "customer_id", "equals": "c001"})
    client.post("/v1/audiences", json={"filter": {"column": "customer_id", "above": "c001"}, "limit": "c001"})
    client.get("/v1/audiences/c001/members")
    assert "c001" not in shop.log.getvalue()
