"""Micro-batching: concurrent requests share a read and a forecast, and each answer is the same as alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import httpx
import numpy as np
import pytest

from features.errors import StoreUnavailable
from features.online.feature_rows import FeatureRows
from serving.app import create_app
from serving.predictions.micro_batching import MAX_CUSTOMERS_PER_BATCH
from tests.serving.fakes import DAY, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop, forecast_by_orders
from training.inference.forecast import Forecast

FEATURE_READER = FakeFeatureReader(**{f"c{number}": KnownCustomer(orders=float(number + 1)) for number in range(300)})


class CountingRelease(FakeRelease):
    """Counting release: records the number of customers of each forecast."""

    def __init__(self) -> None:
        super().__init__()
        self.batch_sizes: list[int] = []

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        self.batch_sizes.append(len(stored))
        return forecast_by_orders(stored, as_of)


def post_concurrently(shop: Shop, *requests: Sequence[str], get: bool = False) -> list[httpx.Response]:
    """The responses to requests that are sent within one turn of the event loop."""

    async def ask() -> list[httpx.Response]:
        app = create_app(lambda: shop.worker)
        app.state.worker = shop.worker
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            if get:
                calls = [client.get(f"/v1/customers/{customer_id}/predictions") for (customer_id,) in requests]
            else:
                calls = [client.post("/v1/predictions", json={"customer_ids": ids}) for ids in requests]
            return await asyncio.gather(*calls)

    return asyncio.run(ask())


@pytest.mark.parametrize("get", [True, False])
def test_many_are_answered_by_one_forecast_each_with_his_own(get: bool) -> None:
    release, customer_ids = CountingRelease(), [f"c{number}" for number in range(60)]
    shop = Shop.of(release, FEATURE_READER)
    responses = post_concurrently(shop, *([customer_id] for customer_id in customer_ids), get=get)
    assert [response.json()["predictions"][0]["customer_id"] for response in responses] == customer_ids
    assert sum(release.batch_sizes) == 60
    assert len(release.batch_sizes) < 10
    alone = [post_concurrently(shop, [customer_id], get=get)[0].content for customer_id in customer_ids]
    assert [response.content for response in responses] == alone


def test_no_forecast_is_of_many_more_than_it_may() -> None:
    release = CountingRelease()
    shop = Shop.of(release, FEATURE_READER, max_waiting=1000)
    post_concurrently(shop, *([f"c{number}"] for number in range(300)))
    assert sum(release.batch_sizes) == 300
    assert max(release.batch_sizes) <= MAX_CUSTOMERS_PER_BATCH


def test_questions_of_several_and_of_strangers_keep_their_order() -> None:
    responses = post_concurrently(Shop.of(CountingRelease(), FEATURE_READER), ["c2", "zoe", "c1"], ["c3"], ["c1", "c1"])
    ids = [[row["customer_id"] for row in response.json()["predictions"]] for response in responses]
    assert ids == [["c2", "zoe", "c1"], ["c3"], ["c1", "c1"]]
    assert responses[0].json()["predictions"][1]["status"] == "unknown_customer"


def test_one_whose_features_are_of_later_spoils_nobody_elses_answer() -> None:
    features = FakeFeatureReader(ann=KnownCustomer(), later=KnownCustomer(features_at=TODAY + 3 * DAY))
    ann, later, zoe = post_concurrently(Shop.of(CountingRelease(), features), ["ann"], ["later"], ["zoe"])
    assert [response.status_code for response in (ann, later, zoe)] == [200, 422, 200]
    assert later.json()["errors"][0]["field"] == "as_of"


def test_features_that_became_known_today_make_nobody_elses_answer_younger() -> None:
    features = FakeFeatureReader(ann=KnownCustomer(), fresh=KnownCustomer(features_at=TODAY + DAY // 4))
    shop = Shop.of(CountingRelease(), features)
    ann, fresh = (
        response.json()["predictions"][0] for response in post_concurrently(shop, ["ann"], ["fresh"], get=True)
    )
    assert (ann["as_of"], fresh["as_of"]) == ("2026-11-20T23:00:00Z", "2026-11-21T05:00:00Z")


def test_a_customer_that_breaks_the_forecast_breaks_no_other() -> None:
    def forecast_with_gap(known: FeatureRows, as_of: int) -> Forecast:
        forecast = forecast_by_orders(known, as_of)
        forecast.order_by[known.column("orders") == 3.0] = np.nan
        return forecast

    responses = post_concurrently(
        Shop.of(FakeRelease(answer=forecast_with_gap), FEATURE_READER), ["c1"], ["c2"], ["c3"]
    )
    assert [response.status_code for response in responses] == [200, 500, 200]


def test_all_are_told_when_the_store_is_away() -> None:
    class UnavailableFeatureReader(FakeFeatureReader):
        def read(self, customer_ids: Sequence[str]) -> FeatureRows:
            raise StoreUnavailable(f"cut before {customer_ids}")

    responses = post_concurrently(Shop.of(CountingRelease(), UnavailableFeatureReader()), ["ann"], ["bob"])
    assert Counter(response.json()["predictions"][0]["status"] for response in responses) == {"features_unavailable": 2}
