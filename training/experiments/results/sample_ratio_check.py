"""Sample ratio check: the customers of an experiment against the probabilities with which they were drawn."""

from __future__ import annotations

from math import log

import numpy as np

from features.arrays import Floats
from features.calendar import day_from_number
from training.experiments.estimators.estimation import has_constant_probabilities, is_even
from training.experiments.record.experiment import Experiment
from training.experiments.refusal import MAX_E_VALUE, Refusal
from training.experiments.result_schema import SampleRatio
from training.experiments.sequential.sample_ratio import changing_log_e_values, fixed_log_e_value
from training.experiments.units import Units

FIXED_METHOD = "Dirichlet-multinomial e-value of the counts"
CHANGING_METHOD = "e-process of a tilt learned from the days before"
LARGEST_LOG = 1_000.0  # what stands for an infinite e-value: an arm that could not be drawn was


def check_sample_ratio(experiment: Experiment, units: Units) -> SampleRatio | None:
    """The largest e-value on any day so far; once it is an alarm, it stays one.

    None without a decision, and where the probabilities are not known: not logged, and the split was not even.
    """
    if not len(units) or not (units.has_probabilities.any() or is_even(experiment)):
        return None
    days, position = np.unique(units.day, return_inverse=True)
    logged = units.select(units.has_probabilities)
    known = logged.probabilities
    shares = known[0] if len(known) else np.asarray(experiment.shares)
    if has_constant_probabilities(units) and (shares > 0).all():
        counts = np.zeros((days.size, len(units.arms)))
        np.add.at(counts, (position, units.arm.astype(np.intp)), 1.0)
        values, method = fixed_log_e_value(np.cumsum(counts, axis=0), shares), FIXED_METHOD
    else:
        values, method = _changing(logged), CHANGING_METHOD
        days = np.unique(logged.day)
    alarms = np.flatnonzero(values > log(MAX_E_VALUE))
    return SampleRatio(
        log_e_value=float(min(values.max(), LARGEST_LOG)),
        alarm=bool(alarms.size),
        since=day_from_number(int(days[alarms[0]])) if alarms.size else None,
        method=method,
    )


def _changing(logged: Units) -> Floats:
    """The e-process; infinite from the day on which an arm was drawn that could not be."""
    values = changing_log_e_values(logged.arm, logged.probabilities, logged.day)
    own = np.take_along_axis(logged.probabilities, logged.arm.astype(np.intp)[:, None], axis=1)[:, 0]
    impossible = logged.day[own <= 0]
    if impossible.size:
        values = np.where(np.unique(logged.day) >= impossible.min(), np.inf, values)
    return values


def refuse_sample_ratio(check: SampleRatio | None) -> Refusal | None:
    """The refusal of every effect after an alarm; None without one."""
    if check is None or not check.alarm:
        return None
    return Refusal(
        "sample_ratio",
        f"Found counts of the arms that do not fit the logged probabilities since {check.since}; expected an e-value "
        f"up to {MAX_E_VALUE:,.0f}. Customers were lost after the draw: find where, and start another experiment.",
    )
