"""Order value: the Gamma-Gamma model of each customer's mean order value, by maximum likelihood."""

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
    """The fitted model of order values, and the reason if it is not the maximum likelihood fit."""

    model: GammaGamma
    log_likelihood: float
    customers: int
    fallback_reason: str | None  # None for a maximum likelihood fit; else why the shrunken mean replaces it


def fit_gamma_gamma(orders: ArrayLike, mean_value: ArrayLike) -> OrderValueFit:
    """Fit the Gamma-Gamma model to ``orders`` with ``mean_value`` each, (n,), without customers with no order or value.

    Fader & Hardie (2013), "The Gamma-Gamma model of monetary value". With too few customers, or without a maximum, the
    model shrinks a customer's mean towards the mean of all with the weight of 3 orders.

    Raises:
        ValueError: no customer has an order with a value above 0.
    """
    count, value = (np.asarray(column, dtype=float) for column in (orders, mean_value))
    valid = (count > 0) & (value > 0) & np.isfinite(count) & np.isfinite(value)
    if not valid.any():
        raise ValueError(f"None of {valid.size} customers has an order worth more than 0. Leave the order values out.")
    count, value = count[valid], value[valid]
    scale = float(value.mean())
    try:
        model, reason = _fit_maximum_likelihood(count, value / scale), None
    except FitFailed as error:
        model, reason = GammaGamma(p=1.0, q=1 + PRIOR_ORDERS, gamma=PRIOR_ORDERS), str(error)
    likelihood = float(_log_likelihood(model, count, value / scale).sum() - len(count) * np.log(scale))
    scaled_model = GammaGamma(p=model.p, q=model.q, gamma=model.gamma * scale)
    return OrderValueFit(model=scaled_model, log_likelihood=likelihood, customers=len(count), fallback_reason=reason)


def _fit_maximum_likelihood(count: Floats, value: Floats) -> GammaGamma:
    if len(count) < MIN_CUSTOMERS:
        raise FitFailed(f"{len(count)} customers with an order worth more than 0; {MIN_CUSTOMERS} are needed")
    logs = maximize_likelihood(
        lambda parameters: float(_log_likelihood(_model_at(parameters), count, value).sum()), len(count), START_POINTS
    )
    return _model_at(logs)


def _model_at(logs: Floats) -> GammaGamma:
    """The model for the logs of p, q - 1 and gamma; q stays above 1, so that the population mean exists."""
    p, excess, gamma = np.exp(logs).tolist()
    return GammaGamma(p=p, q=1 + excess, gamma=gamma)


def _log_likelihood(model: GammaGamma, count: Floats, value: Floats) -> Floats:
    p, q, gamma = model.p * count, model.q, model.gamma
    constant = gammaln(p + q) - gammaln(p) - gammaln(q) + q * np.log(gamma)
    rows: Floats = constant + (p - 1) * np.log(value) + p * np.log(count) - (p + q) * np.log(gamma + count * value)
    return rows
