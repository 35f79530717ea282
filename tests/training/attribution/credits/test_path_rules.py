"""Path rules on three paths that are computed by hand."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest

from features.arrays import Floats
from training.attribution.credits.conversion_paths import ConversionPaths
from training.attribution.credits.markov import MarkovChain, markov
from training.attribution.credits.path_rules import first_touch, last_touch, linear
from training.attribution.credits.shapley import shapley

CHANNELS = ("email", "push", "sms")
# 10 customers: email > push converts 4 of 6 times, push once in 2, sms > email > sms never in 2.
PATHS = ConversionPaths.from_sequences(
    CHANNELS, [("email", "push"), ("push",), ("sms", "email", "sms")], conversions=[4, 1, 0], nulls=[2, 1, 2]
)
Rule = Callable[[ConversionPaths], Floats]
RULES: tuple[Rule, ...] = (last_touch, first_touch, linear, markov, shapley)


def test_the_last_touch_gets_the_conversion() -> None:
    np.testing.assert_allclose(last_touch(PATHS), [0, 5, 0])


def test_the_first_touch_gets_the_conversion() -> None:
    np.testing.assert_allclose(first_touch(PATHS), [4, 1, 0])


def test_linear_divides_a_conversion_among_the_touches() -> None:
    np.testing.assert_allclose(linear(PATHS), [2, 3, 0])


def test_a_channel_that_touched_twice_counts_twice_for_linear_and_once_for_shapley() -> None:
    paths = ConversionPaths.from_sequences(CHANNELS, [("email", "push", "push")], [3], [0])
    np.testing.assert_allclose(linear(paths), [1, 2, 0])
    np.testing.assert_allclose(shapley(paths), [1.5, 1.5, 0])


def test_the_chain_converts_as_often_as_the_paths() -> None:
    assert MarkovChain.fit(PATHS).conversion_probability() == pytest.approx(5 / 10)


def test_the_removal_effects_are_those_computed_by_hand() -> None:
    # Start: email 6, push 2, sms 2 of 10. Email (8 visits): push 6, sms 2. Push (8): converts 5, null 3.
    # Sms (4): email 2, null 2. P(push) = 5/8, P(email) = 3/4 * 5/8 + 1/4 * P(sms), P(sms) = P(email) / 2,
    # so P(email) = (15/32) / (7/8) = 15/28 and P(sms) = 15/56.
    # The start converts with .6 * 15/28 + .2 * 5/8 + .2 * 15/56 = .5.
    # Without email: .2 * 5/8 = .125. Without push: 0. Without sms: .6 * 15/32 + .2 * 5/8 = .40625.
    np.testing.assert_allclose(MarkovChain.fit(PATHS).removal_effects(), [0.75, 1.0, 0.1875])
    np.testing.assert_allclose(markov(PATHS), 5 * np.array([0.75, 1.0, 0.1875]) / 1.9375)


def test_shapley_is_the_mean_marginal_worth_over_all_orders_of_joining() -> None:
    channels = ("a", "b", "c", "d")
    sequences = [("a",), ("b", "a"), ("c", "b", "a", "b"), ("d", "c"), ("a", "b", "c", "d"), ("d",)]
    conversions = [3.0, 5, 7, 2, 11, 4]

    def worth(coalition: set[str]) -> float:
        return sum(count for sequence, count in zip(sequences, conversions, strict=True) if {*sequence} <= coalition)

    expected = dict.fromkeys(channels, 0.0)
    for order in permutations(channels):
        for position, channel in enumerate(order):
            expected[channel] += (worth({*order[: position + 1]}) - worth({*order[:position]})) / 24
    paths = ConversionPaths.from_sequences(channels, sequences, conversions, [1] * 6)
    np.testing.assert_allclose(shapley(paths), list(expected.values()))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_hands_out_all_conversions_and_no_more(rule: Rule) -> None:
    assert rule(PATHS).sum() == pytest.approx(5)


@pytest.mark.parametrize("rule", RULES)
def test_without_paths_every_channel_gets_nothing(rule: Rule) -> None:
    np.testing.assert_array_equal(rule(ConversionPaths.from_sequences(CHANNELS, [], [], [])), [0, 0, 0])
