"""Load shedding: requests beyond the queue limit get 429, late ones get 503, and the others are answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from time import sleep

import httpx
import pytest

from features.online.feature_rows import FeatureRows
from serving.api.load_shedding import LoadShedder
from serving.app import create_app
from serving.predictions.predictor import SCORE_CHUNK_SIZE
from serving.problems import Problem
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop, forecast_by_orders
from training.inference.forecast import Forecast

PATH = "/v1/customers/ann/predictions"


class BlockingFeatureReader(FakeFeatureReader):
    """Blocking feature reader: a read waits until the test sets ``opened``."""

    timeout_seconds = 10.0

    def __init__(self) -> None:
        super().__init__(ann=KnownCustomer())
        self.opened = Event()

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        self.opened.wait(10)
        return super().read(customer_ids)


@pytest.mark.parametrize("arrivals", [3, 50])
def test_more_than_may_wait_are_told_to_come_again_and_the_others_are_answered(arrivals: int) -> None:
    features = BlockingFeatureReader()
    shop = Shop.of(FakeRelease(), features, max_waiting=2)
    with shop.client() as client, ThreadPoolExecutor(arrivals) as callers:
        futures = [callers.submit(client.get, PATH) for _ in range(arrivals)]
        while sum(future.done() for future in futures) < arrivals - 2:
            pass
        features.opened.set()
        responses = [future.result() for future in futures]
        assert sorted({response.status_code for response in responses}) == [200, 429]
        assert sum(response.status_code == 200 for response in responses) == 2
        assert client.get(PATH).status_code == 200
    rejected = next(response for response in responses if response.status_code == 429)
    assert rejected.headers["retry-after"] == "1"
    assert rejected.json()["detail"] == "Too many requests wait already. Try again after Retry-After seconds."


def test_who_waits_too_long_is_told_so_in_time() -> None:
    features = BlockingFeatureReader()
    with Shop.of(FakeRelease(), features, deadline_seconds=0.2).client() as client:
        response = client.get(PATH)
        features.opened.set()
        assert client.get(PATH).status_code == 200
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json()["detail"] == "The answer would come too late. Try again after Retry-After seconds."
    assert 0.2 <= response.elapsed.total_seconds() < 2


def test_probes_and_counts_are_answered_whatever_waits() -> None:
    features = BlockingFeatureReader()
    shop = Shop.of(FakeRelease(), features, max_waiting=1)
    with shop.client() as client, ThreadPoolExecutor(1) as callers:
        pending = callers.submit(client.get, PATH)
        while not shop.worker.load_shedder.waiting:
            pass
        assert client.get("/livez").status_code == client.get("/metrics").status_code == 200
        assert client.get(PATH).status_code == 429
        features.opened.set()
        assert pending.result().status_code == 200


def test_all_who_arrived_are_counted_before_the_first_is_worked_for() -> None:
    waiting_counts: list[int] = []

    async def admitted_caller(load_shedder: LoadShedder, number: int) -> int:
        try:
            async with load_shedder.admit():
                await asyncio.sleep(0)
                waiting_counts.append(load_shedder.waiting)
        except Problem as problem:
            return problem.status
        return number

    async def concurrent_callers() -> list[int]:
        load_shedder = LoadShedder(max_waiting=3, deadline_seconds=5)
        return await asyncio.gather(*(admitted_caller(load_shedder, number) for number in range(5)))

    assert asyncio.run(concurrent_callers()) == [0, 1, 2, 429, 429]
    assert waiting_counts == [3, 2, 1]


@dataclass
class LargeRequests:
    """Large requests: callers of one load shedder, and the turns that they had."""

    load_shedder: LoadShedder
    in_turn: int = 0
    answered: list[int] = field(default_factory=list)

    async def send(self, number: int, customers: int = 1000, seconds: float = 0.0) -> int:
        """The status of a request whose answer takes ``seconds``."""
        try:
            async with self.load_shedder.admit(customers):
                self.in_turn += 1
                assert self.in_turn == 1
                await asyncio.sleep(seconds)
                self.in_turn -= 1
                self.answered.append(number)
        except Problem as problem:
            return problem.status
        return 200

    async def send_all(self, count: int) -> list[int]:
        return await asyncio.gather(*(self.send(number) for number in range(count)))


def test_large_requests_are_answered_one_at_a_time_in_the_order_of_their_arrival() -> None:
    requests = LargeRequests(LoadShedder(max_waiting=500, deadline_seconds=5))
    assert asyncio.run(requests.send_all(9)) == [200] * 9
    assert requests.answered == [*range(9)]


def test_a_request_for_a_thousand_customers_takes_the_place_of_fifty_one() -> None:
    requests = LargeRequests(LoadShedder(max_waiting=500, deadline_seconds=5))
    assert asyncio.run(requests.send_all(64)) == [200] * 9 + [429] * 55
    assert requests.load_shedder.waiting == 0


def test_a_request_that_is_larger_than_the_queue_is_answered_when_nothing_waits() -> None:
    requests = LargeRequests(LoadShedder(max_waiting=2, deadline_seconds=5))
    assert asyncio.run(requests.send_all(2)) == [200, 429]


def test_who_would_be_late_is_told_at_once_when_to_come_again() -> None:
    async def refusal() -> Problem:
        requests = LargeRequests(LoadShedder(max_waiting=10_000, deadline_seconds=5))
        await requests.send(0, customers=20, seconds=0.1)  # five milliseconds per customer, or more
        waiting = asyncio.create_task(requests.send(1, customers=300))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as refused:
            async with requests.load_shedder.admit(3000):
                pass
        await waiting
        return refused.value

    problem = asyncio.run(refusal())
    assert (problem.status, [*(problem.headers or {})]) == (429, ["Retry-After"])
    assert int((problem.headers or {})["Retry-After"]) >= 2


def test_small_requests_do_not_wait_for_the_turn_of_large_ones() -> None:
    async def small_during_large() -> list[int]:
        requests = LargeRequests(LoadShedder(max_waiting=500, deadline_seconds=5))
        large = asyncio.create_task(requests.send(0, seconds=0.2))
        await asyncio.sleep(0)
        async with requests.load_shedder.admit(10):
            answered = [*requests.answered]
        await large
        return answered

    assert asyncio.run(small_during_large()) == []


def test_no_chunk_of_a_large_request_begins_after_its_deadline() -> None:
    chunks: list[int] = []

    def slow_forecast(stored: FeatureRows, as_of: int) -> Forecast:
        chunks.append(len(stored))
        sleep(0.2)
        return forecast_by_orders(stored, as_of)

    shop = Shop.of(FakeRelease(answer=slow_forecast), deadline_seconds=0.15)
    with shop.client() as client:
        assert client.post("/v1/predictions", json={"customer_ids": ["ann"] * 1000}).status_code == 503
    assert chunks == [SCORE_CHUNK_SIZE]


def test_probes_are_answered_before_any_of_64_requests_for_a_thousand_customers_and_many_of_these_are() -> None:
    shop = Shop.of(FakeRelease(), max_waiting=500, deadline_seconds=60)
    answered: list[tuple[str, int]] = []

    async def send(client: httpx.AsyncClient, method: str, path: str, **options: object) -> None:
        response = await client.request(method, path, **options)  # type: ignore[arg-type]
        answered.append((path, response.status_code))

    async def burst() -> None:
        app = create_app(lambda: shop.worker)
        app.state.worker = shop.worker
        body = {"customer_ids": ["ann"] * 1000}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            large = [send(client, "POST", "/v1/predictions", json=body) for _ in range(64)]
            await asyncio.gather(*large, send(client, "GET", "/livez"))

    asyncio.run(burst())
    assert answered.index(("/livez", 200)) < answered.index(("/v1/predictions", 200))
    assert Counter(answered) == {("/livez", 200): 1, ("/v1/predictions", 200): 9, ("/v1/predictions", 429): 55}


def test_reasons_for_more_customers_than_can_be_explained_in_time_are_refused_with_the_most() -> None:
    with Shop.of(FakeRelease()).client() as client:
        body = {"customer_ids": ["ann"] * 201, "include": ["churn", "reasons"]}
        response = client.post("/v1/predictions", json=body)
        assert response.status_code == 422
        assert response.json()["errors"] == [
            {
                "field": "include",
                "reason": "Found reasons for 201 customers; expected at most 200. Send several requests, or leave "
                "reasons out.",
            }
        ]
        assert client.post("/v1/predictions", json={**body, "customer_ids": ["ann"] * 200}).status_code == 200


def test_who_is_late_when_his_turn_comes_is_not_worked_for() -> None:
    for body in ({"customer_ids": ["ann"]}, {"customer_ids": ["ann"] * 20}):
        features = BlockingFeatureReader()
        features.opened.set()
        with Shop.of(FakeRelease(), features, deadline_seconds=0.0).client() as client:
            assert client.post("/v1/predictions", json=body).status_code == 503
            assert "predictions_total{" not in client.get("/metrics").text
