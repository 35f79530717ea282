"""Too many at once are told to come again, whoever waits too long is told so, and neither costs the others anything."""

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
    """A shelf that lets nobody read until it is opened."""

    timeout_seconds = 10.0

    def __init__(self) -> None:
        super().__init__(ann=KnownCustomer())
        self.opened = Event()

    def read(self, customer_ids: Sequence[str]) -> FeatureRows:
        self.opened.wait(10)
        return super().read(customer_ids)


@pytest.mark.parametrize("arrived", [3, 50])
def test_more_than_may_wait_are_told_to_come_again_and_the_others_are_answered(arrived: int) -> None:
    shelf = BlockingFeatureReader()
    shop = Shop.of(FakeRelease(), shelf, max_waiting=2)
    with shop.client() as client, ThreadPoolExecutor(arrived) as callers:
        waiting = [callers.submit(client.get, PATH) for _ in range(arrived)]
        while sum(one.done() for one in waiting) < arrived - 2:
            pass
        shelf.opened.set()
        told = [one.result() for one in waiting]
        assert sorted({one.status_code for one in told}) == [200, 429]
        assert sum(one.status_code == 200 for one in told) == 2
        assert client.get(PATH).status_code == 200
    late = next(one for one in told if one.status_code == 429)
    assert late.headers["retry-after"] == "1"
    assert late.json()["detail"] == "Too many requests wait already. Try again after Retry-After seconds."


def test_who_waits_too_long_is_told_so_in_time() -> None:
    shelf = BlockingFeatureReader()
    with Shop.of(FakeRelease(), shelf, deadline_seconds=0.2).client() as client:
        late = client.get(PATH)
        shelf.opened.set()
        assert client.get(PATH).status_code == 200
    assert (late.status_code, late.headers["retry-after"]) == (503, "1")
    assert late.json()["detail"] == "The answer would come too late. Try again after Retry-After seconds."
    assert 0.2 <= late.elapsed.total_seconds() < 2


def test_probes_and_counts_are_answered_whatever_waits() -> None:
    shelf = BlockingFeatureReader()
    shop = Shop.of(FakeRelease(), shelf, max_waiting=1)
    with shop.client() as client, ThreadPoolExecutor(1) as callers:
        held = callers.submit(client.get, PATH)
        while not shop.worker.load_shedder.waiting:
            pass
        assert client.get("/livez").status_code == client.get("/metrics").status_code == 200
        assert client.get(PATH).status_code == 429
        shelf.opened.set()
        assert held.result().status_code == 200


def test_all_who_arrived_are_counted_before_the_first_is_worked_for() -> None:
    worked: list[int] = []

    async def caller(pressure: LoadShedder, number: int) -> int:
        try:
            async with pressure.admit():
                await asyncio.sleep(0)
                worked.append(pressure.waiting)
        except Problem as problem:
            return problem.status
        return number

    async def crowd() -> list[int]:
        pressure = LoadShedder(max_waiting=3, deadline_seconds=5)
        return await asyncio.gather(*(caller(pressure, number) for number in range(5)))

    assert asyncio.run(crowd()) == [0, 1, 2, 429, 429]
    assert worked == [3, 2, 1]


def test_who_is_late_when_his_turn_comes_is_not_worked_for() -> None:
    for asked in ({"customer_ids": ["ann"]}, {"customer_ids": ["ann"] * 20}):
        shelf = BlockingFeatureReader()
        shelf.opened.set()
        with Shop.of(FakeRelease(), shelf, deadline_seconds=0.0).client() as client:
            assert client.post("/v1/predictions", json=asked).status_code == 503
            assert "predictions_total{" not in client.get("/metrics").text
