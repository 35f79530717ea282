"""How likely is what customers did, were they drawn from this model?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from features.arrays import Floats
from training.fitting.btyd.histories import Histories
from training.inference.btyd import BGNBD, GammaPoisson, ParetoNBD

Family = ParetoNBD | BGNBD | GammaPoisson  # MBG/NBD is a BG/NBD with one more escape


def log_likelihood(model: Family, seen: Histories) -> float:
    """Over all customers, in the time unit of ``seen`` and without x!, as published figures have it.

    A history's likelihood is that of its orders and of not being lost so far, divided by P(not lost | history): so each
    family adds one term, and the quantity that overflows in the published forms is a stable logarithm.
    """
    orders = gammaln(model.r + seen.repeats) - gammaln(model.r) + model.r * np.log(model.alpha)
    orders -= (model.r + seen.repeats) * np.log(model.alpha + seen.age)
    rows = orders + _log_survival(model, seen) - model.log_alive(seen.repeats, seen.recency, seen.age)
    return float(seen.weight @ rows)


def _log_survival(model: Family, seen: Histories) -> Floats:
    survival: NDArray[np.floating]
    match model:
        case ParetoNBD():
            survival = -model.s * np.log1p(seen.age / model.beta)
        case BGNBD():
            survival = betaln(model.a, model.stays(seen.repeats)) - betaln(model.a, model.b)
        case GammaPoisson():
            survival = np.zeros_like(seen.age)
    return survival.astype(float)
