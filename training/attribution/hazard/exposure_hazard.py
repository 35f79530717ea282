"""Exposure hazard: how much more often customers order in the days after a touch, at the same order rate of before.

A Poisson regression on grouped person-days, with the exposure to each channel, the group of the order rate of before
the period, the week or month, and whether the customer had ordered in the period (Andersen, Gill: Cox's regression
model for counting processes, Annals of Statistics 10, 1982; in piecewise constant form Holford, Biometrics 36, 1980).
It is observational: what made a customer both touched and ready to buy, and is not in the order rate, counts as an
effect.
"""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.attribution.hazard.person_days import PersonDays, person_days
from training.attribution.hazard.poisson_regression import PoissonCells, fit_poisson
from training.attribution.period import Period
from training.attribution.rows import AttributionLog


def exposure_hazard(log: AttributionLog, period: Period) -> Floats:
    """Orders by channel, (channels,), that would be missing if the channel's exposures had no effect; may be below 0.

    The channels are taken away one at a time, so where effects multiply their sum is no total of anything.
    """
    cells = person_days(log, period)
    orders = np.zeros(len(log.channels))
    if len(cells.days) and cells.orders.sum() > 0:
        orders[cells.channels] = _missing_orders(cells) / cells.sampled_share
    return orders


def _missing_orders(cells: PersonDays) -> Floats:
    """Expected orders on exposed days times the share of their hazard that is due to the exposure, (k,)."""
    design = _design(cells)
    regression = PoissonCells(design, cells.orders, cells.days)
    coefficients = fit_poisson(regression)
    expected = regression.expected_counts(coefficients)
    effects = coefficients[1 : 1 + cells.exposed.shape[1]]
    missing: Floats = (cells.exposed.T @ expected) * -np.expm1(-effects)
    return missing


def _design(cells: PersonDays) -> Floats:
    """Columns: one, the exposures, and indicators of the groups, the intervals and the state, less a reference each."""
    factors = (cells.group, cells.interval, cells.has_ordered.astype(np.int64))
    indicators = [(codes[:, None] == np.unique(codes)[1:]).astype(float) for codes in factors]
    return np.hstack([np.ones((len(cells.days), 1)), cells.exposed.astype(float), *indicators])
