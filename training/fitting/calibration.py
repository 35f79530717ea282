"""Calibration: isotonic or Platt maps and spend distributions, fitted on customers the model has not seen."""

from __future__ import annotations

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features.arrays import Floats
from training.inference.calibration import IDENTITY, CalibrationMap, logit
from training.inference.spend_distribution import SpendDistribution

MIN_ISOTONIC_OUTCOMES = 1000
MIN_CALIBRATION_OUTCOMES = 20
QUANTILE_LEVELS = tuple(np.round(np.linspace(0, 1, 41), 3).tolist())
PROBABILITY_BANDS = 4


def fit_calibration(probability: Floats, outcome: Floats) -> CalibrationMap:
    """Fit an isotonic map, or Platt's map with fewer outcomes, or the identity with hardly any; (n,) each.

    Platt (1999); Zadrozny & Elkan (2002). Slopes replace the plateaus of the isotonic steps, so that the ranking stays.
    """
    rarer = min(outcome.sum(), (1 - outcome).sum())
    if rarer < MIN_CALIBRATION_OUTCOMES:
        return IDENTITY
    if rarer < MIN_ISOTONIC_OUTCOMES:
        return _fit_platt(logit(probability), outcome)
    return _fit_isotonic(probability, outcome)


def _fit_platt(log_odds: Floats, outcome: Floats) -> CalibrationMap:
    fitted = LogisticRegression(C=1e6).fit(log_odds[:, None], outcome)
    slope, intercept = max(float(fitted.coef_[0, 0]), 0.05), float(fitted.intercept_[0])
    low, high = float(log_odds.min()), float(log_odds.max()) + 1e-6
    return CalibrationMap("platt", (low, high), (slope * low + intercept, slope * high + intercept))


def _fit_isotonic(probability: Floats, outcome: Floats) -> CalibrationMap:
    fitted = IsotonicRegression(out_of_bounds="clip").fit(probability, outcome)
    steps = fitted.predict(probability)
    knots = [(float(probability[steps == level].mean()), float(level)) for level in np.unique(steps)]
    raw, calibrated = (logit(np.array(side)) for side in zip(*knots, strict=True))
    distinct = np.concatenate([[True], np.diff(raw) > 1e-6])
    if distinct.sum() < 2:
        return _fit_platt(logit(probability), outcome)
    return CalibrationMap("isotonic", tuple(raw[distinct].tolist()), tuple(calibrated[distinct].tolist()))


def fit_spend_distribution(within: Floats, mean: Floats, actual: Floats) -> SpendDistribution:
    """Fit quantiles of the spend over its conditional mean among buyers, in bands of P(order).

    Args:
        within: (n,) P(order within the horizon) of customers the model has not seen.
        mean: (n,) their expected spend.
        actual: (n,) their observed spend.
    """
    spent = actual > 0
    if spent.sum() < MIN_CALIBRATION_OUTCOMES:
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
