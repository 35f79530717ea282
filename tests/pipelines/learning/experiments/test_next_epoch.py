"""Next epoch: written once a day, only for a running adaptive experiment whose probabilities changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from features.calendar import micros
from pipelines.home import Home
from pipelines.learning.experiments.next_epoch import SMALLEST_CHANGE, append_next_epoch, is_due
from pipelines.learning.experiments.units import experiment_units
from tests.pipelines.learning import histories
from tests.training.experiments.allocation.cases import experiment, random_units
from training.experiments.allocation import next_probabilities
from training.experiments.record.epochs import Epoch
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.started_experiment import Change
from training.experiments.units import Units

ZONE = ZoneInfo("Europe/London")
STARTED = datetime(2027, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
EVEN = random_units(np.random.default_rng(1), 3000, (0.2, 0.2, 0.2), (2, 2, 2))
WINNER = random_units(np.random.default_rng(1), 3000, (0.1, 0.1, 0.2), (2, 2, 2))


@pytest.fixture
def folder(tmp_path: Path) -> ExperimentFolder:
    return ExperimentFolder(tmp_path)


def start(folder: ExperimentFolder, record: Experiment | None = None) -> None:
    folder.start(record or experiment(3), micros(STARTED), "cli")


def learn(folder: ExperimentFolder, at: datetime, units: Units = WINNER) -> Epoch | None:
    """Append the next epoch if one is due, as the nightly run does."""
    started, today = folder.read("win-back"), at.astimezone(ZONE).date()
    if not is_due(started, folder.epochs("win-back"), today, ZONE):
        return None
    return append_next_epoch(folder, started, units, micros(at))


def test_the_next_epoch_favours_the_winner_and_keeps_the_floor_of_the_control(folder: ExperimentFolder) -> None:
    start(folder)
    epoch = learn(folder, STARTED + DAY)
    assert epoch is not None
    assert (epoch.number, epoch.began_at, epoch.reason) == (2, micros(STARTED + DAY), "nightly")
    assert epoch.probabilities[""][2] > 0.85
    assert epoch.probabilities[""][0] >= 0.05
    assert folder.epochs("win-back")[1:] == [epoch]


def test_a_second_run_of_the_day_adds_nothing_even_with_other_outcomes(folder: ExperimentFolder) -> None:
    start(folder)
    assert learn(folder, STARTED + DAY) is not None
    assert learn(folder, STARTED + DAY + timedelta(hours=10), EVEN) is None
    assert learn(folder, STARTED + 2 * DAY, EVEN) is not None


def test_where_nothing_changed_the_epoch_stays(folder: ExperimentFolder) -> None:
    start(folder)
    first = learn(folder, STARTED + DAY)
    assert first is not None
    assert learn(folder, STARTED + 2 * DAY) is None
    assert len(folder.epochs("win-back")) == 2


def test_the_same_outcomes_give_the_same_epoch_in_another_home(folder: ExperimentFolder, tmp_path: Path) -> None:
    other = ExperimentFolder(tmp_path / "other")
    start(folder)
    start(other)
    assert learn(folder, STARTED + DAY) == learn(other, STARTED + DAY)


def test_during_the_warm_up_the_first_epoch_stays(folder: ExperimentFolder) -> None:
    start(folder, experiment(3, warm_up={"units": 5000, "conversions": 40}))
    assert learn(folder, STARTED + DAY) is None


def test_a_first_split_below_the_floor_is_lifted_on_the_first_night(folder: ExperimentFolder) -> None:
    record = experiment(3, floor=0.05, warm_up={"units": 5000, "conversions": 40}).model_dump()
    for arm, share in zip(record["arms"], (0.049, 0.151, 0.8), strict=True):
        arm["share"] = share
    start(folder, Experiment.model_validate(record))
    epoch = learn(folder, STARTED + DAY)
    assert epoch is not None
    assert min(epoch.probabilities[""]) >= 0.05


def test_a_weekly_split_changes_after_a_week(folder: ExperimentFolder) -> None:
    start(folder, experiment(3, every="week"))
    assert learn(folder, STARTED + DAY) is not None
    assert learn(folder, STARTED + 7 * DAY, EVEN) is None
    assert learn(folder, STARTED + 8 * DAY, EVEN) is not None


def test_an_arm_that_was_taken_out_stays_out_and_the_night_of_the_change_still_counts(folder: ExperimentFolder) -> None:
    start(folder)
    folder.append_change("win-back", Change(kind="remove_arm", at=micros(STARTED + DAY), actor="cli", arm="arm-2"))
    units = random_units(np.random.default_rng(2), 4000, (0.1, 0.2, 0.3), (2, 2, 2))
    epoch = learn(folder, STARTED + DAY + timedelta(hours=1), units)
    assert epoch is not None
    assert epoch.number == 3
    assert epoch.probabilities[""][2] == 0
    assert epoch.probabilities[""][1] > 0.85
    assert epoch.probabilities[""][0] >= 0.05


def test_a_stopped_an_ended_and_a_fixed_experiment_have_no_next_epoch(folder: ExperimentFolder, tmp_path: Path) -> None:
    start(folder)
    assert learn(folder, datetime(2027, 4, 12, 9, tzinfo=UTC)) is None
    folder.append_change("win-back", Change(kind="stop", at=micros(STARTED), actor="cli"))
    assert learn(folder, STARTED + DAY) is None
    fixed = ExperimentFolder(tmp_path / "fixed")
    record = experiment(3).model_dump()
    record["allocation"] = {"kind": "fixed"}
    start(fixed, Experiment.model_validate(record))
    assert learn(fixed, STARTED + DAY) is None


def test_a_day_is_a_day_of_the_shop(folder: ExperimentFolder) -> None:
    start(folder, experiment(3))
    assert learn(folder, datetime(2027, 3, 30, 22, 30, tzinfo=UTC)) is not None  # 23:30 in London, summer time
    assert learn(folder, datetime(2027, 3, 30, 23, 30, tzinfo=UTC), EVEN) is not None  # 00:30 of the next day


def test_the_noise_of_the_draws_is_below_the_smallest_change() -> None:
    probabilities = [next_probabilities(EVEN, experiment(3), np.random.default_rng(seed))[""] for seed in range(12)]
    assert 0 < np.std(probabilities, axis=0).max() < SMALLEST_CHANGE


def test_the_outcomes_of_the_history_decide(tmp_path: Path) -> None:
    home, folder = Home(tmp_path), ExperimentFolder(tmp_path)
    allocation = {"kind": "adaptive", "floor": 0.1, "warm_up": {"units": 100, "conversions": 10}}
    started = histories.start_experiment(tmp_path, outcome={"kind": "order", "within_days": 7}, allocation=allocation)
    customers = [(f"c{number}", "mail" if number % 2 else "none") for number in range(400)]
    decisions = [histories.decision(name, histories.at(0), arm) for name, arm in customers]
    buyers = [name for number, (name, arm) in enumerate(customers) if number % 20 < 4 or (arm == "mail" and number % 3)]
    orders = [histories.order(name, histories.at(2), 10.0) for name in buyers]
    histories.write_history(home, orders, decisions)
    before, after = (
        append_next_epoch(
            folder, started, experiment_units(home, started, histories.as_of(day), histories.ZONE), histories.at(day)
        )
        for day in (1, 9)
    )
    assert before is None  # nobody ordered by then: the warm-up is not over
    assert after is not None
    assert (after.number, after.began_at) == (2, histories.at(9))
    assert after.probabilities[""] == pytest.approx((0.1, 0.9), abs=0.01)
