"""Section Audiences: conditions in the address, the count under them, the frozen list and its files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.audience_policy import AudiencePolicy
from serving.audiences.distribution_schema import ColumnValue
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.web.views.audience_answer import from_high_to_low
from tests.serving import scored
from tests.serving.api.audience_requests import audit_lines, scored_shop
from tests.serving.fakes import Shop
from tests.serving.web.page_parts import PageParts

BUILDER = "/app/audiences/new"
UPDATE = {"HX-Request": "true"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return scored_shop(tmp_path)


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


@pytest.fixture
def client_with(shop: Shop) -> Callable[[KeyScope], TestClient]:
    """A client whose key has one scope."""
    store = KeyStore.for_home(shop.worker.home)
    keys = {scope: store.create(scope.value, [scope], datetime(2026, 11, 16, tzinfo=UTC))[0] for scope in KeyScope}
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    return lambda scope: TestClient(create_app(lambda: worker), headers={"X-API-Key": keys[scope]})


def open_page(client: TestClient, path: str, status: int = 200, language: str = "en") -> PageParts:
    response = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == status, response.text
    return PageParts(response.text)


def count_text(page: PageParts) -> str:
    """The live count of the builder."""
    return next(part.text for part in page.parts if part.attributes.get("aria-live") == "polite")


def freeze(client: TestClient, query: str) -> str:
    """Store the audience of a query through the form of the builder; return the address of its page."""
    page = open_page(client, f"{BUILDER}?{query}")
    fields = {str(field["name"]): str(field["value"]) for field in page.fields if field.get("type") == "hidden"}
    response = client.post("/app/audiences", data=fields, follow_redirects=False)
    assert response.status_code == 303, response.text
    return response.headers["location"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("in:value_tier=gold", "19 people to reach"),
        ("in:value_tier=gold&min:churn_probability=0.5", "10 people to reach"),
        ("min:churn_probability=0&max:churn_probability=1&min:ltv_90d_mean=0", "39 people to reach"),
        ("in:value_tier=gold&channel=email", "19 people to reach"),
        ("limit=5", "5 people to reach"),
        ("in:segments=weekend&limit=1", "1 person to reach"),
    ],
)
def test_the_address_holds_the_conditions(client: TestClient, query: str, count: str) -> None:
    page = open_page(client, f"{BUILDER}?{query}")
    assert count_text(page) == count


def test_the_builder_says_whom_it_reaches_in_chinese(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?in:value_tier=gold&holdout=20&holdout_name=autumn", language="zh")
    assert page.language == "zh"
    assert count_text(page).startswith("可触达 1")
    assert "其中" in page.main
    assert "流失概率" in page.texts("legend")
    assert "按预期价值划分的价值等级。" in page.texts("legend")


def test_an_update_is_only_what_changed(client: TestClient) -> None:
    page = client.get(f"{BUILDER}?min:churn_probability=0.5", headers=UPDATE)
    parts = PageParts(page.text)
    replaced = {part.attributes["id"] for part in parts.parts if "hx-swap-oob" in part.attributes}
    assert replaced == {"count", "histogram-churn_probability", "histogram-ltv_90d_mean"}
    assert "<html" not in page.text
    assert "20 people to reach" in parts.texts("span")
    back = client.get(BUILDER, headers={**UPDATE, "HX-History-Restore-Request": "true"})
    assert "<html" in back.text


def test_histograms_show_which_bars_are_chosen(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?min:churn_probability=0.9")
    rows = [part.text for part in page.parts if part.role == "row" and part.text.startswith(("85%", "90%"))]
    assert [(row.split()[0], *row.split()[-2:]) for row in rows] == [("85%", "0", "2"), ("90%", "2", "0")]


def test_nobody_means_a_list_of_what_removes_whom(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?in:value_tier=gold&min:ltv_90d_mean=1000")
    assert count_text(page) == "Nobody"
    steps = [text for text in page.texts("item") if "people" in text]
    assert steps == [
        "All who may be approached: 39 people",
        "then value tier: 19 people",
        "then ltv_90d_mean: 0 people",
    ]


def test_a_value_that_does_not_exist_is_named_with_those_that_do(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?in:value_tier=platinum")
    assert "No customer has value tier platinum; there are silver, gold." in page.main


def test_a_channel_that_nobody_agreed_to_cannot_be_chosen(tmp_path: Path) -> None:
    shop = scored_shop(tmp_path, AudiencePolicy(smallest_audience=39))
    store = KeyStore.for_home(tmp_path)
    key, _ = store.create("mail", [KeyScope.AUDIENCE], datetime(2026, 11, 16, tzinfo=UTC))
    worker = replace(shop.worker, api_keys=ApiKeys((), KeyReloader(store, shop.worker.log)))
    with TestClient(create_app(lambda: worker), headers={"X-API-Key": key}) as client:
        page = open_page(client, BUILDER)
    (email,) = [part for part in page.parts if part.role == "option" and part.attributes.get("value") == "email"]
    assert "disabled" in email.attributes
    assert email.text == "email (nobody agrees: record consents first)"


def test_a_column_is_added_with_its_values_and_a_flag_at_once(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?add=value_tier")
    boxes = {field["value"] for field in page.fields if field.get("name") == "in:value_tier"}
    assert boxes == {"gold", "silver"}
    assert [part.attributes["value"] for part in page.parts if part.role == "option"].count("segments") == 1
    assert count_text(page) == "39 people to reach"


def test_a_word_that_is_no_column_leads_to_the_columns_that_have_it(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?add=TIER&limit=30")
    assert "Conditions with “TIER”, choose one:" in page.main
    links = [str(part.attributes["href"]) for part in page.parts if "add=value" in str(part.attributes.get("href"))]
    assert links == [f"{BUILDER}?limit=30&add=value_tier"]
    assert "No condition has “nothing”." in open_page(client, f"{BUILDER}?add=nothing").main


def test_what_is_not_as_expected_is_said_beside_the_form(client: TestClient) -> None:
    page = open_page(client, f"{BUILDER}?limit=many", status=422)
    assert 'limit : Found "many"; expected a whole number.' in page.main
    assert count_text(page) == "This cannot be counted."


def test_a_frozen_audience_has_a_file_without_the_held_out_and_one_of_them(client: TestClient, shop: Shop) -> None:
    address = freeze(client, "in:value_tier=gold&holdout=30&holdout_name=autumn&name=gold+in+autumn")
    page = open_page(client, address)
    assert page.texts("heading")[0] == "gold in autumn"
    links = {part.text: str(part.attributes["href"]) for part in page.parts if "download" in part.attributes}
    exported, held_out = (
        client.get(links[name])
        for name in ("CSV for the campaign tool, without those held out", "CSV of those held out")
    )
    ids = [{line.split(",")[0] for line in answer.text.splitlines()[1:]} for answer in (exported, held_out)]
    assert len(ids[0]) + len(ids[1]) == 19
    assert not ids[0] & ids[1]
    assert ids[1]
    assert exported.headers["content-disposition"].endswith('.csv"')
    formats = [line["format"] for line in audit_lines(shop.worker.home) if line["format"] != "sample"]
    assert formats == ["csv", "csv"]  # the page itself reads no member


def test_members_are_shown_on_request_and_audited(client: TestClient, shop: Shop) -> None:
    address = urlsplit(freeze(client, "in:value_tier=gold")).path
    assert "c000" not in open_page(client, address).main
    assert "c000" in open_page(client, f"{address}?members=1").main
    chinese = open_page(client, f"{address}?members=1", language="zh")
    assert {"流失概率", "价值等级"} <= {*chinese.texts("row")[0].split()}
    assert "价值等级 属于 gold" in chinese.texts("item")
    assert audit_lines(shop.worker.home)[-1]["format"] == "page"


def test_an_expired_audience_is_counted_anew_from_its_link(client: TestClient, shop: Shop) -> None:
    address = freeze(client, "in:value_tier=gold&holdout=10")
    shutil.rmtree(shop.worker.home / "audiences")
    page = open_page(client, address, status=404)
    assert "Shall it be counted anew from the same conditions?" in page.main
    again = next(str(part.attributes["href"]) for part in page.parts if part.role == "button")
    assert "people to reach" in count_text(open_page(client, again))


def test_the_list_has_segments_to_start_from_and_what_was_stored(client: TestClient) -> None:
    empty = open_page(client, "/app/audiences")
    assert "No audience is stored yet." in empty.main
    start = next(str(part.attributes["href"]) for part in empty.parts if part.role == "button" and "Build" in part.text)
    assert count_text(open_page(client, start)).endswith("people to reach")
    freeze(client, "in:value_tier=gold&name=golden")
    rows = open_page(client, "/app/audiences").texts("row")
    assert rows[1].startswith("golden 19 nobody any channel")
    assert "not yet" in rows[1]


def test_bands_go_from_high_to_low_and_other_values_stay_in_their_order() -> None:
    for values, sorted_values in (
        (["low", "high", "medium"], ["high", "medium", "low"]),
        (["silver", "gold"], ["silver", "gold"]),
    ):
        parts = [ColumnValue(value=value, count=10) for value in values]
        assert [part.value for part in from_high_to_low(parts)] == sorted_values


def test_a_form_without_its_token_stores_nothing(client: TestClient) -> None:
    assert client.post("/app/audiences", data={"query": "in:value_tier=gold"}).status_code == 403
    assert "No audience is stored yet." in open_page(client, "/app/audiences").main


def test_a_key_without_the_scope_is_told_which_one_it_lacks(client_with: Callable[[KeyScope], TestClient]) -> None:
    with client_with(KeyScope.PREDICT) as client:
        page = open_page(client, "/app/audiences", status=403)
    assert "expected one with audience" in page.main


def test_an_audience_too_small_for_the_key_is_neither_told_nor_stored(
    client_with: Callable[[KeyScope], TestClient],
) -> None:
    with client_with(KeyScope.AUDIENCE) as client:
        page = open_page(client, f"{BUILDER}?limit=9")
    assert count_text(page) == "Fewer than 10 people: your key may not see so few."
    assert "Freeze and export" not in page.texts("button")


@pytest.mark.parametrize(
    "query",
    ["limit=" + "9" * 25, "limit=" + "9" * 5_000, "holdout=" + "9" * 400]
    + [f"{bound}:ltv_90d_mean={number}" for bound in ("min", "max") for number in ("inf", "nan", "1e308", "-1e308")],
)
def test_a_number_of_any_size_is_counted_or_refused(client: TestClient, query: str) -> None:
    for headers in ({}, UPDATE):
        response = client.get(f"{BUILDER}?{query}", headers={"Accept": "text/html", **headers})
        assert response.status_code in (200, 422), response.text


def test_members_lead_to_their_own_pages_whatever_their_ids(client: TestClient, shop: Shop) -> None:
    ids = ["a/../b", "a?b#c", "a%2Fb", "a b", "<b>&"]
    scored.write_scores(shop.worker.home, shop.worker.consent_gate.ledger, ids)
    audience = f"/app/audiences/{client.post('/v1/audiences', json={}).json()['audience_id']}"
    wanted = [f"/app/customers/{quote(customer_id, safe='')}" for customer_id in sorted(ids)]
    for path in (f"{audience}?members=1", BUILDER):
        links = [part.attributes.get("href") or "" for part in open_page(client, path).parts]
        assert [link for link in links if link.startswith("/app/customers/")] == wanted


def test_asking_for_the_headers_of_a_file_exports_nobody(client: TestClient, shop: Shop) -> None:
    audience = client.post("/v1/audiences", json={}).json()["audience_id"]
    before = len(audit_lines(shop.worker.home))
    response = client.head(f"/app/audiences/{audience}/members")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert len(audit_lines(shop.worker.home)) == before
    assert client.get("/v1/audiences").json()["audiences"][0]["exported_at"] is None
