"""Customers of experiments for tests: units with a planted effect, and the results that follow from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from features.arrays import AnyIntegers, Floats
from features.calendar import day_number, micros, start_of_day
from training.experiments.record.experiment import Experiment
from training.experiments.record.started_experiment import Change, StartedExperiment
from training.experiments.result_schema import ExperimentResults
from training.experiments.results.assembly import ResultInputs, experiment_results
from training.experiments.units import Units

UTC_ZONE = ZoneInfo("UTC")
FIRST_DAY = date(2027, 3, 1)
LABEL = "order_28d"


def units(outcome: Floats, arm: AnyIntegers, **fields: Any) -> Units:  # noqa: ANN401 - any field of Units
    """Units of one metric that has matured, drawn evenly on the first day, with the given fields in place of these."""
    count, arms = len(outcome), fields.get("arms", ("none", "ten-percent"))
    defaults: dict[str, Any] = {
        "arms": arms,
        "control": 0,
        "arm": np.asarray(arm, np.int8),
        "probabilities": np.full((count, len(arms)), 1 / len(arms)),
        "day": np.full(count, day_number(FIRST_DAY)),
        "epoch": np.ones(count, np.int64),
        "age_days": np.full(count, 60.0),
        "segment": np.full(count, -1, np.int8),
        "segments": (),
        "covariates": np.empty((count, 0)),
        "values": {LABEL: np.asarray(outcome, np.float64)},
        "delay_days": {LABEL: np.where(np.asarray(outcome) > 0, 3.0, np.inf)},
    }
    return Units(**{**defaults, **fields})


def with_maturity(customers: Units, as_of: date, within_days: int = 28) -> Units:
    """The customers decided before a day; those still within their window do not count."""
    before = customers.select(customers.day < day_number(as_of))
    is_over = before.day + within_days < day_number(as_of)
    return replace(before, values={key: np.where(is_over, value, np.nan) for key, value in before.values.items()})


def start(record: Experiment, *changes: Change) -> StartedExperiment:
    """The experiment as started at the beginning of the first day."""
    at = micros(start_of_day(FIRST_DAY, UTC_ZONE))
    return StartedExperiment(record=record, changes=(Change(kind="start", at=at, actor="ann"), *changes))


def results(
    record: Experiment | StartedExperiment,
    customers: Units,
    as_of: date,
    previous: ExperimentResults | None = None,
    stopped_on: date | None = None,
) -> ExperimentResults:
    """The results as of a day."""
    running = record if isinstance(record, StartedExperiment) else start(record)
    inputs = ResultInputs(
        started=running,
        as_of=as_of,
        stopped_on=stopped_on,
        matures_on=as_of + timedelta(days=28),
        previous=previous,
    )
    return experiment_results(inputs, customers)


def coin_flips(rng: np.random.Generator, rates: tuple[float, ...], per_day: int, days: int) -> Units:
    """Customers of a fixed even split who order with the rate of their arm, ``per_day`` on each of ``days`` days."""
    count = per_day * days
    arm = rng.integers(0, len(rates), count)
    values = (rng.random(count) < np.asarray(rates)[arm]).astype(np.float64)
    arms = ("none", "ten-percent", "twenty-percent", "gift")[: len(rates)]
    return units(values, arm, arms=arms, day=day_number(FIRST_DAY) + np.repeat(np.arange(days), per_day))
