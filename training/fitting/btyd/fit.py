"""BTYD model selection: the first buy-till-you-die family that can be fitted to the shop's customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from features.arrays import Floats
from training.fitting.btyd.histories import Histories, collapse_histories
from training.fitting.btyd.likelihood import BtydModel, log_likelihood
from training.fitting.btyd.maximum_likelihood import FitFailed, maximize_likelihood
from training.inference.btyd import BGNBD, MBGNBD, GammaPoisson, ParetoNBD

FAMILY_ORDER: tuple[type[ParetoNBD | BGNBD], ...] = (ParetoNBD, MBGNBD, BGNBD)
MIN_CUSTOMERS = 30
MIN_REPEATERS = 10
START_POINTS = np.log([(r, r, *loss) for r in (0.3, 1.5) for loss in product((0.3, 2.0), repeat=2)])
MIN_SHAPE, MAX_SHAPE = 0.1, 10.0


@dataclass(frozen=True, kw_only=True)
class BtydFit:
    """The first family that could be fitted, and the reasons for rejecting those before it."""

    model: BtydModel
    log_likelihood: float  # without the factor x!, as in published figures
    customers: int
    rejected_families: Mapping[str, str]  # family -> reason; empty where the first choice was fitted


def fit_btyd(
    repeats: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    *,
    families: Sequence[type[ParetoNBD | BGNBD]] = FAMILY_ORDER,
) -> BtydFit:
    """Fit the first of ``families`` whose likelihood has a maximum, else a Gamma-Poisson by moments.

    Schmittlein, Morrison & Colombo (1987) for Pareto/NBD; Fader, Hardie & Lee (2005) for BG/NBD; Batislam et al. (2007)
    for MBG/NBD. The parameters alpha and beta are in the time unit of the histories.

    Args:
        repeats: (n,) orders after the first.
        recency: (n,) time from the first order to the last.
        age: (n,) time from the first order to the cutoff.
        families: the model families to try, in this order.

    Raises:
        ValueError: there is no customer, or a history is not 0 <= recency <= age.
    """
    histories = collapse_histories(repeats, recency, age)
    rejected: dict[str, str] = {}
    for kind in families:
        try:
            return _fit_result(_fit_maximum_likelihood(kind, histories), histories, rejected)
        except FitFailed as reason:
            rejected[kind.family] = str(reason)
    return _fit_result(_fit_moments(histories), histories, rejected)


def _fit_result(model: BtydModel, histories: Histories, rejected_families: Mapping[str, str]) -> BtydFit:
    likelihood, customers = log_likelihood(model, histories), round(histories.customers)
    return BtydFit(model=model, log_likelihood=likelihood, customers=customers, rejected_families=rejected_families)


def _fit_maximum_likelihood(family: type[ParetoNBD | BGNBD], histories: Histories) -> ParetoNBD | BGNBD:
    _require_enough_customers(histories)
    names, span = [field.name for field in fields(family)], histories.mean(histories.age)
    # Losses spread over 20 or over 1,000 spans are alike, at three times the terms: beta ends at exp(5) / 7.
    units = {"alpha": span / histories.mean(histories.repeats), "beta": span / 7}
    unit = np.array([units.get(name, 1.0) for name in names])

    def model_at(logs: Floats) -> ParetoNBD | BGNBD:
        return family(**dict(zip(names, (unit * np.exp(logs)).tolist(), strict=True)))

    return model_at(
        maximize_likelihood(lambda logs: log_likelihood(model_at(logs), histories), histories.customers, START_POINTS)
    )


def _require_enough_customers(histories: Histories) -> None:
    repeaters = round(float(histories.weight @ ((histories.repeats > 0) & (histories.age > 0))))
    if histories.customers < MIN_CUSTOMERS or repeaters < MIN_REPEATERS:
        counts = f"{round(histories.customers)} customers, {repeaters} of them with a second order"
        raise FitFailed(f"{counts}; {MIN_CUSTOMERS} and {MIN_REPEATERS} are needed")


def _fit_moments(histories: Histories) -> GammaPoisson:
    """Method of moments: fit mean and variance of the customers' rates; half an order is added so that no rate is 0."""
    age = np.maximum(histories.age, 1.0)
    rate = (histories.mean(histories.repeats) + 0.5 / histories.customers) / histories.mean(age)
    spread = histories.mean((histories.repeats - rate * age) ** 2 - rate * age) / histories.mean(age**2)
    shape = min(max(rate**2 / spread, MIN_SHAPE), MAX_SHAPE) if spread > 0 else MAX_SHAPE
    return GammaPoisson(r=shape, alpha=shape / rate)
