"""Which buy-till-you-die model tells of this shop's customers, and with which parameters?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from features.arrays import Floats
from training.fitting.btyd.histories import Histories, collapse
from training.fitting.btyd.likelihood import Family, log_likelihood
from training.fitting.btyd.maximum_likelihood import NoMaximum, highest
from training.inference.btyd import BGNBD, MBGNBD, GammaPoisson, ParetoNBD

LADDER: tuple[type[ParetoNBD | BGNBD], ...] = (ParetoNBD, MBGNBD, BGNBD)
FEWEST_CUSTOMERS = 30
FEWEST_REPEATERS = 10
STARTS = np.log([(r, r, *loss) for r in (0.3, 1.5) for loss in product((0.3, 2.0), repeat=2)])
SMALLEST_SHAPE, LARGEST_SHAPE = 0.1, 10.0


@dataclass(frozen=True, kw_only=True)
class BtydFit:
    """The first model of the ladder that could be fitted, and why those before it could not."""

    model: Family
    log_likelihood: float  # without x!, as published figures have it
    customers: int
    passed_over: Mapping[str, str]  # family -> reason; empty where the first choice was fitted


def fit_btyd(
    repeats: ArrayLike, recency: ArrayLike, age: ArrayLike, *, ladder: Sequence[type[ParetoNBD | BGNBD]] = LADDER
) -> BtydFit:
    """Fit the first of ``ladder`` whose likelihood has a maximum, else a Gamma-Poisson by moments, which always can.

    Histories are those of ``BuyTillDie``, each (n,); alpha and beta come out in the time unit that went in, and nothing
    else depends on it. Raises ValueError where there is no customer, or a history is not 0 <= recency <= age.
    """
    seen = collapse(repeats, recency, age)
    passed_over: dict[str, str] = {}
    for kind in ladder:
        try:
            return _report(_most_likely(kind, seen), seen, passed_over)
        except NoMaximum as reason:
            passed_over[kind.family] = str(reason)
    return _report(_by_moments(seen), seen, passed_over)


def _report(model: Family, seen: Histories, passed_over: Mapping[str, str]) -> BtydFit:
    likelihood, customers = log_likelihood(model, seen), round(seen.customers)
    return BtydFit(model=model, log_likelihood=likelihood, customers=customers, passed_over=passed_over)


def _most_likely(kind: type[ParetoNBD | BGNBD], seen: Histories) -> ParetoNBD | BGNBD:
    _require_enough(seen)
    names, span = [field.name for field in fields(kind)], seen.mean(seen.age)
    # Losses spread over 20 spans and over 1,000 look alike, and cost three times the terms: beta ends at exp(5) / 7.
    units = {"alpha": span / seen.mean(seen.repeats), "beta": span / 7}
    unit = np.array([units.get(name, 1.0) for name in names])

    def model_at(logs: Floats) -> ParetoNBD | BGNBD:
        return kind(**dict(zip(names, (unit * np.exp(logs)).tolist(), strict=True)))

    return model_at(highest(lambda logs: log_likelihood(model_at(logs), seen), seen.customers, STARTS))


def _require_enough(seen: Histories) -> None:
    repeaters = round(float(seen.weight @ ((seen.repeats > 0) & (seen.age > 0))))
    if seen.customers < FEWEST_CUSTOMERS or repeaters < FEWEST_REPEATERS:
        found = f"{round(seen.customers)} customers, {repeaters} of them with a second order"
        raise NoMaximum(f"{found}; {FEWEST_CUSTOMERS} and {FEWEST_REPEATERS} are needed")


def _by_moments(seen: Histories) -> GammaPoisson:
    """Mean and spread of the customers' rates, with half an order more so that nobody's rate is 0."""
    age = np.maximum(seen.age, 1.0)
    rate = (seen.mean(seen.repeats) + 0.5 / seen.customers) / seen.mean(age)
    spread = seen.mean((seen.repeats - rate * age) ** 2 - rate * age) / seen.mean(age**2)
    shape = min(max(rate**2 / spread, SMALLEST_SHAPE), LARGEST_SHAPE) if spread > 0 else LARGEST_SHAPE
    return GammaPoisson(r=shape, alpha=shape / rate)
