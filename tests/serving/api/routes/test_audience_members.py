"""Audience members: pages, streams and formats of the members, each checked against the current consents."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from tests.serving.api.audience_requests import IDS, audit_lines, get_page, post_audience

READ: dict[str, Callable[[bytes], Any]] = {
    "csv": lambda body: arrow_csv.read_csv(io.BytesIO(body)).to_pylist(),
    "ndjson": lambda body: [json.loads(line) for line in body.splitlines()],
    "parquet": lambda body: pq.read_table(io.BytesIO(body)).to_pylist(),
}


def test_a_revocation_acts_on_the_next_audience_and_on_later_pages_of_an_old_one(client: TestClient) -> None:
    audience = post_audience(client, channel="email")
    first = get_page(client, audience, size=10)
    changes = {"consents": [{"purpose": "marketing", "granted": False}]}
    assert client.put("/v1/customers/c020/consents", json=changes).status_code == 200
    assert client.put("/v1/customers/c001/consents", json=changes).status_code == 200
    later = get_page(client, audience, size=100, cursor=first["next"])
    assert later["excluded_by_consent"] is None
    assert "c020" not in {row["customer_id"] for row in later["members"]}
    assert int(later["consent_state"]) > int(first["consent_state"])
    assert post_audience(client, channel="email")["count"] == audience["count"] - 2


def test_deleting_a_customer_takes_them_out_of_audiences_and_scores(client: TestClient, tmp_path: Path) -> None:
    audience = post_audience(client, columns=["ltv_90d_mean"])
    first = get_page(client, audience, size=5)
    report = client.delete("/v1/customers/c001").json()
    assert (report["status"], report["removed"]["audiences"], report["removed"]["scores"]) == ("erased", 1, 1)
    rest = get_page(client, audience, size=100, cursor=first["next"])
    assert [row["customer_id"] for row in rest["members"]] == [
        customer_id for customer_id in IDS[6:] if customer_id != "c004"
    ]
    assert post_audience(client)["count"] == audience["count"] - 1
    contents = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in contents if b"c001" in content]


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_all_formats_say_the_same(client: TestClient, form: str) -> None:
    audience = post_audience(client, columns=["ltv_90d_mean", "value_tier"], holdout={"share": 0.3, "name": "spring"})
    path, query = f"/v1/audiences/{audience['audience_id']}/members", {"format": form, "holdout": "include"}
    response = client.get(path, params=query)
    assert response.headers["x-consent-state"] == audience["consent_state"]
    rows = READ[form](response.content)
    expected = get_page(client, audience, size=1000, holdout="include")["members"]
    assert rows == expected
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
    text = (tmp_path / "audit.jsonl").read_text()
    assert not [customer_id for customer_id in IDS if f'"{customer_id}"' in text]  # a digest may hold one by chance


@pytest.mark.parametrize("cursor", ["AAAA", "é", "x" * 40, "x" * 300])
def test_a_foreign_cursor_is_refused(client: TestClient, cursor: str) -> None:
    audience = post_audience(client)
    response = client.get(f"/v1/audiences/{audience['audience_id']}/members", params={"cursor": cursor})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "cursor"


def test_another_audiences_cursor_is_refused(client: TestClient) -> None:
    cursor = get_page(client, post_audience(client), size=5)["next"]
    other = post_audience(client)
    response = client.get(f"/v1/audiences/{other['audience_id']}/members", params={"cursor": cursor})
    assert response.status_code == 422
    assert "was not given out for this audience" in response.text


def test_to_ask_for_the_head_takes_nobody_out(client: TestClient, tmp_path: Path) -> None:
    path = f"/v1/audiences/{post_audience(client)['audience_id']}/members"
    before = len(audit_lines(tmp_path))
    assert client.head(path, params={"format": "csv"}).status_code == 200
    assert client.head("/v1/audiences/nobody/members").status_code == 404
    assert len(audit_lines(tmp_path)) == before
