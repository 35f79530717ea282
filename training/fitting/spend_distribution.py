"""Spend distribution fitting: quantiles of the spend over its mean among buyers, on customers not seen in training."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.inference.spend_distribution import SpendDistribution

MIN_OUTCOMES = 20
QUANTILE_LEVELS = tuple(np.round(np.linspace(0, 1, 41), 3).tolist())
PROBABILITY_BANDS = 4


def fit_spend_distribution(within: Floats, mean: Floats, actual: Floats) -> SpendDistribution:
    """Fit quantiles of the spend over its conditional mean among buyers, in bands of P(order).

    Args:
        within: (n,) P(order within the horizon) of customers the model has not seen.
        mean: (n,) their expected spend.
        actual: (n,) their observed spend.
    """
    spent = actual > 0
    if spent.sum() < MIN_OUTCOMES:
        return SpendDistribution((), (0.0, 1.0), ((0.0, 3.0),))
    p = np.maximum(within[spent], 1e-9)
    ratio = actual[spent] * p / np.maximum(mean[spent], 1e-9)
    borders = _band_edges(p, PROBABILITY_BANDS if len(p) >= 100 * PROBABILITY_BANDS else 1)
    band = np.searchsorted(borders, p)
    tables = [_quantiles(ratio[band == index]) for index in range(len(borders) + 1)]
    return SpendDistribution(tuple(borders.tolist()), QUANTILE_LEVELS, tuple(tables))


def _band_edges(p: Floats, bands: int) -> Floats:
    """Inner edges of about equally full bands, none of them empty."""
    values = np.unique(p)
    above = np.searchsorted(values, np.quantile(p, np.linspace(0, 1, bands + 1)[1:-1]), side="right")
    above = np.unique(above[above < len(values)])
    # Half-way between two values, so that rounding moves neither out of its band.
    return np.asarray((values[above - 1] + values[above]) / 2)


def _quantiles(ratio: Floats) -> tuple[float, ...]:
    # The (n + 1) correction of split conformal prediction widens small samples (Lei et al. 2018).
    wider = np.clip((np.asarray(QUANTILE_LEVELS) - 0.5) * (len(ratio) + 1) / len(ratio) + 0.5, 0.0, 1.0)
    return tuple(np.quantile(ratio, wider).tolist())
