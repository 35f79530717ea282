from __future__ import annotations

import numpy as np
import pytest

from training.experiments.sequential.holm import LookSchedule, decided_arms

END = LookSchedule([10_000.0], [1.0])


def test_one_arm_is_decided_beyond_1_96_at_a_single_look() -> None:
    assert decided_arms({"a": 1.97}, END, 0.05, ()) == ["a"]
    assert decided_arms({"a": -1.97}, END, 0.05, ()) == ["a"]
    assert decided_arms({"a": 1.95}, END, 0.05, ()) == []


def test_the_strongest_arm_needs_more_and_leaves_its_alpha_to_the_next() -> None:
    assert decided_arms({"a": 2.0, "b": 2.1}, END, 0.05, ()) == []  # 2.24 for the first of two
    assert decided_arms({"a": 2.0, "b": 2.3}, END, 0.05, ()) == ["a", "b"]
    assert decided_arms({"a": 1.9, "b": 2.3}, END, 0.05, ()) == ["b"]


def test_an_arm_decided_at_an_earlier_look_stays_decided_and_leaves_its_alpha() -> None:
    assert decided_arms({"a": 2.0, "b": 0.5}, END, 0.05, {"b"}) == ["a", "b"]


def test_an_early_look_needs_a_larger_effect() -> None:
    early = LookSchedule([2_500.0], [0.25])
    assert early.bound(0.05) == pytest.approx(4.333, abs=0.001)
    assert decided_arms({"a": 4.2}, early, 0.05, ()) == []
    assert early.alpha_spent(0.05) < 1e-4
    assert END.alpha_spent(0.05) == pytest.approx(0.05)


def test_of_three_arms_without_a_difference_any_is_decided_in_at_most_6_percent_over_all_looks() -> None:
    rng, runs, wrong = np.random.default_rng(0), 2_000, 0
    shares = [0.25, 0.5, 0.75, 1.0]
    # The mean of four arms in quarters; the arms share one control.
    sums = rng.normal(size=(runs, 4, 4)).cumsum(axis=1) / np.sqrt(np.arange(1, 5))[None, :, None]
    z = (sums[:, :, 1:] - sums[:, :, :1]) / np.sqrt(2)
    schedules = [LookSchedule([1_000.0 * (k + 1) for k in range(look)], shares[:look]) for look in range(1, 5)]
    smallest = np.array([schedule.bound(0.05 / 3) for schedule in schedules])
    for run in np.flatnonzero((np.abs(z) > smallest[None, :, None]).any(axis=(1, 2))):
        decided: list[str] = []
        for look, schedule in enumerate(schedules):
            statistics = dict(zip("abc", map(float, z[run, look]), strict=True))
            decided = decided_arms(statistics, schedule, 0.05, decided)
        wrong += bool(decided)
    assert 0.02 <= wrong / runs <= 0.06
