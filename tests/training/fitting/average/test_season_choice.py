"""Season choice: cutoffs of the same season count more where they predicted better, and never in a first year."""

from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.simulated_rows import Pace, btyd_answers, simulate_shop
from training.dataset.plan import YEAR_DAYS
from training.fitting.average.cutoff_weights import SeasonWeights
from training.fitting.average.season_choice import choose_season_weights

pytestmark = pytest.mark.slow

THREE_YEARS = 3 * YEAR_DAYS + 60
STEP, HORIZON = 20, 60


def yearly(day: Floats) -> Floats:
    return 1 + 0.9 * np.sin(2 * np.pi * day / YEAR_DAYS)


def misleading(day: Floats) -> Floats:
    """Busy where it was quiet a year before."""
    return 1 + 0.9 * np.sin(2 * np.pi * day / YEAR_DAYS * 1.5)


def season_of(pace: Pace, days: int) -> SeasonWeights:
    cutoffs = range(days - STEP * ((days - 100) // STEP), days + 1, STEP)
    answers = btyd_answers(simulate_shop(days, 150, pace).rows(cutoffs))
    return choose_season_weights(answers, days, HORIZON)


def test_a_season_that_comes_again_every_year_counts() -> None:
    assert season_of(yearly, THREE_YEARS) is SeasonWeights.SEASONAL


@pytest.mark.parametrize("pace", [np.ones_like, misleading], ids=["steady", "misleading"])
def test_a_season_that_does_not_come_again_never_counts_in_full(pace: Pace) -> None:
    assert season_of(pace, THREE_YEARS) is not SeasonWeights.SEASONAL


def test_in_a_first_year_all_cutoffs_count_alike() -> None:
    assert season_of(yearly, YEAR_DAYS) is SeasonWeights.EQUAL


def test_where_no_earlier_origin_has_a_year_before_it_both_count() -> None:
    assert season_of(yearly, YEAR_DAYS + 110) is SeasonWeights.MIXED
