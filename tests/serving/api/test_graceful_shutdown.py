"""Graceful shutdown: a worker that receives a signal to stop reports itself not ready before it stops."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator

import pytest

from serving.api.graceful_shutdown import GracefulShutdown
from tests.serving.fakes import FakeRelease, Shop

ANN = "/v1/customers/ann/predictions"


@pytest.fixture
def received_signals() -> Iterator[list[int]]:
    """The signals that reach the handlers of the server."""
    signals: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _: signals.append(number))
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_server_hears_of_the_signal_a_while_after_the_worker(received_signals: list[int]) -> None:
    async def stop_worker() -> None:
        shutdown = GracefulShutdown(drain_seconds=0.05)
        shutdown.install_signal_handlers()
        signal.raise_signal(signal.SIGTERM)
        assert shutdown.draining
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(0.01)
        assert received_signals == []
        await asyncio.sleep(0.1)

    asyncio.run(stop_worker())
    assert received_signals == [signal.SIGTERM]


def test_a_second_interrupt_does_not_wait(received_signals: list[int]) -> None:
    async def stop_worker() -> None:
        GracefulShutdown(drain_seconds=60).install_signal_handlers()
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    asyncio.run(stop_worker())
    assert received_signals == [signal.SIGINT]


def test_a_worker_that_leaves_answers_and_closes_and_is_not_ready() -> None:
    shop = Shop.of(FakeRelease())
    with shop.client() as client:
        assert "connection" not in client.get(ANN).headers
        shop.worker.shutdown.draining = True
        response, probe = client.get(ANN), client.get("/readyz")
    assert (response.status_code, response.headers["connection"]) == (200, "close")
    assert (probe.status_code, probe.headers["connection"]) == (503, "close")
    assert probe.json()["detail"] == "This worker is about to stop. Ask another."
