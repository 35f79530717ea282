"""The routes as a campaign system meets them, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any, NoReturn, get_args
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from features.online.feature_rows import FeatureRows
from serving.schemas.predictions import ModelsResponse, Part, PredictionsResponse, ProbeResponse
from tests.serving.fakes import (
    DAY,
    NO_ORDERS,
    TODAY,
    FakeFeatureReader,
    FakeRelease,
    KnownCustomer,
    Shop,
    constant_rate_forecast,
)
from training.inference.explanations.reasons import Reason
from training.inference.forecast import Forecast

ODD_IDS = ["007", "a/b", "../..", "x/predictions", "客户 1", "a?b#c", "  spaced ", "1e5", "null", "ü" * 256, "é\x00"]
FEATURE_READER = FakeFeatureReader(ann=KnownCustomer(), bob=NO_ORDERS)
FEATURE_READER.customers.update({odd: KnownCustomer(spend=float(len(odd))) for odd in ODD_IDS})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), FEATURE_READER).client() as client:
        yield client


def ask(client: TestClient, *customer_ids: str, **more: object) -> list[dict[str, Any]]:
    answered = client.post("/v1/predictions", json={"customer_ids": customer_ids, **more})
    assert answered.status_code == 200, answered.text
    assert answered.headers["content-type"] == "application/json"
    PredictionsResponse.model_validate_json(answered.content)
    rows: list[dict[str, Any]] = answered.json()["predictions"]
    return rows


def ask_one(client: TestClient, customer_id: str, **query: str) -> dict[str, Any]:
    answered = client.get(f"/v1/customers/{quote(customer_id, safe='')}/predictions", params=query)
    assert answered.status_code == 200, answered.text
    PredictionsResponse.model_validate_json(answered.content)
    (row,) = answered.json()["predictions"]
    assert isinstance(row, dict)
    return row


def test_answers_come_in_the_order_asked_and_repeats_are_answered_each_time(client: TestClient) -> None:
    asked = ["bob", "ann", "zoe", "ann", "007"]
    rows = ask(client, *asked)
    assert [row["customer_id"] for row in rows] == asked
    assert rows[1] == rows[3]


def test_nobody_is_no_error_and_no_answer(client: TestClient) -> None:
    row = ask_one(client, "zoe")
    assert row["status"] == "unknown_customer"
    assert "churn" not in row


@pytest.mark.parametrize("odd", ODD_IDS)
def test_an_id_comes_out_as_it_went_in(client: TestClient, odd: str) -> None:
    assert [row["customer_id"] for row in ask(client, odd)] == [odd]
    row = ask_one(client, odd)
    assert row["customer_id"] == odd
    assert row["ltv"]["historic"] == len(odd)


# The test client decodes a path twice, so ids with a percent sign wait for a real server: test_server. A dot alone is
# "this folder" in a path, to every client.
PATH_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%"), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(customer_id=PATH_TEXT.filter(lambda text: text not in {".", ".."}))
def test_any_id_comes_out_as_it_went_in(client: TestClient, customer_id: str) -> None:
    assert ask(client, customer_id)[0]["customer_id"] == customer_id
    assert ask_one(client, customer_id)["customer_id"] == customer_id


def test_a_thousand_customers_are_answered_from_one_read_in_turns() -> None:
    shop = Shop.of(
        FakeRelease(),
        shelf := CountingFeatureReader(**{f"c{n}": KnownCustomer(orders=float(n % 50)) for n in range(990)}),
    )
    asked = [f"c{n}" for n in range(1000)]
    with shop.client() as client:
        rows = ask(client, *asked)
        alone = [ask(client, one)[0] for one in ("c0", "c199", "c200", "c989")]
    assert [row["customer_id"] for row in rows] == asked
    assert [rows[n] for n in (0, 199, 200, 989)] == alone
    assert [row["status"] for row in rows[990:]] == ["unknown_customer"] * 10
    assert shelf.reads == 5


class CountingFeatureReader(FakeFeatureReader):
    """A store that counts how often it is read."""

    reads = 0

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        self.reads += 1
        return super().read(customer_ids)


def test_the_default_instant_is_the_services_clock(client: TestClient) -> None:
    assert ask(client, "ann")[0]["as_of"] == "2026-11-21T09:30:00Z"


@pytest.mark.parametrize("named", ["2026-11-23T12:00:00Z", "2026-11-23T13:00:00", "2026-11-23T14:00:00+02:00"])
def test_an_instant_may_be_named_with_or_without_offset(client: TestClient, named: str) -> None:
    assert ask(client, "ann", as_of=named)[0]["as_of"] == "2026-11-23T12:00:00Z"
    assert ask_one(client, "ann", as_of=named)["as_of"] == "2026-11-23T12:00:00Z"


def test_get_speaks_for_the_whole_day_of_the_shop(client: TestClient) -> None:
    assert ask_one(client, "ann")["as_of"] == "2026-11-20T23:00:00Z"


def test_get_does_not_go_back_before_features_published_during_the_day() -> None:
    morning = FakeFeatureReader(ann=KnownCustomer(features_at=TODAY + DAY // 4))
    with Shop.of(FakeRelease(), morning).client() as client:
        assert ask_one(client, "ann")["as_of"] == "2026-11-21T05:00:00Z"


def test_get_and_post_agree_when_asked_for_the_same_instant(client: TestClient) -> None:
    assert ask_one(client, "ann", as_of="2026-11-22") == ask(client, "ann", as_of="2026-11-22")[0]


def test_stale_features_are_answered_all_the_same(client: TestClient) -> None:
    row = ask(client, "ann", as_of="2026-12-24")[0]
    assert row["status"] == "stale_features"
    assert 0 < row["churn"]["probability"] < 1


def test_reasons_are_given_only_when_asked_for(client: TestClient) -> None:
    assert {*ask(client, "ann")[0]} >= {"churn", "next_purchase", "ltv", "segment"}
    assert "reasons" not in ask(client, "ann")[0]
    assert {*ask(client, "ann", include=["reasons"])[0]} & {*get_args(Part)} == {"reasons"}


@pytest.mark.parametrize(
    ("include", "explained"),
    [
        (["reasons"], ["churn", "next_purchase", "ltv"]),
        (["segment", "reasons"], ["churn", "next_purchase", "ltv"]),
        (["reasons", "ltv", "churn"], ["churn", "ltv"]),
        (["next_purchase", "reasons"], ["next_purchase"]),
    ],
)
def test_reasons_speak_of_the_answers_they_come_with(
    client: TestClient, include: list[str], explained: list[str]
) -> None:
    posted = ask(client, "ann", include=include, as_of="2026-11-22")[0]["reasons"]
    assert [reason["answer"] for reason in posted] == explained
    assert ask_one(client, "ann", include=",".join(include), as_of="2026-11-22")["reasons"] == posted


def test_reasons_are_those_of_the_customer_and_a_stranger_has_none(client: TestClient) -> None:
    ann, zoe, again = ask(client, "ann", "zoe", "ann", include=["churn", "reasons"], as_of="2026-11-22")
    assert ann["reasons"] == [
        {
            "answer": "churn",
            "code": "recency_days",
            "value": 22.0,
            "direction": "raises",
            "importance": 1.0,
            "text": {"en": "Last order 22.0 days ago", "zh": "距上次下单 22.0 天"},
        }
    ]
    assert "reasons" not in zoe
    assert again == ann


def test_nobody_who_does_not_ask_pays_for_reasons() -> None:
    class Miser(FakeRelease):
        def reasons(self, *_: object) -> NoReturn:
            raise AssertionError

    with Shop.of(Miser(), FakeFeatureReader(ann=KnownCustomer())).client() as client:
        assert ask(client, "ann")[0]["status"] == "scored"
        assert ask(client, "ann", include=["churn", "next_purchase", "ltv", "segment"])[0]["status"] == "scored"


def test_others_are_answered_while_reasons_are_sought() -> None:
    begun, enough = Event(), Event()

    class Thinker(FakeRelease):
        def reasons(self, stored: FeatureRows, as_of: int, answers: Sequence[str] = ()) -> list[list[Reason]]:
            begun.set()
            assert enough.wait(10)
            return super().reasons(stored, as_of, answers)

    with Shop.of(Thinker(), FakeFeatureReader(ann=KnownCustomer())).client() as client, ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, client, "ann", include=["reasons"])
        assert begun.wait(10)
        assert ask(client, "ann")[0]["status"] == "scored"
        enough.set()
        assert len(asked.result()[0]["reasons"]) == 3


@pytest.mark.parametrize("query", ["include=churn,ltv", "include=churn&include=ltv"])
def test_get_takes_parts_by_commas_or_one_by_one(client: TestClient, query: str) -> None:
    (row,) = client.get(f"/v1/customers/ann/predictions?{query}").json()["predictions"]
    assert {"churn", "ltv"} == {*row} & {"churn", "next_purchase", "ltv", "segment", "reasons"}


def test_a_query_nobody_knows_does_no_harm(client: TestClient) -> None:
    assert client.get("/v1/customers/ann/predictions?_=17325").status_code == 200


def test_the_same_question_has_the_same_id_by_any_route(client: TestClient) -> None:
    one, two = ask(client, "ann", as_of="2026-11-22"), ask_one(client, "ann", as_of="2026-11-22", include="churn")
    assert one[0]["prediction_id"] == two["prediction_id"]


def test_models_lists_the_cards_of_the_release(client: TestClient) -> None:
    answered = client.get("/v1/models")
    ModelsResponse.model_validate_json(answered.content)
    assert answered.json() == {
        "release": "7",
        "trained_as_of": "2026-11-20T23:00:00Z",
        "feature_service": "release_v1",
        "model_versions": {"churn": "3", "next_purchase": "3", "ltv": "2"},
        "models": [{"name": "churn", "version": "3", "horizon_days": 90}],
    }


def test_alive_is_not_yet_ready() -> None:
    with Shop.of().client() as client:
        assert client.get("/livez").json() == {"status": "alive"}
        for path in ("/readyz", "/v1/models", "/v1/customers/ann/predictions"):
            refused = client.get(path)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
            assert refused.json()["detail"].startswith("No release is ready")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/customers/ann/predictions", "/docs"])
def test_whoever_only_wants_the_head_gets_it(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200


def test_ready_names_the_release(client: TestClient) -> None:
    assert ProbeResponse.model_validate_json(client.get("/readyz").content).release == "7"


def test_a_request_is_answered_whole_by_the_release_it_began_with() -> None:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(**{f"c{n}": KnownCustomer() for n in range(500)}))

    def promote_meanwhile(some: FeatureRows, _: int) -> Forecast:
        shop.worker.release_loader.current = None
        return constant_rate_forecast(np.full(len(some), 0.04))

    champion = shop.worker.release_loader.current
    assert champion is not None
    assert isinstance(champion.release, FakeRelease)
    champion.release.answer = promote_meanwhile
    with shop.client() as client:
        assert {row["release"] for row in ask(client, *(f"c{n}" for n in range(500)))} == {"7"}
        assert client.get("/readyz").status_code == 503
