"""Assignment: arms come as often as their probabilities, few customers move, and every machine draws the same."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from features.arrays import Codes
from training.experiments.record.assignment import arm_uniforms, decision_ids, draw_arms, group_owners

SECRET = b"s" * 32
CUSTOMERS = [f"c{number}" for number in range(20_000)]
ARMS = ("none", "five", "ten", "twenty")
CATALOGUE = [(0.25, 0.25, 0.25, 0.25), (0.1, 0.2, 0.3, 0.4), (0.05, 0.05, 0.05, 0.85), (0.5, 0.5, 0.0, 0.0)]


def draw(probabilities: tuple[float, ...], experiment_id: str = "win-back", epoch: int | None = None) -> Codes:
    return draw_arms(arm_uniforms(CUSTOMERS, ARMS, experiment_id, SECRET, epoch), np.array(probabilities))


@pytest.mark.parametrize("probabilities", CATALOGUE)
@pytest.mark.parametrize("experiment_id", ["win-back", "welcome", "a"])
def test_arms_come_as_often_as_their_probabilities(probabilities: tuple[float, ...], experiment_id: str) -> None:
    counts = np.bincount(draw(probabilities, experiment_id), minlength=4)
    n = len(CUSTOMERS)
    for count, p in zip(counts, probabilities, strict=True):
        assert abs(count - n * p) <= 4 * np.sqrt(n * p * (1 - p))


@pytest.mark.parametrize("before", CATALOGUE)
@pytest.mark.parametrize("after", CATALOGUE)
def test_new_probabilities_move_hardly_more_customers_than_they_must(
    before: tuple[float, ...], after: tuple[float, ...]
) -> None:
    moved = float((draw(before) != draw(after)).mean())
    least = sum(abs(a - b) for a, b in zip(before, after, strict=True)) / 2
    assert moved <= 1.3 * least


def test_the_move_of_the_documentation_is_24_percent() -> None:
    moved = (draw(CATALOGUE[0]) != draw(CATALOGUE[1])).mean()
    assert moved == pytest.approx(0.24, abs=0.01)


def test_a_growing_arm_loses_no_customer_to_one_that_shrinks() -> None:
    before, after = draw(CATALOGUE[0]), draw(CATALOGUE[1])
    assert not ((before == 3) & (after != 3)).any()
    assert not ((after == 0) & (before != 0)).any()


def test_an_arm_with_probability_zero_is_never_drawn() -> None:
    assert set(draw((0.5, 0.5, 0.0, 0.0)).tolist()) == {0, 1}


def test_experiments_are_independent_of_each_other() -> None:
    table = np.histogram2d(draw(CATALOGUE[0]), draw(CATALOGUE[0], "welcome"), bins=4)[0]
    expected = len(CUSTOMERS) / 16
    chi_square = float(((table - expected) ** 2 / expected).sum())
    assert chi_square < 27.9  # 99.9 % point of 9 degrees of freedom


def test_epochs_draw_again_only_where_asked() -> None:
    assert (draw(CATALOGUE[0], epoch=1) != draw(CATALOGUE[0], epoch=2)).mean() == pytest.approx(0.75, abs=0.02)
    assert (draw(CATALOGUE[0]) == draw(CATALOGUE[0])).all()


def test_probabilities_may_differ_by_customer() -> None:
    uniforms = arm_uniforms(CUSTOMERS, ARMS, "win-back", SECRET)
    rows = np.tile(np.array([0.25] * 4), (len(CUSTOMERS), 1))
    rows[::2] = [0, 0, 0, 1]
    drawn = draw_arms(uniforms, rows)
    assert (drawn[::2] == 3).all()
    assert (drawn[1::2] == draw(CATALOGUE[0])[1::2]).all()


def test_another_process_draws_the_same_arms() -> None:
    program = (
        "import numpy as np; from training.experiments.record.assignment import *;"
        f"u = arm_uniforms({CUSTOMERS[:200]!r}, {ARMS!r}, 'win-back', {SECRET!r});"
        "print(draw_arms(u, np.array([.1, .2, .3, .4])).tolist())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert answer.stdout.strip() == str(draw((0.1, 0.2, 0.3, 0.4))[:200].tolist())


def test_another_secret_draws_other_arms() -> None:
    other = draw_arms(arm_uniforms(CUSTOMERS, ARMS, "win-back", b"t" * 32), np.array(CATALOGUE[0]))
    assert (other != draw(CATALOGUE[0])).mean() == pytest.approx(0.75, abs=0.02)


def test_experiments_of_a_group_split_the_customers_evenly() -> None:
    owners = group_owners(CUSTOMERS, "win-back", ["a", "b", "c"], SECRET)
    counts = np.bincount(owners, minlength=3)
    assert (np.abs(counts - len(CUSTOMERS) / 3) <= 4 * np.sqrt(len(CUSTOMERS) * 2 / 9)).all()


def test_another_experiment_of_the_group_moves_no_customer_between_the_others() -> None:
    two = np.array(["a", "b"])[group_owners(CUSTOMERS, "win-back", ["a", "b"], SECRET)]
    three = np.array(["c", "b", "a"])[group_owners(CUSTOMERS, "win-back", ["c", "b", "a"], SECRET)]
    assert set(three[two != three].tolist()) == {"c"}


def test_a_decision_has_one_id_for_each_experiment_epoch_and_customer() -> None:
    ids = [
        *decision_ids(["ann", "bob"], "win-back", SECRET),
        *decision_ids(["ann"], "welcome", SECRET),
        *decision_ids(["ann"], "win-back", SECRET, 1),
        *decision_ids(["ann"], "win-back", SECRET, 2),
        *decision_ids(["ann"], "win-back", b"t" * 32),
    ]
    assert len(set(ids)) == len(ids)
    assert all(len(decision_id) == 32 for decision_id in ids)
    assert decision_ids(["ann"], "win-back", SECRET) == (ids[0],)
