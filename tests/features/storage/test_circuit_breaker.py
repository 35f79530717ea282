"""A store that has been silent is left alone for a while."""

from __future__ import annotations

import pytest

from features.errors import Unreachable
from features.storage.circuit_breaker import Breaker


class Watch:
    """Stands still unless told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


class Silence:
    """A store that answers or does not, and counts who asks."""

    def __init__(self) -> None:
        self.watch = Watch()
        self.breaker = Breaker(1.0, self.watch)
        self.asked = 0
        self.answers = False

    def ask(self) -> None:
        with self.breaker.watching():
            self.asked += 1
            if not self.answers:
                raise Unreachable("nobody there")


def rested() -> Silence:
    """A store that did not answer, as long ago as it takes to be asked again."""
    silence = Silence()
    with pytest.raises(Unreachable, match="nobody there"):
        silence.ask()
    silence.watch.now += 1.0
    return silence


def test_after_a_failure_nobody_asks_until_the_store_has_rested() -> None:
    silence = Silence()
    for _ in range(5):
        with pytest.raises(Unreachable, match="nobody there"):
            silence.ask()
    assert silence.asked == 1
    silence.watch.now += 1.0
    for _ in range(5):
        with pytest.raises(Unreachable, match="nobody there"):
            silence.ask()
    assert silence.asked == 2


def test_one_answer_and_everybody_asks_again() -> None:
    silence = rested()
    silence.answers = True
    for _ in range(5):
        silence.ask()
    assert silence.asked == 6


def test_while_one_tries_the_others_do_not() -> None:
    silence = rested()
    with silence.breaker.watching(), pytest.raises(Unreachable, match="nobody there"):
        silence.ask()
    assert silence.asked == 1


def test_a_store_that_answers_with_another_error_answers() -> None:
    silence = rested()
    with pytest.raises(KeyError), silence.breaker.watching():
        raise KeyError
    silence.answers = True
    silence.ask()
    assert silence.asked == 2
