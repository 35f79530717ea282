"""Load shedding: requests beyond the queue limit get 429, late ones get 503, and the others are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from features.online.feature_rows import FeatureRows
from serving.api.load_shedding import LoadShedder
from serving.problems import Problem
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

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


def test_who_is_late_when_his_turn_comes_is_not_worked_for() -> None:
    for body in ({"customer_ids": ["ann"]}, {"customer_ids": ["ann"] * 20}):
        features = BlockingFeatureReader()
        features.opened.set()
        with Shop.of(FakeRelease(), features, deadline_seconds=0.0).client() as client:
            assert client.post("/v1/predictions", json=body).status_code == 503
            assert "predictions_total{" not in client.get("/metrics").text
