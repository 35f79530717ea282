"""Sample ratio: whether the arms got the customers that their probabilities say, as e-values for any number of looks.

An e-value over 1 / alpha appears with probability alpha at most, whenever somebody looks (Ville's inequality).
Equal counts are no nicety: a mismatch means that customers were lost after the draw, and then no effect is identified.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, logsumexp

from features.arrays import Codes, Floats, Integers

# Prior customers of two alternatives, and their weights: one finds coarse mismatches early, the other fine ones.
_CONCENTRATIONS, _PRIOR_WEIGHTS = (100.0, 10_000.0), (0.1, 0.9)
_SHRINKAGE = 200.0  # customers by which the learned tilt is drawn to none


def fixed_log_e_value(counts: Integers | Floats, shares: Floats) -> Floats:
    """The logarithm of the e-value of a fixed split: Dirichlet-multinomial against multinomial (beta-binomial of two).

    Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022.

    Args:
        counts: (..., arms) customers of each arm; a look in each row.
        shares: (arms,) of the split, all above 0.
    """
    counts = np.asarray(counts, np.float64)
    totals = counts.sum(axis=-1)
    expected = (counts * np.log(shares)).sum(axis=-1)
    logs = []
    for concentration, weight in zip(_CONCENTRATIONS, _PRIOR_WEIGHTS, strict=True):
        prior = concentration * np.asarray(shares)
        marginal = (gammaln(counts + prior) - gammaln(prior)).sum(axis=-1)
        marginal += gammaln(concentration) - gammaln(totals + concentration)
        logs.append(marginal - expected + np.log(weight))
    result: Floats = logsumexp(np.stack(logs), axis=0)
    return result


def changing_log_e_values(arm: Codes, probabilities: Floats, day: Integers) -> Floats:
    """The logarithm of the e-process (days,) where the probabilities change, at the end of each day with customers.

    The alternative multiplies the logged probabilities by a tilt for each arm, which is learned from the days before
    and so is fixed when the day begins: counted against expected customers, shrunk by 200.

    Args:
        arm: (n,) position of the arm that was drawn.
        probabilities: (n, arms) with which it was drawn, without NaN.
        day: (n,) of the decision.
    """
    days, position = np.unique(day, return_inverse=True)
    arms = probabilities.shape[1]
    drawn = (np.arange(arms)[None, :] == arm[:, None]).astype(np.float64)
    observed, expected = (_daily_sums(table, position, days.size) for table in (drawn, probabilities))
    tilts = tilts_before(observed, expected)
    tilted = probabilities * tilts[position]
    own = np.clip(arm, 0, arms - 1).astype(np.intp)[:, None]
    gain = np.log(np.take_along_axis(tilts[position], own, axis=1)[:, 0]) - np.log(tilted.sum(axis=1))
    result: Floats = np.cumsum(np.bincount(position, weights=gain, minlength=days.size))
    return result


def tilts_before(observed: Floats, expected: Floats) -> Floats:
    """The tilt (..., days, arms) of each arm at the beginning of a day, from the observed and expected customers."""
    before_observed = np.cumsum(observed, axis=-2) - observed
    before_expected = np.cumsum(expected, axis=-2) - expected
    tilts: Floats = (before_observed + _SHRINKAGE) / (before_expected + _SHRINKAGE)
    return tilts


def _daily_sums(table: Floats, position: Integers, days: int) -> Floats:
    columns = [np.bincount(position, weights=column, minlength=days) for column in table.T]
    return np.stack(columns, axis=1)
