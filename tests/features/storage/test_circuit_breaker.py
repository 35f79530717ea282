"""Circuit breaker: after a failure the store is not called until the cooldown has ended."""

from __future__ import annotations

import pytest

from features.errors import StoreUnavailable
from features.storage.circuit_breaker import CircuitBreaker


class FakeClock:
    """A clock that only the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class FlakyStore:
    """A store that fails until ``answers`` is set, and counts its requests."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.breaker = CircuitBreaker(1.0, self.clock)
        self.request_count = 0
        self.answers = False

    def request(self) -> None:
        with self.breaker.guard():
            self.request_count += 1
            if not self.answers:
                raise StoreUnavailable("nobody there")


def cooled_down_store() -> FlakyStore:
    """A store that has failed once and whose cooldown has ended."""
    store = FlakyStore()
    with pytest.raises(StoreUnavailable, match="nobody there"):
        store.request()
    store.clock.now += 1.0
    return store


def test_after_a_failure_nobody_asks_until_the_store_has_rested() -> None:
    store = FlakyStore()
    for _ in range(5):
        with pytest.raises(StoreUnavailable, match="nobody there"):
            store.request()
    assert store.request_count == 1
    store.clock.now += 1.0
    for _ in range(5):
        with pytest.raises(StoreUnavailable, match="nobody there"):
            store.request()
    assert store.request_count == 2


def test_one_answer_and_everybody_asks_again() -> None:
    store = cooled_down_store()
    store.answers = True
    for _ in range(5):
        store.request()
    assert store.request_count == 6


def test_while_one_tries_the_others_do_not() -> None:
    store = cooled_down_store()
    with store.breaker.guard(), pytest.raises(StoreUnavailable, match="nobody there"):
        store.request()
    assert store.request_count == 1


def test_a_store_that_answers_with_another_error_answers() -> None:
    store = cooled_down_store()
    with pytest.raises(KeyError), store.breaker.guard():
        raise KeyError
    store.answers = True
    store.request()
    assert store.request_count == 2
