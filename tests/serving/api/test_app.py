"""Application: the prediction routes, called in this process as a campaign system calls them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from features.canonical_form import canonical_id
from features.online.feature_rows import FeatureRows
from serving.schemas.predictions import ModelsResponse
from serving.schemas.status import ProbeResponse
from tests.serving.api.prediction_requests import get_prediction, post_predictions
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
from training.inference.forecast import Forecast

ODD_IDS = ["007", "a/b", "../..", "x/predictions", "客户 1", "a?b#c", "  spaced ", "1e5", "null", "ü" * 256, "é\x00"]
FEATURE_READER = FakeFeatureReader(ann=KnownCustomer(), bob=NO_ORDERS)
FEATURE_READER.customers.update({canonical_id(odd): KnownCustomer(spend=float(len(odd))) for odd in ODD_IDS})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), FEATURE_READER).client() as client:
        yield client


def test_answers_come_in_the_order_asked_and_repeats_are_answered_each_time(client: TestClient) -> None:
    customer_ids = ["bob", "ann", "zoe", "ann", "007"]
    rows = post_predictions(client, *customer_ids)
    assert [row["customer_id"] for row in rows] == customer_ids
    assert rows[1] == rows[3]


def test_an_unknown_customer_is_no_error_and_has_no_answer(client: TestClient) -> None:
    row = get_prediction(client, "zoe")
    assert row["status"] == "unknown_customer"
    assert "churn" not in row


@pytest.mark.parametrize("customer_id", ODD_IDS)
def test_an_id_comes_out_as_it_went_in(client: TestClient, customer_id: str) -> None:
    assert [row["customer_id"] for row in post_predictions(client, customer_id)] == [customer_id]
    row = get_prediction(client, customer_id)
    assert row["customer_id"] == customer_id
    assert row["ltv"]["historic"] == len(customer_id)


# The test client decodes a path twice, so ids with a percent sign are tested on a real server: test_server. Every
# client takes a dot alone for the current folder.
PATH_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="%"), min_size=1, max_size=40)


@settings(max_examples=40)
@given(customer_id=PATH_TEXT.filter(lambda text: text not in {".", ".."}))
def test_any_id_comes_out_as_it_went_in(client: TestClient, customer_id: str) -> None:
    assert post_predictions(client, customer_id)[0]["customer_id"] == customer_id
    assert get_prediction(client, customer_id)["customer_id"] == customer_id


def test_a_thousand_customers_are_answered_from_one_read_in_turns() -> None:
    shop = Shop.of(
        FakeRelease(),
        features := CountingFeatureReader(**{f"c{n}": KnownCustomer(orders=float(n % 50)) for n in range(990)}),
    )
    customer_ids = [f"c{n}" for n in range(1000)]
    with shop.client() as client:
        rows = post_predictions(client, *customer_ids)
        alone = [post_predictions(client, customer_id)[0] for customer_id in ("c0", "c199", "c200", "c989")]
    assert [row["customer_id"] for row in rows] == customer_ids
    assert [rows[n] for n in (0, 199, 200, 989)] == alone
    assert [row["status"] for row in rows[990:]] == ["unknown_customer"] * 10
    assert features.reads == 5


class CountingFeatureReader(FakeFeatureReader):
    """Counting feature reader: counts its reads."""

    reads = 0

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        self.reads += 1
        return super().read(customer_ids)


def test_the_default_instant_is_the_services_clock(client: TestClient) -> None:
    assert post_predictions(client, "ann")[0]["as_of"] == "2026-11-21T09:30:00Z"


@pytest.mark.parametrize("instant", ["2026-11-23T12:00:00Z", "2026-11-23T13:00:00", "2026-11-23T14:00:00+02:00"])
def test_an_instant_may_be_named_with_or_without_offset(client: TestClient, instant: str) -> None:
    assert post_predictions(client, "ann", as_of=instant)[0]["as_of"] == "2026-11-23T12:00:00Z"
    assert get_prediction(client, "ann", as_of=instant)["as_of"] == "2026-11-23T12:00:00Z"


def test_get_speaks_for_the_whole_day_of_the_shop(client: TestClient) -> None:
    assert get_prediction(client, "ann")["as_of"] == "2026-11-20T23:00:00Z"


def test_get_does_not_go_back_before_features_published_during_the_day() -> None:
    features = FakeFeatureReader(ann=KnownCustomer(features_at=TODAY + DAY // 4))
    with Shop.of(FakeRelease(), features).client() as client:
        assert get_prediction(client, "ann")["as_of"] == "2026-11-21T05:00:00Z"


def test_get_and_post_agree_when_asked_for_the_same_instant(client: TestClient) -> None:
    assert get_prediction(client, "ann", as_of="2026-11-22") == post_predictions(client, "ann", as_of="2026-11-22")[0]


def test_stale_features_are_answered_all_the_same(client: TestClient) -> None:
    row = post_predictions(client, "ann", as_of="2026-12-24")[0]
    assert row["status"] == "stale_features"
    assert 0 < row["churn"]["probability"] < 1


@pytest.mark.parametrize("query", ["include=churn,ltv", "include=churn&include=ltv"])
def test_get_takes_parts_by_commas_or_one_by_one(client: TestClient, query: str) -> None:
    (row,) = client.get(f"/v1/customers/ann/predictions?{query}").json()["predictions"]
    assert {"churn", "ltv"} == {*row} & {"churn", "next_purchase", "ltv", "segment", "reasons"}


def test_an_empty_list_of_parts_asks_for_none(client: TestClient) -> None:
    assert "churn" not in get_prediction(client, "ann", include="")


def test_a_query_nobody_knows_does_no_harm(client: TestClient) -> None:
    assert client.get("/v1/customers/ann/predictions?_=17325").status_code == 200


def test_the_same_question_has_the_same_id_by_any_route(client: TestClient) -> None:
    posted_rows, row = (
        post_predictions(client, "ann", as_of="2026-11-22"),
        get_prediction(client, "ann", as_of="2026-11-22", include="churn"),
    )
    assert posted_rows[0]["prediction_id"] == row["prediction_id"]


def test_models_lists_the_cards_of_the_release(client: TestClient) -> None:
    response = client.get("/v1/models")
    ModelsResponse.model_validate_json(response.content)
    assert response.json() == {
        "release": "7",
        "trained_as_of": "2026-11-20T23:00:00Z",
        "feature_service": "release_v1",
        "model_versions": {"churn": "3", "next_purchase": "3", "ltv": "2"},
        "models": [{"name": "churn", "version": "3", "horizon_days": 90}],
        "drift": None,
    }


def test_alive_is_not_yet_ready() -> None:
    with Shop.of().client() as client:
        assert client.get("/livez").json() == {"status": "alive"}
        for path in ("/readyz", "/v1/models", "/v1/customers/ann/predictions"):
            response = client.get(path)
            assert response.status_code == 503
            assert response.headers["retry-after"] == "1"
            assert response.json()["detail"].startswith("No release is ready")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/v1/customers/ann/predictions", "/docs"])
def test_head_is_answered_like_get(client: TestClient, path: str) -> None:
    assert client.head(path).status_code == 200


def test_ready_names_the_release(client: TestClient) -> None:
    assert ProbeResponse.model_validate_json(client.get("/readyz").content).release == "7"


def test_a_request_is_answered_whole_by_the_release_it_began_with() -> None:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(**{f"c{n}": KnownCustomer() for n in range(500)}))

    def forecast_and_unload(stored: FeatureRows, _: int) -> Forecast:
        shop.worker.release_loader.current = None
        return constant_rate_forecast(np.full(len(stored), 0.04))

    active = shop.worker.release_loader.current
    assert active is not None
    assert isinstance(active.release, FakeRelease)
    active.release.answer = forecast_and_unload
    with shop.client() as client:
        assert {row["release"] for row in post_predictions(client, *(f"c{n}" for n in range(500)))} == {"7"}
        assert client.get("/readyz").status_code == 503
