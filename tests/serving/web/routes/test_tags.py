"""Tags of an audience on the page: prepared, downloaded and confirmed without scripts, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.observability.audit_log import AuditLog, AuditWriteFailed
from serving.tags.destinations import record_destinations
from tests.serving.tags.tag_shop import begin, everybody, shop_with_tags
from tests.serving.web.pages import HTML, Element, parse_page


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with shop_with_tags(tmp_path).client() as client:
        client.headers.update(HTML)
        yield client


def page_of(client: TestClient, audience: str, language: str = "en") -> Element:
    response = client.get(f"/app/audiences/{audience}/tags", params={"lang": language})
    assert response.status_code == 200, response.text
    return parse_page(response.text).one("main")


def submit(client: TestClient, audience: str, button: str) -> Element:
    """The page after the form with a button was sent."""
    (form,) = (form for form in page_of(client, audience).all("form") if form.one("button").text == button)
    fields = {field.attributes["name"]: field.attributes["value"] for field in form.all("input")}
    response = client.post(f"/app/audiences/{audience}/tags", data=fields)
    assert response.status_code == 200, response.text
    return parse_page(response.text).one("main")


def test_an_audience_links_to_its_tags(client: TestClient) -> None:
    audience = everybody(client)
    links = parse_page(client.get(f"/app/audiences/{audience}").text).all("a", href=f"/app/audiences/{audience}/tags")
    assert [link.text for link in links] == ["As tags for a CRM, such as WeCom"]


def test_changes_are_prepared_downloaded_and_confirmed(client: TestClient) -> None:
    audience = everybody(client)
    assert "Channel: email" in page_of(client, audience).text
    prepared = submit(client, audience, "Prepare the changes")
    assert "38 people change. 101 tags to add, 0 to remove." in prepared.text
    link = prepared.one("a", download="").attributes["href"]
    lines = client.get(link).text.splitlines()
    assert (lines[0], len(lines)) == ('"customer_id","add","remove","tags"', 39)
    assert "All changes were applied." in submit(client, audience, "All of them are applied").text
    assert client.get(link).text.splitlines() == lines[:1]


def test_the_page_says_that_the_tool_has_tags_of_another_list(client: TestClient) -> None:
    begin(client, everybody(client))
    assert "The tool has tags of another list now." in page_of(client, everybody(client)).text


def test_the_page_is_in_chinese_too(client: TestClient) -> None:
    audience = everybody(client)
    begin(client, audience)
    text = page_of(client, audience, "zh").text
    assert "38 人的标签有变化。 新增 101 个标签" in text
    assert "以标签交付" in text


def test_a_shop_without_tools_is_told_how_to_name_one(tmp_path: Path, client: TestClient) -> None:
    record_destinations(tmp_path, {})
    assert "Add a section [tags.NAME] with its channel" in page_of(client, everybody(client)).text


def test_a_form_without_the_token_changes_nothing(tmp_path: Path, client: TestClient) -> None:
    audience = everybody(client)
    response = client.post(f"/app/audiences/{audience}/tags", data={"destination": "crm"})
    assert response.status_code == 403
    assert not list((tmp_path / "tags").glob("*.parquet"))


def test_a_file_that_cannot_be_audited_is_not_begun(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AuditWriteFailed("Found a full disk.")

    audience = everybody(client)
    begin(client, audience)
    path = f"/app/audiences/{audience}/tags/crm"
    assert client.head(path).status_code == 200
    monkeypatch.setattr(AuditLog, "append", refuse)
    assert client.head(path).status_code == 200
    assert client.get(path).status_code == 503
