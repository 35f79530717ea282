"""Requests that arrive together share a read and a forecast, and nobody can tell from an answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import httpx
import numpy as np
import pytest

from features.errors import Unreachable
from features.online.feature_rows import Stored
from serving.api.app import create_app
from serving.predictions.micro_batching import MOST_CUSTOMERS
from tests.serving.fakes import DAY, TODAY, FakeRelease, Known, Shelf, Shop, by_orders
from training.inference.forecast import Forecast

SHELF = Shelf(**{f"c{number}": Known(orders=float(number + 1)) for number in range(300)})


class Counting(FakeRelease):
    """A release that remembers how many customers it was asked about at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def forecast(self, stored: Stored, as_of: int) -> Forecast:
        self.asked.append(len(stored))
        return by_orders(stored, as_of)


def together(shop: Shop, *questions: Sequence[str], get: bool = False) -> list[httpx.Response]:
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
    release, names = Counting(), [f"c{number}" for number in range(60)]
    shop = Shop.of(release, SHELF)
    told = together(shop, *([name] for name in names), get=get)
    assert [one.json()["predictions"][0]["customer_id"] for one in told] == names
    assert sum(release.asked) == 60
    assert len(release.asked) < 10
    alone = [together(shop, [name], get=get)[0].content for name in names]
    assert [one.content for one in told] == alone


def test_no_forecast_is_of_many_more_than_it_may() -> None:
    release = Counting()
    shop = Shop.of(release, SHELF, most_waiting=1000)
    together(shop, *([f"c{number}"] for number in range(300)))
    assert sum(release.asked) == 300
    assert max(release.asked) <= MOST_CUSTOMERS


def test_questions_of_several_and_of_strangers_keep_their_order() -> None:
    told = together(Shop.of(Counting(), SHELF), ["c2", "zoe", "c1"], ["c3"], ["c1", "c1"])
    found = [[row["customer_id"] for row in one.json()["predictions"]] for one in told]
    assert found == [["c2", "zoe", "c1"], ["c3"], ["c1", "c1"]]
    assert told[0].json()["predictions"][1]["status"] == "unknown_customer"


def test_one_whose_features_are_of_later_spoils_nobody_elses_answer() -> None:
    shelf = Shelf(ann=Known(), later=Known(features_at=TODAY + 3 * DAY))
    ann, later, zoe = together(Shop.of(Counting(), shelf), ["ann"], ["later"], ["zoe"])
    assert [one.status_code for one in (ann, later, zoe)] == [200, 422, 200]
    assert later.json()["errors"][0]["field"] == "as_of"


def test_features_that_became_known_today_make_nobody_elses_answer_younger() -> None:
    shelf = Shelf(ann=Known(), fresh=Known(features_at=TODAY + DAY // 4))
    shop = Shop.of(Counting(), shelf)
    ann, fresh = (one.json()["predictions"][0] for one in together(shop, ["ann"], ["fresh"], get=True))
    assert (ann["as_of"], fresh["as_of"]) == ("2026-11-20T23:00:00Z", "2026-11-21T05:00:00Z")


def test_a_customer_that_breaks_the_forecast_breaks_no_other() -> None:
    def brittle(known: Stored, as_of: int) -> Forecast:
        found = by_orders(known, as_of)
        found.order_by[known.column("orders") == 3.0] = np.nan
        return found

    told = together(Shop.of(FakeRelease(answer=brittle), SHELF), ["c1"], ["c2"], ["c3"])
    assert [one.status_code for one in told] == [200, 500, 200]


def test_all_are_told_when_the_store_is_away() -> None:
    class Away(Shelf):
        def read(self, customer_ids: Sequence[str]) -> Stored:
            raise Unreachable(f"cut before {customer_ids}")

    told = together(Shop.of(Counting(), Away()), ["ann"], ["bob"])
    assert Counter(one.json()["predictions"][0]["status"] for one in told) == {"features_unavailable": 2}
