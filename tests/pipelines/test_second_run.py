"""Second run: on the same log and day it changes nothing."""

from __future__ import annotations

import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import AS_OF
from tests.pipelines.state import home_state

pytestmark = pytest.mark.slow


def test_a_second_run_changes_nothing(trained_shop: Flywheel) -> None:
    before = home_state(trained_shop.home)
    repeated = trained_shop("run", "--as-of", shops.day(AS_OF), "--json")
    assert (repeated.status, repeated.summary["trained"], repeated.summary["release"]) == (0, "1", "1")
    assert home_state(trained_shop.home) == before
    assert before["left over"] == []
