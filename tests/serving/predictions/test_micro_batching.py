"""Requests that arrive together share a read and a forecast, and nobody can tell from an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import httpx
import numpy as np
import pytest

from features.errors import StoreUnavailable
from features.online.feature_rows import FeatureRows
from serving.api.app import create_app
from serving.predictions.micro_batching import MAX_CUSTOMERS_PER_BATCH
from tests.serving.fakes import DAY, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop, forecast_by_orders
from training.inference.forecast import Forecast

FEATURE_READER = FakeFeatureReader(**{f"c{number}": KnownCustomer(orders=float(number + 1)) for number in range(300)})


class CountingRelease(FakeRelease):
    """A release that remembers how many customers it was asked about at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.batch_sizes: list[int] = []

    def forecast(self, stored: FeatureRows, as_of: int) -> Forecast:
        self.batch_sizes.append(len(stored))
        return forecast_by_orders(stored, as_of)


def post_concurrently(shop: Shop, *questions: Sequence[str], get: bool = False) -> list[httpx.Response]:
    """All questions in one turn of the loop."""

    async def ask() -> list[httpx.Response]:
        app = create_app(lambda: shop.worker)
        app.state.worker = shop.worker
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
            if get:
                calls = [client.get(f"/v1/customers/{one}/predictions") for (one,) in questions]
            else:
                calls = [client.post("/v1/predictions", json={"customer_ids": ids}) for ids in questions]
            return await asyncio.gather(*calls)

    return asyncio.run(ask())


@pytest.mark.parametrize("get", [True, False])
def test_many_are_answered_by_one_forecast_each_with_his_own(get: bool) -> None:
    release, names = CountingRelease(), [f"c{number}" for number in range(60)]
    shop = Shop.of(release, FEATURE_READER)
    told = post_concurrently(shop, *([name] for name in names), get=get)
    assert [one.json()["predictions"][0]["customer_id"] for one in told] == names
    assert sum(release.batch_sizes) == 60
    assert len(release.batch_sizes) < 10
    alone = [post_concurrently(shop, [name], get=get)[0].content for name in names]
    assert [one.content for one in told] == alone


def test_no_forecast_is_of_many_more_than_it_may() -> None:
    release = CountingRelease()
    shop = Shop.of(release, FEATURE_READER, max_waiting=1000)
    post_concurrently(shop, *([f"c{number}"] for number in range(300)))
    assert sum(release.batch_sizes) == 300
    assert max(release.batch_sizes) <= MAX_CUSTOMERS_PER_BATCH


def test_questions_of_several_and_of_strangers_keep_their_order() -> None:
    told = post_concurrently(Shop.of(CountingRelease(), FEATURE_READER), ["c2", "zoe", "c1"], ["c3"], ["c1", "c1"])
    found = [[row["customer_id"] for row in one.json()["predictions"]] for one in told]
    assert found == [["c2", "zoe", "c1"], ["c3"], ["c1", "c1"]]
    assert told[0].json()["predictions"][1]["status"] == "unknown_customer"


def test_one_whose_features_are_of_later_spoils_nobody_elses_answer() -> None:
    shelf = FakeFeatureReader(ann=KnownCustomer(), later=KnownCustomer(features_at=TODAY + 3 * DAY))
    ann, later, zoe = post_concurrently(Shop.of(CountingRelease(), shelf), ["ann"], ["later"], ["zoe"])
    assert [one.status_code for one in (ann, later, zoe)] == [200, 422, 200]
    assert later.json()["errors"][0]["field"] == "as_of"


def test_features_that_became_known_today_make_nobody_elses_answer_younger() -> None:
    shelf = FakeFeatureReader(ann=KnownCustomer(), fresh=KnownCustomer(features_at=TODAY + DAY // 4))
    shop = Shop.of(CountingRelease(), shelf)
    ann, fresh = (one.json()["predictions"][0] for one in post_concurrently(shop, ["ann"], ["fresh"], get=True))
    assert (ann["as_of"], fresh["as_of"]) == ("2026-11-20T23:00:00Z", "2026-11-21T05:00:00Z")


def test_a_customer_that_breaks_the_forecast_breaks_no_other() -> None:
    def brittle(known: FeatureRows, as_of: int) -> Forecast:
        found = forecast_by_orders(known, as_of)
        found.order_by[known.column("orders") == 3.0] = np.nan
        return found

    told = post_concurrently(Shop.of(FakeRelease(answer=brittle), FEATURE_READER), ["c1"], ["c2"], ["c3"])
    assert [one.status_code for one in told] == [200, 500, 200]


def test_all_are_told_when_the_store_is_away() -> None:
    class Away(FakeFeatureReader):
        def read(self, customer_ids: Sequence[str]) -> FeatureRows:
            raise StoreUnavailable(f"cut before {customer_ids}")

    told = post_concurrently(Shop.of(CountingRelease(), Away()), ["ann"], ["bob"])
    assert Counter(one.json()["predictions"][0]["status"] for one in told) == {"features_unavailable": 2}
