from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.calendar import DAY_US, day_number
from pipelines.home import Home
from pipelines.learning.experiments.units import UnitSource, experiment_units
from tests.pipelines.learning.histories import (
    FIRST_DAY,
    ZONE,
    as_of,
    at,
    decision,
    order,
    outcome,
    start_experiment,
    write_history,
)
from training.experiments.units import Units

DAILY = [order("zoe", at(day), 1.0) for day in range(90)]  # the shop sells every day


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def units_of(home: Home, day: int = 60, **fields: Any) -> Units:  # noqa: ANN401 - any field of the record
    return experiment_units(home, start_experiment(home.folder, **fields), as_of(day), ZONE)


def test_an_order_counts_from_the_instant_of_the_decision_and_not_at_the_end_of_the_window(home: Home) -> None:
    end = at(0) + 28 * DAY_US
    orders = [
        order("ann", at(0) - 1, 5.0),
        order("ann", at(0), 10.0),
        order("ann", end - 1, 20.0),
        order("ann", end, 40.0),
    ]
    write_history(home, [*orders, *DAILY], [decision("ann", at(0))])
    units = units_of(home)
    assert units.values["spend_28d"].tolist() == [30.0]
    assert units.values["orders_28d"].tolist() == [2.0]
    assert units.delay_days["spend_28d"].tolist() == [0.0]


def test_returns_are_part_of_spend(home: Home) -> None:
    write_history(home, [order("ann", at(1), 50.0), order("ann", at(3), -20.0), *DAILY], [decision("ann", at(0))])
    assert units_of(home).values["spend_28d"].tolist() == [30.0]


def test_an_outcome_counts_on_the_day_its_window_is_over_and_not_before(home: Home) -> None:
    write_history(home, [order("ann", at(3), 50.0), *DAILY], [decision("ann", at(0, 0)), decision("bob", at(0, 1))])
    assert np.isnan(units_of(home, 27).values["spend_28d"]).all()
    assert np.array_equal(units_of(home, 28).values["spend_28d"], [50.0, np.nan], equal_nan=True)
    assert units_of(home, 27).delay_days["spend_28d"].tolist() == [3.5, np.inf]


def test_an_outcome_waits_for_orders_that_are_recorded_late(home: Home) -> None:
    late = order("ann", at(3), 50.0, recorded_at_us=at(5))
    write_history(home, [late, *DAILY], [decision("ann", at(0, 0))])
    assert np.isnan(units_of(home, 29).values["spend_28d"]).tolist() == [True]
    assert units_of(home, 30).values["spend_28d"].tolist() == [50.0]


def test_the_days_after_the_end_of_the_log_are_not_over(home: Home) -> None:
    write_history(home, [order("ann", at(3), 50.0), order("bob", at(20), 9.0)], [decision("ann", at(0, 0))])
    assert np.isnan(units_of(home, 60).values["spend_28d"]).tolist() == [True]


def test_a_customer_counts_once_at_the_first_decision(home: Home) -> None:
    twice = [decision("ann", at(4), "mail", epoch=2), decision("ann", at(0), "none")]
    write_history(home, DAILY, twice)
    units = units_of(home)
    assert (units.arm.tolist(), units.day.tolist()) == ([0], [day_number(FIRST_DAY)])


def test_without_sticky_each_epoch_counts_by_itself(home: Home) -> None:
    rows = [decision("ann", at(0)), decision("ann", at(4), "mail", epoch=2), decision("ann", at(5), "mail", epoch=2)]
    write_history(home, DAILY, rows)
    units = units_of(home, sticky=False)
    assert (units.arm.tolist(), units.epoch.tolist()) == ([0, 1], [1, 2])


def test_other_experiments_and_customers_who_drew_no_arm_are_left_out(home: Home) -> None:
    rows = [
        decision("ann", at(0)),
        decision("bob", at(0), experiment_id="other"),
        decision("cat", at(0), reason="holdout"),
        decision("dan", at(70)),
    ]
    write_history(home, DAILY, rows)
    assert len(units_of(home, 60)) == 1


def test_the_covariates_are_what_was_known_before_the_decision(home: Home) -> None:
    orders = [
        order("ann", at(-84), 1.0),
        order("ann", at(-85), 2.0),
        order("ann", at(-1), 4.0),
        order("ann", at(0), 8.0),
    ]
    write_history(home, [*orders, *DAILY], [decision("ann", at(0), predicted_orders=0.5), decision("bob", at(1))])
    covariates = units_of(home).covariates
    assert np.array_equal(covariates, [[0.5, np.nan, 2, 5], [np.nan, np.nan, 0, 0]], equal_nan=True)


def test_an_event_counts_by_its_canonical_kind_once_and_only_for_its_own_experiment(home: Home) -> None:
    rows = [decision("ann", at(0)), decision("bob", at(0)), decision("cat", at(0))]
    outcomes = [
        outcome("ann", at(1), "unsubscribe"),
        outcome("ann", at(2), "unsubscribe"),
        outcome("bob", at(1), "unsubscribe", decision_id="of another experiment"),
        outcome("cat", at(1), "click"),
    ]
    write_history(home, DAILY, rows, outcomes)
    units = units_of(home, outcome={"kind": "event", "name": "Unsubscribe", "within_days": 7})
    assert units.values["Unsubscribe_7d"].tolist() == [1.0, 0.0, 0.0]


def test_probabilities_that_were_not_logged_are_nan(home: Home) -> None:
    write_history(home, DAILY, [decision("ann", at(0), probabilities=None), decision("bob", at(1))])
    assert np.isnan(units_of(home).probabilities[:, 0]).tolist() == [True, False]


def test_the_day_of_a_decision_is_a_day_of_the_shop(home: Home) -> None:
    write_history(home, DAILY, [decision("ann", at(0, 0)), decision("bob", at(1, 0) - 1)])
    assert units_of(home).day.tolist() == [day_number(FIRST_DAY)] * 2


def test_the_segments_are_positions_in_their_names(home: Home) -> None:
    rows = [decision("ann", at(0), segment="gold"), decision("bob", at(1)), decision("cat", at(2), segment="base")]
    write_history(home, DAILY, rows)
    units = units_of(home)
    assert (units.segments, units.segment.tolist()) == (("base", "gold"), [1, -1, 0])


def test_the_day_of_maturity_is_the_first_on_which_the_last_decision_counts(home: Home) -> None:
    write_history(home, [order("ann", at(3), 50.0), *DAILY], [decision("ann", at(0)), decision("bob", at(4))])
    started = start_experiment(home.folder)
    day = UnitSource.open(home, started, as_of(10), ZONE).matures_on()
    assert day is not None
    number = (day - FIRST_DAY).days
    assert np.isnan(units_of(home, number - 1).values["spend_28d"]).any()
    assert not np.isnan(units_of(home, number).values["spend_28d"]).any()


def test_a_home_without_decisions_has_no_units(home: Home) -> None:
    write_history(home, DAILY)
    (home.history / "decisions.parquet").unlink()
    assert len(units_of(home)) == 0
