"""A store that has been silent is left alone for a while."""

from __future__ import annotations

import pytest

from features.errors import StoreUnavailable
from features.storage.circuit_breaker import CircuitBreaker


class FakeClock:
    """Stands still unless told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class FlakyStore:
    """A store that answers or does not, and counts who asks."""

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
    """A store that did not answer, as long ago as it takes to be asked again."""
    silence = FlakyStore()
    with pytest.raises(StoreUnavailable, match="nobody there"):
        silence.request()
    silence.clock.now += 1.0
    return silence


def test_after_a_failure_nobody_asks_until_the_store_has_rested() -> None:
    silence = FlakyStore()
    for _ in range(5):
        with pytest.raises(StoreUnavailable, match="nobody there"):
            silence.request()
    assert silence.request_count == 1
    silence.clock.now += 1.0
    for _ in range(5):
        with pytest.raises(StoreUnavailable, match="nobody there"):
            silence.request()
    assert silence.request_count == 2


def test_one_answer_and_everybody_asks_again() -> None:
    silence = cooled_down_store()
    silence.answers = True
    for _ in range(5):
        silence.request()
    assert silence.request_count == 6


def test_while_one_tries_the_others_do_not() -> None:
    silence = cooled_down_store()
    with silence.breaker.guard(), pytest.raises(StoreUnavailable, match="nobody there"):
        silence.request()
    assert silence.request_count == 1


def test_a_store_that_answers_with_another_error_answers() -> None:
    silence = cooled_down_store()
    with pytest.raises(KeyError), silence.breaker.guard():
        raise KeyError
    silence.answers = True
    silence.request()
    assert silence.request_count == 2
