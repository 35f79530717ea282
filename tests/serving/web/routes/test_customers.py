"""Customer page: every status in words, figures with their ranges, consents and forgetting behind their scopes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.consents.consent import PROFILING
from features.errors import StoreUnavailable
from features.online.feature_rows import FeatureRows
from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.serving import assortment
from tests.serving.api.audience_requests import audit_lines, denial
from tests.serving.customers.histories import write_history
from tests.serving.fakes import DAY, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop
from tests.serving.web.page_parts import PageParts


class ShutFeatureReader(FakeFeatureReader):
    """A feature reader whose store does not answer."""

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        raise StoreUnavailable(f"no answer for {len(customer_ids)} customers")


RELEASE = assortment.release((("tea", 12), ("wine", 20)), rate=0.02)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    write_history(tmp_path)
    return Shop.of(RELEASE, FakeFeatureReader(ann=KnownCustomer()), home=tmp_path)


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


def open_page(client: TestClient, path: str = "/app/customers/ann", status: int = 200) -> PageParts:
    response = client.get(path)
    assert (response.status_code, response.headers["cache-control"]) == (status, "no-store")
    return PageParts(response.text)


def submit(client: TestClient, path: str, **fields: str) -> PageParts:
    """Send a form with the token that the page of the customer has."""
    match = re.search(r'name="form_token" value="([^"]+)"', client.get("/app/customers/ann").text)
    assert match is not None
    response = client.post(path, data={"form_token": match[1], **fields})
    return PageParts(response.text)


def test_an_exact_id_leads_to_its_customer_in_any_spelling(client: TestClient) -> None:
    page = open_page(client, "/app/customers")
    assert [(each["name"], each.get("list")) for each in page.fields] == [("id", None)]
    response = client.get("/app/customers", params={"id": "a/n n"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/app/customers/a%2Fn%20n")
    assert "007 is not 7" in open_page(client, "/app/customers?id=+").main


def test_a_customer_has_risk_next_order_and_worth_with_their_ranges(client: TestClient) -> None:
    page = open_page(client)
    assert page.language == "en"
    assert page.texts("heading")[:5] == [
        "Customer ann",
        "At a glance",
        "Will they leave?",
        "Next order",
        "Worth in 90 days",
    ]
    for sentence in ("17% · low", "More at risk than 17 in 100 customers", "18 Dec 2026", "Remind on 3 Dec 2026",
                     "8 in 10: 26 Nov 2026 to 16 Mar 2027", "8 in 10: €9.00 to €180", "So far €1,204"):  # fmt: skip
        assert sentence in page.main


def test_the_page_is_in_chinese_where_asked_for(client: TestClient) -> None:
    page = open_page(client, "/app/customers/ann?lang=zh")
    assert page.language == "zh"
    for sentence in ("流失风险", "17% · 低", "2026年12月18日", "距上次下单 21.0 天", "最常购买", "已授权"):
        assert sentence in page.main
    assert not re.search(r"\b(low|raises|later|average|marketing)\b", page.main)


def test_the_reasons_say_their_direction_in_words(client: TestClient) -> None:
    assert "↑ raises Last order 21.0 days ago" in open_page(client).texts("item")


def test_the_curve_begins_today_and_has_a_number_for_each_day_of_a_month(client: TestClient) -> None:
    page = open_page(client)
    rows = page.texts("row")
    first = rows.index("Days from today Has ordered") + 1
    assert (rows[first], rows[first + 7], rows[first + 30]) == ("0 0%", "7 13%", "30 45%")
    assert rows[first + 31 : first + 43] == [row for row in rows if re.fullmatch(r"[3-9][05] \d+%", row)][-12:]
    assert rows[first + 42] == "90 83%"
    assert any(caption.endswith("45% within 30 days.") for caption in page.texts("caption"))


def test_the_timeline_has_the_months_with_spend_and_orders(client: TestClient) -> None:
    rows = open_page(client).texts("row")
    assert {"Jul 2026 €15", "Jul 2026 1", "Aug 2026 0", "Nov 2026 €30"} <= {*rows}


def test_a_history_on_another_machine_leaves_the_timeline_out(shop: Shop, client: TestClient) -> None:
    (shop.worker.home / "history" / "orders.parquet").unlink()
    assert "Past orders cannot be shown: the history is on another machine." in open_page(client).main


def test_who_left_long_ago_is_told_so_instead_of_a_percentage(tmp_path: Path) -> None:
    release = assortment.release((("tea", 400),), rate=0.0001)
    with Shop.of(release, FakeFeatureReader(ann=KnownCustomer()), home=tmp_path).client() as client:
        page = open_page(client)
    assert "Left long ago Last order on 17 Oct 2025, 400 days ago." in page.main
    assert "99.1%" not in page.main


def test_who_may_leave_has_a_percentage(tmp_path: Path) -> None:
    release = assortment.release((("tea", 100),), rate=0.0001)
    with Shop.of(release, FakeFeatureReader(ann=KnownCustomer()), home=tmp_path).client() as client:
        assert "99.1% · high" in open_page(client).main


def test_a_stranger_is_not_confused_with_another_spelling(client: TestClient) -> None:
    page = open_page(client, "/app/customers/zoe", 404)
    assert "Nobody by this id is known. Ids are compared digit for digit: 007 is not 7." in page.main
    assert "Consents" not in page.texts("heading")


def test_a_customer_without_consent_has_no_figure_but_can_agree(shop: Shop, client: TestClient) -> None:
    shop.worker.consent_gate.ledger.record({"ann": [denial(purpose=PROFILING)]})
    page = open_page(client)
    assert "This customer does not agree to profiling; nothing is shown." in page.main
    assert page.texts("figure") == []
    assert not re.search(r"[€%]", page.main)
    assert "Yes, the customer agrees" in page.texts("button")


def test_features_that_cannot_be_read_are_tried_again(tmp_path: Path) -> None:
    with Shop.of(FakeRelease(), ShutFeatureReader(), home=tmp_path).client() as client:
        response = client.get("/app/customers/ann")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert '<meta http-equiv="refresh" content="5">' in response.text
    page = PageParts(response.text)
    assert "cannot be read just now; trying again" in page.main
    assert page.texts("figure") == []


@pytest.mark.parametrize(
    ("customer", "tier", "sentence"),
    [
        (KnownCustomer(features_at=TODAY - 9 * DAY), 0, "Attention: These figures are 9 days old."),
        (KnownCustomer(), 2, "Not enough history: answered from what similar customers did."),
    ],
)
def test_a_weaker_answer_says_why(tmp_path: Path, customer: KnownCustomer, tier: int, sentence: str) -> None:
    answer = FakeRelease().answer
    release = FakeRelease(answer=lambda stored, at: replace(answer(stored, at), tier=answer(stored, at).tier + tier))
    with Shop.of(release, FakeFeatureReader(ann=customer), home=tmp_path).client() as client:
        assert sentence in open_page(client).main


def test_a_consent_is_asked_once_and_counts_at_once(shop: Shop, client: TestClient) -> None:
    page = open_page(client)
    assert (
        "From now on there is no prediction, reminder or audience with this customer. Nothing is deleted." in page.main
    )
    page = submit(client, "/app/customers/ann/consents", purpose="profiling", granted="false")
    assert "Recorded. It counts from now on." in page.main
    assert "This customer does not agree to profiling" in page.main
    assert "since 21 Nov 2026" in page.main
    assert [line["action"] for line in audit_lines(shop.worker.home)].count("consent") == 1


def test_a_consent_on_one_channel_leaves_the_others(shop: Shop, client: TestClient) -> None:
    submit(client, "/app/customers/ann/consents", purpose="marketing", channel="Email", granted="true")
    assert shop.worker.consent_gate.ledger.allowed_channels(["ann"], [["email", "sms"]], TODAY + DAY) == [["email"]]
    assert "marketing · email" in open_page(client).texts("heading")


def test_a_form_without_the_token_of_the_page_changes_nothing(shop: Shop, client: TestClient) -> None:
    response = client.post("/app/customers/ann/consents", data={"purpose": "profiling", "granted": "false"})
    assert response.status_code == 403
    assert client.post("/app/customers/ann/forget", data={"typed_id": "ann"}).status_code == 403
    assert not (shop.worker.home / "audit.jsonl").exists()


def test_only_the_same_id_typed_again_forgets_the_customer(client: TestClient) -> None:
    page = submit(client, "/app/customers/ann/forget", typed_id="an")
    assert "This is another id. Nothing was deleted." in page.main
    assert open_page(client).texts("heading")[0] == "Customer ann"
    page = submit(client, "/app/customers/ann/forget", typed_id=" ann ")
    assert "The customer was forgotten." in page.main
    assert "history/orders 7" in page.texts("row")
    assert "ann" not in page.main.split()
    assert "Nobody by this id is known" in open_page(client, status=404).main


def test_what_the_key_may_not_do_is_shown_with_the_missing_scope(
    shop: Shop, client_with: Callable[[KeyScope], TestClient]
) -> None:
    with client_with(KeyScope.VIEW) as client:
        page = open_page(client)
        assert {"Your key lacks the scope consent.", "Your key lacks the scope admin."} <= {*page.texts("small")}
        assert "Yes, the customer does not agree" not in page.texts("button")
        for path in ("consents", "forget"):
            assert client.post(f"/app/customers/ann/{path}", data={"typed_id": "ann"}).status_code == 403
    actions = [line["action"] for line in audit_lines(shop.worker.home)]
    assert (actions.count("history_read"), actions.count("consent_read")) == (1, 0)
    with client_with(KeyScope.PREDICT) as client:
        assert client.get("/app/customers/ann").status_code == 403


def test_a_card_for_a_sidebar_has_the_tiles_alone(client: TestClient) -> None:
    page = open_page(client, "/app/customers/ann?card")
    assert [heading for heading in page.texts("heading") if heading in ("Next order", "Why", "Consents")] == [
        "Next order"
    ]
    assert page.texts("nav") == []


def test_what_a_shop_names_itself_is_text_and_not_html(client: TestClient) -> None:
    response = client.get("/app/customers/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert response.status_code == 404
    assert "<script>alert" not in response.text
