"""Estimation: the estimator that fits how the customers of an experiment were drawn."""

from __future__ import annotations

import numpy as np

from features.arrays import Booleans, Floats
from training.experiments.estimators.adjusted_means import adjusted_means
from training.experiments.estimators.arm_estimates import ArmEstimates
from training.experiments.estimators.ratio_means import ratio_means
from training.experiments.estimators.weighted_means import weighted_means
from training.experiments.record.experiment import Experiment
from training.experiments.units import Units


def has_constant_probabilities(units: Units) -> bool:
    """Whether all customers were drawn with the same probabilities; those that were not logged are left out."""
    known = units.probabilities[units.has_probabilities]
    return not len(known) or bool(np.all(np.abs(known - known[0]) < 1e-9))


def is_even(experiment: Experiment) -> bool:
    """Whether the record alone says with which probabilities the arms were drawn, if nothing was logged."""
    return experiment.allocation.kind == "fixed" and len({*experiment.shares}) == 1


def estimate_metric(units: Units, label: str) -> ArmEstimates:
    """The mean of a metric in each arm over the customers whose outcome is mature; adjusted by the covariates.

    Customers that were drawn with one probability are compared by their adjusted means, others with weights.
    """
    matured = mature_units(units, label)
    values = matured.values[label]
    if has_constant_probabilities(units):
        return adjusted_means(values, matured.arm, len(units.arms), matured.covariates)
    return weighted_means(values, matured.arm, matured.probabilities, matured.covariates)


def estimate_ratio(units: Units, numerator: str, denominator: str) -> ArmEstimates:
    """The ratio of two metrics in each arm, such as spend per order."""
    matured = mature_units(units, numerator)
    probabilities = None if has_constant_probabilities(units) else matured.probabilities
    above, below = matured.values[numerator], matured.values[denominator]
    return ratio_means(above, below, matured.arm, len(units.arms), probabilities)


def is_mature_for(units: Units, label: str) -> Booleans:
    """Whether the metric of each customer (n,) counts."""
    values: Floats = units.values[label]
    return np.isfinite(values)


def mature_units(units: Units, label: str) -> Units:
    """The customers that the metric counts."""
    return units.select(is_mature_for(units, label))
