"""Audiences as a campaign system asks for them, and as they follow the customers' word while they are taken out."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Defaults
from serving.api.routes.audiences import MembersResponse
from serving.audiences.schema import AudienceResponse
from tests.serving import scored
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

READ: dict[str, Callable[[bytes], Any]] = {
    "csv": lambda body: arrow_csv.read_csv(io.BytesIO(body)).to_pylist(),
    "ndjson": lambda body: [json.loads(line) for line in body.splitlines()],
    "parquet": lambda body: pq.read_table(io.BytesIO(body)).to_pylist(),
}
IDS = [f"c{number:03d}" for number in range(40)]


def denied(channel: str = ALL_CHANNELS, purpose: str = MARKETING, at: int = 10**15) -> Consent:
    return Consent(purpose, channel, granted=False, changed_at=at)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(c001=KnownCustomer()), home=tmp_path)
    ledger = shop.worker.consent_gate.ledger
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c003": [denied("email")], "c004": [denied()]})
    scored.write_scores(tmp_path, ledger, IDS)
    return shop


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def post_audience(client: TestClient, **asked: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    answered = client.post("/v1/audiences", json=asked)
    assert answered.status_code == 200, answered.text
    AudienceResponse.model_validate_json(answered.content)
    found: dict[str, Any] = answered.json()
    return found


def get_page(client: TestClient, audience: dict[str, Any], **query: str | int) -> dict[str, Any]:
    answered = client.get(f"/v1/audiences/{audience['audience_id']}/members", params=query)
    assert answered.status_code == 200, answered.text
    MembersResponse.model_validate_json(answered.content)
    found: dict[str, Any] = answered.json()
    return found


def all_member_ids(client: TestClient, audience: dict[str, Any], size: int = 7) -> list[str]:
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        found = get_page(client, audience, size=size, **cursor)
        ids += [row["customer_id"] for row in found["members"]]
        if found["next"] is None:
            return ids
        cursor = {"cursor": found["next"]}


def audit_lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_nobody_without_consent_is_counted_or_paged(client: TestClient) -> None:
    audience = post_audience(client, channel="email")
    assert (audience["count"], audience["excluded_by_consent"]) == (38, 2)
    assert all_member_ids(client, audience) == [one for one in IDS if one not in {"c003", "c004"}]
    assert post_audience(client, channel="sms")["count"] == 39
    assert post_audience(client)["count"] == 39


def test_an_answer_says_what_to_expect_and_by_which_consents(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client, filter={"column": "value_tier", "equals": "gold"}, horizon_days=30)
    assert audience["expected_conversions"]["mean"] == 0.5 * audience["count"]
    interval = audience["expected_conversions"]["interval"]
    assert interval["p10"] < audience["expected_conversions"]["mean"] < interval["p90"]
    assert audience["consent_state"] == str(shop.worker.consent_gate.ledger.state())
    assert len(audience["sample"]) == 10


def test_a_revocation_acts_on_the_next_audience_and_on_later_pages_of_an_old_one(client: TestClient) -> None:
    audience = post_audience(client, channel="email")
    first = get_page(client, audience, size=10)
    said = {"consents": [{"purpose": "marketing", "granted": False}]}
    assert client.put("/v1/customers/c020/consents", json=said).status_code == 200
    assert client.put("/v1/customers/c001/consents", json=said).status_code == 200
    later = get_page(client, audience, size=100, cursor=first["next"])
    assert later["excluded_by_consent"] == 1
    assert "c020" not in {row["customer_id"] for row in later["members"]}
    assert int(later["consent_state"]) > int(first["consent_state"])
    assert post_audience(client, channel="email")["count"] == audience["count"] - 2


def test_no_consent_to_profiling_is_none_to_anything(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client)
    shop.worker.consent_gate.ledger.record({"c010": [denied(purpose=PROFILING)]})
    assert "c010" not in all_member_ids(client, audience)
    assert "c010" not in all_member_ids(client, post_audience(client))
    assert "c010" not in all_member_ids(client, post_audience(client, purpose="profiling"))


def test_consent_given_since_scoring_counts(client: TestClient) -> None:
    before = post_audience(client, channel="email")
    said = {"consents": [{"purpose": "marketing", "channel": "email", "granted": True}]}
    client.put("/v1/customers/c003/consents", json=said)
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


def test_the_forgotten_are_in_no_audience_although_still_in_the_scores(shop: Shop, client: TestClient) -> None:
    audience = post_audience(client)
    shop.worker.consent_gate.ledger.erase("c011")
    assert "c011" not in all_member_ids(client, audience)
    assert post_audience(client)["count"] == audience["count"] - 1


def test_deleting_a_customer_takes_them_out_of_audiences_and_scores(client: TestClient, tmp_path: Path) -> None:
    audience = post_audience(client, columns=["ltv_90d_mean"])
    first = get_page(client, audience, size=5)
    report = client.delete("/v1/customers/c001").json()
    assert (report["status"], report["removed"]["audiences"], report["removed"]["scores"]) == ("erased", 1, 1)
    rest = get_page(client, audience, size=100, cursor=first["next"])
    assert [row["customer_id"] for row in rest["members"]] == [one for one in IDS[6:] if one != "c004"]
    assert post_audience(client)["count"] == audience["count"] - 1
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in kept if b"c001" in content]


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_all_formats_say_the_same(client: TestClient, form: str) -> None:
    audience = post_audience(client, columns=["ltv_90d_mean", "value_tier"], holdout={"share": 0.3, "name": "spring"})
    answered = client.get(f"/v1/audiences/{audience['audience_id']}/members", params={"format": form})
    assert answered.headers["x-consent-state"] == audience["consent_state"]
    rows = READ[form](answered.content)
    wanted = get_page(client, audience, size=1000)["members"]
    assert rows == wanted
    assert sum(row["holdout"] for row in rows) == audience["holdout_count"]


def test_a_page_of_csv_says_where_the_next_begins(client: TestClient) -> None:
    audience = post_audience(client)
    path = f"/v1/audiences/{audience['audience_id']}/members"
    first = client.get(path, params={"format": "csv", "size": 30})
    second = client.get(
        path, params={"size": 30, "cursor": first.headers["x-next-cursor"]}, headers={"Accept": "text/csv"}
    )
    assert second.headers["content-type"].startswith("text/csv")
    assert "x-next-cursor" not in second.headers
    assert len(first.text.splitlines()) + len(second.text.splitlines()) == audience["count"] + 2


def test_every_export_leaves_a_line_with_what_it_was_made_by(client: TestClient, tmp_path: Path) -> None:
    audience = post_audience(client, channel="email")
    get_page(client, audience, size=30)
    client.get(f"/v1/audiences/{audience['audience_id']}/members", params={"format": "csv"})
    sample, first, second = audit_lines(tmp_path)
    assert (sample["action"], sample["format"], sample["members"], sample["excluded_by_consent"]) == (
        "export",
        "sample",
        10,
        0,
    )
    assert (first["action"], first["format"], first["members"], first["channel"]) == ("export", "json", 30, "email")
    assert (second["format"], second["members"], second["excluded_by_consent"]) == ("csv", 38, 0)
    assert {first["consent_state"], second["consent_state"]} == {audience["consent_state"]}
    assert not [one for one in IDS if one in (tmp_path / "audit.jsonl").read_text()]


def test_what_an_audience_was_made_for_is_told_without_its_members(client: TestClient) -> None:
    audience = post_audience(client, filter={"column": "customer_id", "in": ["c001", "c002"]}, channel="sms")
    about = client.get(f"/v1/audiences/{audience['audience_id']}")
    assert (about.json()["count"], about.json()["channel"]) == (2, "sms")
    assert "c001" not in about.text


@pytest.mark.parametrize(
    ("asked", "field", "told"),
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
def test_what_cannot_be_meant_is_refused(client: TestClient, asked: dict[str, Any], field: str, told: str) -> None:
    answered = client.post("/v1/audiences", json=asked)
    assert answered.status_code == 422, answered.text
    (error,) = answered.json()["errors"]
    assert error["field"] == field
    assert told in error["reason"]


def test_ten_thousand_nested_conditions_are_refused_at_once(client: TestClient) -> None:
    deep = '{"filter": ' + '{"not": ' * 10_000 + '{"column": "a", "is_null": true}' + "}" * 10_001
    answered = client.post("/v1/audiences", content=deep, headers={"Content-Type": "application/json"})
    assert answered.status_code == 422
    assert "levels of nesting; expected at most 20" in answered.text


@pytest.mark.parametrize("cursor", ["AAAA", "é", "x" * 40, "x" * 300])
def test_a_foreign_cursor_is_refused(client: TestClient, cursor: str) -> None:
    audience = post_audience(client)
    answered = client.get(f"/v1/audiences/{audience['audience_id']}/members", params={"cursor": cursor})
    assert answered.status_code == 422
    assert answered.json()["errors"][0]["field"] == "cursor"


def test_another_audiences_cursor_is_refused(client: TestClient) -> None:
    cursor = get_page(client, post_audience(client), size=5)["next"]
    other = post_audience(client)
    answered = client.get(f"/v1/audiences/{other['audience_id']}/members", params={"cursor": cursor})
    assert answered.status_code == 422
    assert "was not given out for this audience" in answered.text


def test_an_audience_may_be_counted_and_not_kept(client: TestClient, tmp_path: Path) -> None:
    audience = post_audience(client, keep=False)
    assert (audience["audience_id"], audience["count"]) == (None, 39)
    assert [path for path in (tmp_path / "audiences").iterdir() if path.is_dir()] == []
    assert audit_lines(tmp_path)[-1]["audience"] == "counted"


def test_to_ask_for_the_head_takes_nobody_out(client: TestClient, tmp_path: Path) -> None:
    path = f"/v1/audiences/{post_audience(client)['audience_id']}/members"
    before = len(audit_lines(tmp_path))
    assert client.head(path, params={"format": "csv"}).status_code == 200
    assert client.head("/v1/audiences/nobody/members").status_code == 404
    assert len(audit_lines(tmp_path)) == before


def test_no_audience_is_not_found(client: TestClient) -> None:
    for path in ("/v1/audiences/nobody", "/v1/audiences/nobody/members", f"/v1/audiences/{'x' * 22}/members"):
        assert client.get(path).status_code == 404
    assert client.get("/v1/audiences/..%2F..%2Fetc/members").status_code == 404


def test_a_body_that_is_no_json_is_told_so(client: TestClient) -> None:
    answered = client.post("/v1/audiences", content=b"{", headers={"Content-Type": "application/json"})
    assert answered.status_code == 400


def test_without_scores_the_remedy_is_told(tmp_path: Path) -> None:
    with Shop.of(FakeRelease(), home=tmp_path).client() as client:
        answered = client.post("/v1/audiences", json={})
    assert answered.status_code == 503
    assert "Run `flywheel score`" in answered.json()["detail"]


def test_nothing_that_identifies_a_customer_is_logged(shop: Shop, client: TestClient) -> None:
    post_audience(client, filter={"column": "customer_id", "equals": "c001"})
    client.post("/v1/audiences", json={"filter": {"column": "customer_id", "above": "c001"}, "limit": "c001"})
    client.get("/v1/audiences/c001/members")
    assert "c001" not in shop.log.getvalue()
