"""Audience requests: helpers that create audiences and read their members over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from features.consents.consent import ALL_CHANNELS, MARKETING, Consent, Defaults
from serving.api.routes.audience_members import MembersResponse
from serving.audience_policy import AudiencePolicy
from serving.audiences.schema import AudienceResponse
from tests.serving import scored
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

IDS = [f"c{number:03d}" for number in range(40)]


def scored_shop(home: Path, policy: AudiencePolicy | None = None) -> Shop:
    """A shop of forty scored customers; c003 denies email, and c004 all marketing."""
    shop = Shop.of(FakeRelease(), FakeFeatureReader(c001=KnownCustomer()), home=home, policy=policy)
    ledger = shop.worker.consent_gate.ledger
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c003": [denial("email")], "c004": [denial()]})
    scored.write_scores(home, ledger, IDS)
    return shop


def denial(channel: str = ALL_CHANNELS, purpose: str = MARKETING, at: int = 10**15) -> Consent:
    """A denied consent, for marketing in all channels by default."""
    return Consent(purpose, channel, granted=False, changed_at=at)


def post_audience(client: TestClient, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The response to the creation of an audience."""
    response = client.post("/v1/audiences", json=fields)
    assert response.status_code == 200, response.text
    AudienceResponse.model_validate_json(response.content)
    audience: dict[str, Any] = response.json()
    return audience


def get_page(client: TestClient, audience: dict[str, Any], **query: str | int) -> dict[str, Any]:
    """A page of members as JSON."""
    response = client.get(f"/v1/audiences/{audience['audience_id']}/members", params=query)
    assert response.status_code == 200, response.text
    MembersResponse.model_validate_json(response.content)
    page: dict[str, Any] = response.json()
    return page


def all_member_ids(client: TestClient, audience: dict[str, Any], size: int = 7) -> list[str]:
    """The ids of all members, read page by page."""
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get_page(client, audience, size=size, **cursor)
        ids += [row["customer_id"] for row in page["members"]]
        if page["next"] is None:
            return ids
        cursor = {"cursor": page["next"]}


def audit_lines(home: Path) -> list[dict[str, Any]]:
    """The entries of the audit log of a home."""
    return [json.loads(line) for line in (home / "audit.jsonl").read_text().splitlines()]
