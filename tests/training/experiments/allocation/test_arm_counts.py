from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.experiments.allocation.cases import NEVER, random_units, units_of
from training.experiments.allocation.arm_counts import count_arms


def test_units_are_counted_by_segment_day_and_arm_and_those_without_a_segment_come_last() -> None:
    rows = [(0, 9.5, 1.0), (1, 9.5, NEVER), (1, 8.5, 2.0), (0, 8.5, NEVER)]
    counts = count_arms(units_of(rows, segment=[0, 0, 0, -1], segments=("gold",)), "order_7d", 7)
    assert counts.days_ago.tolist() == [1, 0]
    assert counts.units[0].tolist() == [[[1, 1], [0, 1]], [[0, 0], [1, 0]]]
    assert counts.conversions[0].tolist() == [[[1, 0], [0, 1]], [[0, 0], [0, 0]]]


def test_epochs_of_one_day_are_strata_of_their_own() -> None:
    units = units_of([(0, 9.5, 1.0), (1, 9.5, NEVER)])
    counts = count_arms(replace(units, epoch=np.array([1, 2])), "order_7d", 7)
    assert counts.units[0, 0].tolist() == [[1, 0], [0, 1]]


def test_a_unit_counts_for_the_share_of_conversions_expected_by_its_age() -> None:
    matured = [(0, 9.5, 0.5), (1, 9.5, 0.5), (0, 9.5, 3.5), (1, 9.5, 3.5)]
    counts = count_arms(units_of([*matured, (0, 2.5, NEVER), (1, 0.5, NEVER)]), "order_7d", 7)
    assert counts.exposure[0, 0].tolist() == [[2, 2], [0.5, 0], [0, 0]]
    assert counts.units[0, 0].tolist() == [[2, 2], [1, 0], [0, 0]]  # the last has not finished a day


def test_where_the_delays_of_the_arms_differ_matured_units_alone_count() -> None:
    rng = np.random.default_rng(3)
    counts = count_arms(random_units(rng, 6000, (0.3, 0.3), (3, 1)), "order_7d", 7)
    young = counts.days_ago < 7
    assert not counts.units[:, :, young].any()
    assert (counts.exposure[:, :, ~young] == counts.units[:, :, ~young]).all()


def test_merged_counts_have_the_same_totals() -> None:
    rng = np.random.default_rng(4)
    units = replace(
        random_units(rng, 500, (0.3, 0.3), (1, 1)), segments=("a", "b"), segment=rng.integers(-1, 2, 500, np.int8)
    )
    counts = count_arms(units, "order_7d", 7)
    for merged in (counts.merge_segments(), counts.merge_strata()):
        for name in ("units", "exposure", "conversions"):
            assert getattr(merged, name).sum((1, 2)) == pytest.approx(getattr(counts, name).sum((1, 2)))
    assert counts.merge_segments().units.shape == (1, 1, 60, 2)
    assert counts.merge_strata().units.shape == (1, 3, 1, 2)


def test_an_experiment_without_units_has_no_strata() -> None:
    assert count_arms(units_of([]), "order_7d", 7).units.shape == (1, 1, 0, 2)
