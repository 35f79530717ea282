"""What is an order of each customer worth? Gamma-Gamma by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from features.arrays import Floats
from training.fitting.btyd.maximum_likelihood import FitFailed, maximize_likelihood
from training.inference.btyd import GammaGamma

MIN_CUSTOMERS = 30
START_POINTS = np.log([[1.0, 3.0, 3.0], [5.0, 3.0, 3.0], [5.0, 1.0, 0.3], [1.0, 10.0, 10.0], [20.0, 3.0, 0.1]])
PRIOR_ORDERS = 3.0


@dataclass(frozen=True, kw_only=True)
class OrderValueFit:
    """The model of order values, and why it is not the most likely one, where it is not."""

    model: GammaGamma
    log_likelihood: float
    customers: int
    fallback_reason: str | None  # reason why the shrunken mean stands in


def fit_gamma_gamma(orders: ArrayLike, mean_value: ArrayLike) -> OrderValueFit:
    """Fit to ``orders`` of ``mean_value`` each, (n,), leaving out customers without an order or a value above 0.

    Where there are too few, or the likelihood has no maximum, a customer's mean is shrunk towards everybody's as if 3
    orders of an average customer had been seen. Raises ValueError where no customer at all is left.
    """
    count, value = (np.asarray(column, dtype=float) for column in (orders, mean_value))
    kept = (count > 0) & (value > 0) & np.isfinite(count) & np.isfinite(value)
    if not kept.any():
        raise ValueError(f"None of {kept.size} customers has an order worth more than 0. Leave the order values out.")
    count, value = count[kept], value[kept]
    scale = float(value.mean())
    try:
        model, reason = _fit_maximum_likelihood(count, value / scale), None
    except FitFailed as why:
        model, reason = GammaGamma(p=1.0, q=1 + PRIOR_ORDERS, gamma=PRIOR_ORDERS), str(why)
    likelihood = float(_log_likelihood(model, count, value / scale).sum() - len(count) * np.log(scale))
    own = GammaGamma(p=model.p, q=model.q, gamma=model.gamma * scale)
    return OrderValueFit(model=own, log_likelihood=likelihood, customers=len(count), fallback_reason=reason)


def _fit_maximum_likelihood(count: Floats, value: Floats) -> GammaGamma:
    if len(count) < MIN_CUSTOMERS:
        raise FitFailed(f"{len(count)} customers with an order worth more than 0; {MIN_CUSTOMERS} are needed")
    logs = maximize_likelihood(
        lambda at: float(_log_likelihood(_model_at(at), count, value).sum()), len(count), START_POINTS
    )
    return _model_at(logs)


def _model_at(logs: Floats) -> GammaGamma:
    """The model at the logs of p, q - 1 and gamma: q stays above 1, where the population has a mean."""
    p, over, gamma = np.exp(logs).tolist()
    return GammaGamma(p=p, q=1 + over, gamma=gamma)


def _log_likelihood(model: GammaGamma, count: Floats, value: Floats) -> Floats:
    p, q, gamma = model.p * count, model.q, model.gamma
    constant = gammaln(p + q) - gammaln(p) - gammaln(q) + q * np.log(gamma)
    rows: Floats = constant + (p - 1) * np.log(value) + p * np.log(count) - (p + q) * np.log(gamma + count * value)
    return rows
