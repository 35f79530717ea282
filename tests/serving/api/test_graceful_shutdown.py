"""A worker that is told to stop says so before it does."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from serving.api.graceful_shutdown import GracefulShutdown
from tests.serving.fakes import FakeRelease, Shop

ANN = "/v1/customers/ann/predictions"


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What the server behind hears of signals."""
    signals: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _: signals.append(number))
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_server_hears_of_the_signal_a_while_after_the_worker(heard: list[int]) -> None:
    async def leave() -> None:
        departure = GracefulShutdown(drain_seconds=0.05)
        departure.install_signal_handlers()
        signal.raise_signal(signal.SIGTERM)
        assert departure.draining
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0.01)
        assert heard == []
        await asyncio.sleep(0.1)

    asyncio.run(leave())
    assert heard == [signal.SIGTERM]


def test_a_second_interrupt_does_not_wait(heard: list[int]) -> None:
    async def leave() -> None:
        GracefulShutdown(drain_seconds=60).install_signal_handlers()
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    asyncio.run(leave())
    assert heard == [signal.SIGINT]


def test_a_worker_that_leaves_answers_and_closes_and_is_not_ready() -> None:
    shop = Shop.of(FakeRelease())
    with shop.client() as client:
        assert "connection" not in client.get(ANN).headers
        shop.worker.shutdown.draining = True
        answered, probed = client.get(ANN), client.get("/readyz")
    assert (answered.status_code, answered.headers["connection"]) == (200, "close")
    assert (probed.status_code, probed.headers["connection"]) == (503, "close")
    assert probed.json()["detail"] == "This worker is about to stop. Ask another."
