"""BTYD likelihood: the log likelihood of purchase histories under a buy-till-you-die model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln

from features.arrays import Floats
from training.fitting.btyd.histories import Histories
from training.inference.btyd import BGNBD, GammaPoisson, ParetoNBD

BtydModel = ParetoNBD | BGNBD | GammaPoisson  # MBG/NBD is a subclass of BG/NBD


def log_likelihood(model: BtydModel, histories: Histories) -> float:
    """Log likelihood over all customers, in the time unit of ``histories`` and without the factor x!, as published.

    The likelihood of a history is that of its orders and of survival so far, divided by P(alive | history). Each family
    therefore adds one term, and the quantity that overflows in the published forms is a stable logarithm.
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
