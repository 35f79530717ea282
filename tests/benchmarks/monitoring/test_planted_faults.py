"""Planted faults: each is found on Complete Journey, where distributions see it or the volume does."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pandas as pd
import pytest

from benchmarks.monitoring.drift import DriftLook, look
from benchmarks.monitoring.planted_faults import FAULT_DAYS, FAULTS
from benchmarks.monitoring.run import FIRST, read_baskets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def baskets() -> pd.DataFrame:
    return read_baskets()


@pytest.fixture(scope="module")
def look_at(baskets: pd.DataFrame) -> Callable[[str], DriftLook]:
    """The look at the drift after a fault, each made once."""
    return cache(lambda fault: look(baskets, FIRST, FIRST + FAULT_DAYS, FAULTS[fault]))


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "none"])
def test_a_planted_fault_alarms(look_at: Callable[[str], DriftLook], fault: str) -> None:
    assert look_at(fault).alarms


@pytest.mark.parametrize("fault", ["a quarter of the baskets doubled", "a tenth of the baskets lost"])
def test_the_volume_sees_what_no_distribution_does(look_at: Callable[[str], DriftLook], fault: str) -> None:
    found = look_at(fault)
    assert found.largest_psi < 0.1
    assert "all" in found.volume_alarms


def test_four_healthy_weeks_are_quiet_while_a_counter_of_the_lifetime_moves(
    baskets: pd.DataFrame, look_at: Callable[[str], DriftLook]
) -> None:
    assert not look_at("none").alarms
    months_later = look(baskets, FIRST, FIRST + 6 * FAULT_DAYS, FAULTS["none"])
    assert months_later.input_alarms == ()
    assert months_later.lifetime_psi > 0.3
