"""Proper losses: log loss of probabilities, and deviances of counts and amounts."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats

SMALLEST = 1e-6  # predictions are clipped here: a loss without bound would be one customer's alone
TWEEDIE_POWER = 1.5  # between Poisson counts (1) and gamma amounts (2)


def log_loss(probability: Floats, outcome: Floats) -> float:
    """Mean negative log likelihood of outcomes of 0 and 1."""
    clipped = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return float(-np.mean(outcome * np.log(clipped) + (1 - outcome) * np.log(1 - clipped)))


def poisson_deviance(predicted: Floats, actual: Floats) -> float:
    """Mean Poisson deviance of counts (McCullagh & Nelder 1989, section 2.3)."""
    mean = np.maximum(predicted, SMALLEST)
    ratio = np.where(actual > 0, actual / mean, 1.0)
    return float(2 * np.mean(actual * np.log(ratio) - actual + mean))


def tweedie_deviance(predicted: Floats, actual: Floats) -> float:
    """Mean Tweedie deviance of amounts from zero on, power 1.5 (Jorgensen 1997, "The Theory of Dispersion Models")."""
    mean, power = np.maximum(predicted, SMALLEST), TWEEDIE_POWER
    terms = (
        np.maximum(actual, 0.0) ** (2 - power) / ((1 - power) * (2 - power))
        - actual * mean ** (1 - power) / (1 - power)
        + mean ** (2 - power) / (2 - power)
    )
    return float(2 * np.mean(terms))
