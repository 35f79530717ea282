"""Shop with destinations of tags: forty scored customers, and a tool that applies the changes it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from features.config.tags import TagsConfig
from serving.tags.destinations import record_destinations
from tests.serving import scored
from tests.serving.api.audience_requests import IDS, scored_shop
from tests.serving.fakes import Shop

GROUPS = ("churn", "value_tier", "segments")


def shop_with_tags(home: Path, **destination: Any) -> Shop:  # noqa: ANN401 - any field of the section
    """A shop of forty customers with the destination ``crm``; c003 denies email, and c004 all marketing."""
    shop = scored_shop(home)
    fields = {"channel": "email", "groups": GROUPS, **destination}
    record_destinations(home, {"crm": TagsConfig.model_validate(fields)})
    return shop


def write_scores_again(home: Path, shop: Shop, *ids: str, **overrides: dict[str, Any]) -> None:
    """Write the scores again, for some of the customers and with other values."""
    scored.write_scores(home, shop.worker.consent_gate.ledger, ids or IDS, **overrides)


def everybody(client: TestClient) -> str:
    """The id of an audience of all who may be reached by email."""
    audience: str = client.post("/v1/audiences", json={"channel": "email"}).json()["audience_id"]
    return audience


def begin(client: TestClient, audience_id: str) -> dict[str, Any]:
    """Begin an export to the tool."""
    response = client.post(f"/v1/audiences/{audience_id}/tag-changes", json={"destination": "crm"})
    assert response.status_code == 200, response.text
    summary: dict[str, Any] = response.json()
    return summary


def changes(client: TestClient, audience_id: str, size: int = 7) -> dict[str, dict[str, Any]]:
    """All changes of the newest export by customer, read page by page."""
    found: dict[str, dict[str, Any]] = {}
    cursor: dict[str, str] = {}
    while True:
        query: dict[str, str | int] = {"destination": "crm", "size": size, **cursor}
        response = client.get(f"/v1/audiences/{audience_id}/tag-changes", params=query)
        assert response.status_code == 200, response.text
        found |= {change["customer_id"]: change for change in response.json()["changes"]}
        if response.json()["next"] is None:
            return found
        cursor = {"cursor": response.json()["next"]}


def confirm(client: TestClient, audience_id: str, export_id: str) -> int:
    """Confirm an export; the status of the answer."""
    return client.post(f"/v1/audiences/{audience_id}/tag-changes/{export_id}/confirm").status_code
