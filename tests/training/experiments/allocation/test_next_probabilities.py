from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from tests.training.experiments.allocation.cases import experiment, random_units, units_of
from training.experiments.allocation import next_probabilities, report_allocation
from training.experiments.allocation.next_probabilities import warm_up_split
from training.experiments.record.experiment import Experiment
from training.experiments.record.started_experiment import Change, StartedExperiment
from training.experiments.units import Units


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def start(record: Experiment) -> StartedExperiment:
    return StartedExperiment(record=record, changes=(Change(kind="start", at=0, actor="cli"),))


def segmented_units(rates: dict[str, tuple[float, float]], customers: int = 3000) -> Units:
    """Return units of segments in which the two arms have these rates."""
    rng = np.random.default_rng(8)
    units = random_units(rng, customers, (1.0, 1.0), (0.01, 0.01))
    segment = rng.integers(len(rates), size=customers).astype(np.int8)
    rate = np.array(list(rates.values()))[segment, units.arm]
    delay = np.where(rng.random(customers) < rate, 0.5, np.inf)
    return replace(units, segments=tuple(rates), segment=segment, delay_days={"order_7d": delay})


def test_the_better_arm_gets_the_traffic_and_the_other_its_floor() -> None:
    units = random_units(generator(), 4000, (0.1, 0.2), (2, 2))
    assert next_probabilities(units, experiment(floor=0.05), generator())[""] == pytest.approx((0.05, 0.95), abs=0.001)


def test_the_same_outcomes_and_draws_give_the_same_probabilities() -> None:
    units = random_units(generator(), 900, (0.1, 0.12), (2, 2))
    assert next_probabilities(units, experiment(), generator()) == next_probabilities(units, experiment(), generator())


def test_each_segment_has_its_own_winner_and_everybody_else_what_holds_on_average() -> None:
    units = segmented_units({"gold": (0.1, 0.3), "silver": (0.3, 0.1)})
    probabilities = next_probabilities(units, experiment(segments="value_tier"), generator())
    assert list(probabilities) == ["gold", "silver", ""]
    assert probabilities["gold"][1] > 0.9
    assert probabilities["silver"][0] > 0.9
    assert 0.3 < probabilities[""][0] < 0.7


def test_without_a_column_of_segments_there_is_one_split() -> None:
    units = segmented_units({"gold": (0.1, 0.3), "silver": (0.1, 0.3)})
    assert list(next_probabilities(units, experiment(), generator())) == [""]


def test_a_small_segment_follows_the_others() -> None:
    rates = {"gold": (0.2, 0.3), "silver": (0.2, 0.3), "bronze": (0.2, 0.3)}
    units = segmented_units(rates, 9000)
    unknown = np.where(units.segment == 2, np.inf, units.delay_days["order_7d"])
    probabilities = next_probabilities(
        replace(units, delay_days={"order_7d": unknown}), experiment(segments="value_tier"), generator()
    )
    assert probabilities["bronze"][1] > 0.8


def test_an_arm_that_was_taken_out_has_nothing_and_the_others_keep_their_floor() -> None:
    units = random_units(generator(), 6000, (0.1, 0.1, 0.3), (2, 2, 2))
    best = next_probabilities(units, experiment(3, floor=0.1), generator(), removed_arms={"arm-2"})[""]
    assert best[2] == 0
    assert min(best[:2]) >= 0.1
    assert sum(best) == pytest.approx(1, abs=1e-12)


def test_the_warm_up_split_is_that_of_the_record_and_never_below_the_floor() -> None:
    record = experiment(3, floor=0.1).model_dump()
    for arm, share in zip(record["arms"], (0.05, 0.15, 0.8), strict=True):
        arm["share"] = share
    unequal = Experiment.model_validate(record)
    assert warm_up_split(unequal).tolist() == pytest.approx([0.135, 0.205, 0.66])
    assert warm_up_split(unequal, {"arm-0"}).tolist() == pytest.approx([0, 0.15 / 0.95, 0.8 / 0.95])
    assert next_probabilities(
        units_of([], 3), experiment(3, warm_up={"units": 1, "conversions": 0}), generator()
    ) == {"": pytest.approx((1 / 3, 1 / 3, 1 / 3))}  # fmt: skip


def test_an_outcome_of_money_is_decided_by_orders() -> None:
    units = random_units(generator(), 4000, (0.1, 0.2), (2, 2))
    record = experiment().model_dump()
    record["outcome"] = {"kind": "spend", "within_days": 7}
    spend = {"spend_7d": np.where(units.arm == 0, 1000.0, 1.0)}  # the amounts say the opposite
    by_money = replace(units, delay_days={"spend_7d": units.delay_days["order_7d"]}, values=spend)
    assert next_probabilities(by_money, Experiment.model_validate(record), generator()) == next_probabilities(
        units, experiment(), generator()
    )


def test_a_fixed_split_has_no_next_probabilities() -> None:
    record = experiment().model_dump()
    record["allocation"] = {"kind": "fixed"}
    expected = (
        "found a fixed split in win-back; expected an adaptive one: the probabilities of a fixed split never change"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        next_probabilities(units_of([]), Experiment.model_validate(record), generator())


def test_an_experiment_without_arms_is_to_be_stopped() -> None:
    expected = "found no arm left in win-back; expected at least one: stop the experiment instead"
    with pytest.raises(ValueError, match=re.escape(expected)):
        next_probabilities(units_of([]), experiment(), generator(), {"arm-0", "arm-1"})


def test_the_report_says_what_the_probabilities_rest_on() -> None:
    same = random_units(np.random.default_rng(2), 4000, (0.2, 0.2), (2, 2))
    sooner = random_units(np.random.default_rng(2), 6000, (0.3, 0.3), (3, 1))
    record = experiment(warm_up={"units": 100, "conversions": 40}, half_life_days=10)
    report, distrustful = (report_allocation(units, start(record)) for units in (same, sooner))
    assert report is not None
    assert distrustful is not None
    assert (report.warm_up_over, report.matured_only, report.half_life_days) == (True, False, 10)
    assert min(report.delays_differ_p, report.change_p) > 0.001
    assert distrustful.matured_only
    assert distrustful.delays_differ_p < 0.001


def test_the_report_of_a_new_experiment_has_no_evidence_and_that_of_a_fixed_split_is_none() -> None:
    report = report_allocation(units_of([]), start(experiment(warm_up={"units": 1, "conversions": 0})))
    assert report is not None
    assert (report.warm_up_over, report.delays_differ_p, report.change_p) == (False, 1.0, 1.0)
    fixed = Experiment.model_validate({**experiment().model_dump(), "allocation": {"kind": "fixed"}})
    assert report_allocation(units_of([]), start(fixed)) is None
