"""How likely is what customers did, were they drawn from this model?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from features.arrays import Floats
from training.fitting.btyd.histories import Histories
from training.inference.btyd import BGNBD, GammaPoisson, ParetoNBD

BtydModel = ParetoNBD | BGNBD | GammaPoisson  # MBG/NBD is a BG/NBD with one more escape


def log_likelihood(model: BtydModel, histories: Histories) -> float:
    """Over all customers, in the time unit of ``histories`` and without x!, as published figures have it.

    A history's likelihood is that of its orders and of not being lost so far, divided by P(not lost | history): so each
    family adds one term, and the quantity that overflows in the published forms is a stable logarithm.
    """
    orders = gammaln(model.r + histories.repeats) - gammaln(model.r) + model.r * np.log(model.alpha)
    orders -= (model.r + histories.repeats) * np.log(model.alpha + histories.age)
    rows = (
        orders + _log_survival(model, histories) - model.log_alive(histories.repeats, histories.recency, histories.age)
    )
    return float(histories.weight @ rows)


def _log_survival(model: BtydModel, histories: Histories) -> Floats:
    survival: NDArray[np.floating]
    match model:
        case ParetoNBD():
            survival = -model.s * np.log1p(histories.age / model.beta)
        case BGNBD():
            survival = betaln(model.a, model.posterior_b(histories.repeats)) - betaln(model.a, model.b)
        case GammaPoisson():
            survival = np.zeros_like(histories.age)
    return survival.astype(float)
