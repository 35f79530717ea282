"""What others would answer for the same customers: models of the library lifetimes, refitted on the same histories."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from numpy.typing import NDArray

from training.outcomes import Rows
from training.predict.btyd_rung import histories

Floats = NDArray[np.float64]
PENALTIES = (0.0, 0.001, 0.01, 0.1)


@dataclass(frozen=True)
class Anchor:
    """One published model's answers; None where it would not fit."""

    name: str
    expected_orders: Floats | None  # (n,)
    expected_spend: Floats | None  # (n,)


def anchors(rows: Rows, days: int) -> list[Anchor]:
    """BG/NBD and Pareto/NBD with Gamma-Gamma of ``lifetimes`` 0.11.3, fitted to these customers' histories."""
    repeats, recency, age = (column / 7 for column in histories(rows.inputs, rows.names))
    repeats = repeats * 7
    value = _order_value(rows)
    found = []
    for name, fitter in (("BG/NBD", BetaGeoFitter), ("Pareto/NBD", ParetoNBDFitter)):
        orders = _fitted(partial(_expected, fitter, repeats, recency, age, days / 7))
        spend = None if orders is None or value is None else orders * value
        found.append(Anchor(f"{name} of lifetimes", orders, spend))
    return found


def _expected(
    fitter: type[BetaGeoFitter], repeats: Floats, recency: Floats, age: Floats, weeks: float, penalty: float
) -> Floats:
    model = fitter(penalty)
    if fitter is ParetoNBDFitter and len(repeats) > 5000:
        chosen = np.random.default_rng(0).choice(len(repeats), 5000, replace=False)
    else:
        chosen = np.arange(len(repeats))
    model.fit(repeats[chosen], recency[chosen], age[chosen])
    return np.asarray(model.conditional_expected_number_of_purchases_up_to_time(weeks, repeats, recency, age))


def _order_value(rows: Rows) -> Floats | None:
    if "mean_order" not in rows.names:
        return None
    orders, mean = rows.column("orders"), rows.column("mean_order")
    again = (orders > 1) & (mean > 0)

    def fit(penalty: float) -> Floats:
        model = GammaGammaFitter(penalty)
        model.fit(orders[again], mean[again])
        frame = pd.DataFrame({"orders": orders, "mean": mean})
        return np.asarray(model.conditional_expected_average_profit(frame["orders"], frame["mean"]))

    return _fitted(fit)


def _fitted(fit: Callable[[float], Floats]) -> Floats | None:
    """The answer with the mildest penalty that converges to finite numbers."""
    for penalty in PENALTIES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                answer = fit(penalty)
            except Exception:  # noqa: BLE001, S112 -- lifetimes raises its own and SciPy's errors alike
                continue
        if np.isfinite(answer).all():
            return answer
    return None
