"""List of audiences over HTTP: the newest first, with names and exports, and without counts of a few."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from starlette.testclient import TestClient

from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import ExportContext
from serving.audiences.export.audience_list import AudiencesResponse, list_page
from tests.serving.api.audience_requests import get_page, post_audience, scored_shop


def list_of(client: TestClient, **query: str | int) -> AudiencesResponse:
    response = client.get("/v1/audiences", params=query)
    assert response.status_code == 200, response.text
    return AudiencesResponse.model_validate_json(response.content)


def test_the_newest_audience_comes_first_with_its_name_and_its_end(tmp_path: Path) -> None:
    with scored_shop(tmp_path).client() as client:
        assert list_of(client).audiences == []
        post_audience(client, name="win back", channel="email", holdout={"share": 0.2, "name": "autumn"})
        post_audience(client)
        post_audience(client, keep=False, name="only counted")
        newest, oldest = list_of(client).audiences
    assert (newest.name, newest.count, oldest.name, oldest.channel) == (None, 39, "win back", "email")
    assert oldest.holdout is not None
    assert oldest.expires_at - oldest.created_at == timedelta(days=30)


def test_an_export_is_remembered_and_a_look_at_the_list_is_not(tmp_path: Path) -> None:
    with scored_shop(tmp_path).client() as client:
        by_page, by_file, neither = (post_audience(client, name=name) for name in ("page", "file", "neither"))
        get_page(client, by_page)
        assert client.get(f"/v1/audiences/{by_file['audience_id']}/members", params={"format": "csv"}).text
        client.get(f"/v1/audiences/{neither['audience_id']}")
        exported = {audience.name: audience.exported_at is not None for audience in list_of(client).audiences}
    assert exported == {"page": True, "file": True, "neither": False}


def test_pages_reach_every_audience_once_even_when_one_is_deleted_between(tmp_path: Path) -> None:
    with scored_shop(tmp_path).client() as client:
        ids = [post_audience(client)["audience_id"] for _ in range(5)]
        first = list_of(client, size=2)
        assert client.delete(f"/v1/audiences/{first.audiences[-1].audience_id}").status_code == 204
        rest = list_of(client, size=9, cursor=str(first.next))
        refusal = client.get("/v1/audiences", params={"cursor": "yesterday"})
    assert [audience.audience_id for audience in (*first.audiences, *rest.audiences)] == ids[::-1]
    assert rest.next is None
    assert refusal.json()["errors"][0]["reason"].startswith("Found a cursor that no list of audiences gave out")


def test_an_audience_of_a_few_is_listed_without_its_counts(tmp_path: Path) -> None:
    shop = scored_shop(tmp_path, AudiencePolicy(smallest_audience=10))
    with shop.client() as client:
        post_audience(client, limit=9, name="few", holdout={"share": 0.5, "name": "autumn"})
    service = shop.worker.audience_service
    (mail,) = service.stored_page(None, 9, ExportContext("mail", 0, "sample")).audiences
    (admin,) = service.stored_page(None, 9, ExportContext("root", 0, "sample", is_admin=True)).audiences
    assert (mail.name, mail.count, mail.holdout_count, admin.count) == ("few", None, None, 9)


def test_an_expired_and_a_damaged_audience_are_not_listed(tmp_path: Path) -> None:
    shop = scored_shop(tmp_path)
    with shop.client() as client:
        damaged = post_audience(client)["audience_id"]
        created = list_of(client).audiences[0].created_at
        (tmp_path / "audiences" / damaged / "metadata.json").write_text("{")
        assert list_of(client).audiences == []
        post_audience(client)
    folder, days = tmp_path / "audiences", timedelta(days=30)
    assert len(list_page(folder, days, created + timedelta(days=29), None, 9, 0).audiences) == 1
    assert not list_page(folder, days, created + timedelta(days=31), None, 9, 0).audiences
