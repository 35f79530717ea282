"""Results by arm: an arm of few customers says nothing of them beside the others."""

from __future__ import annotations

from datetime import date

import numpy as np

from tests.training.experiments.customers import results, units
from tests.training.experiments.records import experiment

NAMES, SHARES = ("none", "ten-percent", "rare"), (0.499, 0.499, 0.002)


def test_an_arm_of_few_customers_has_no_conversions_beside_the_others() -> None:
    arm = np.r_[np.repeat([0, 1], 400), [2]]
    customers = units(
        np.r_[np.tile(np.arange(400) < 60, 2), [True]], arm, arms=NAMES, probabilities=np.tile(SHARES, (801, 1))
    )
    arms = [{"name": n, "control": n == "none", "share": share} for n, share in zip(NAMES, SHARES, strict=True)]
    record = experiment(arms=arms)
    for day in (date(2027, 4, 1), date(2027, 6, 1)):  # between the looks, and at the end
        none, ten, rare = results(record, customers, day).arms
        assert (none.conversions, ten.conversions) == (60, 60)
        assert rare.refusal is not None
        assert (rare.decided, rare.matured, rare.conversions, rare.mean, rare.effect) == (1, 1, None, None, None)
