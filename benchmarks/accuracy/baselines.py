"""Baselines: BTYD models of the library lifetimes, refitted on the same customer histories."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter

from features.arrays import Booleans, Floats
from training.dataset.outcomes import Rows
from training.inference.btyd import BGNBD, ParetoNBD
from training.inference.tiers.btyd import histories

WEEK = 7
PENALTIES = (0.0, 0.001, 0.01, 0.1)
FAMILIES: dict[str, tuple[Any, type[BGNBD | ParetoNBD]]] = {
    "BG/NBD": (BetaGeoFitter, BGNBD),
    "Pareto/NBD": (ParetoNBDFitter, ParetoNBD),
}


@dataclass(frozen=True)
class BtydHistories:
    """Inputs of the BTYD models per customer, (n,) each, times in weeks."""

    repeats: Floats
    recency: Floats
    age: Floats
    orders: Floats | None  # number of orders behind mean_order; None without amounts
    mean_order: Floats | None

    def select(self, mask: Booleans) -> BtydHistories:
        """Return the customers under the mask."""
        values = (self.repeats, self.recency, self.age, self.orders, self.mean_order)
        return BtydHistories(*(None if array is None else array[mask] for array in values))  # type: ignore[arg-type]


@dataclass(frozen=True)
class BaselineForecast:
    """Predictions of one published model, (n,) each; None if it did not converge."""

    name: str
    stays_away: Floats | None  # P(no order within the horizon)
    orders: Floats | None
    spend: Floats | None


def btyd_histories(rows: Rows) -> BtydHistories:
    """Return the customers' histories at their cutoff; the order value counts every order."""
    repeats, recency, age = histories(rows.inputs, rows.names)
    if "mean_order" not in rows.names:
        return BtydHistories(repeats, recency / WEEK, age / WEEK, None, None)
    return BtydHistories(repeats, recency / WEEK, age / WEEK, rows.column("orders"), rows.column("mean_order"))


def fit_baselines(train: BtydHistories, test: BtydHistories, days: int) -> list[BaselineForecast]:
    """Fit BG/NBD and Pareto/NBD with Gamma-Gamma of ``lifetimes`` 0.11.3 to some customers, and predict for others.

    P(no order) is the closed form with the fitted parameters: lifetimes does not offer it for every model family.
    """
    models = {family: fit_lifetimes_model(family, train) for family in FAMILIES}
    return baseline_forecasts(models, test, days, expected_order_value(train, test))


def baseline_forecasts(
    models: Mapping[str, Any | None], test: BtydHistories, days: int, value: Floats | None
) -> list[BaselineForecast]:
    """Predict by fitted models, family -> model of lifetimes; ``value`` is the expected value of an order, (n,)."""
    return [_baseline_forecast(family, model, test, days / WEEK, value) for family, model in models.items()]


def closed_form(family: str, model: Any) -> BGNBD | ParetoNBD:  # noqa: ANN401
    """Return the closed forms with the parameters of a fitted model, times in weeks."""
    return FAMILIES[family][1](**named_parameters(model))


def _baseline_forecast(
    family: str,
    model: Any | None,  # noqa: ANN401
    test: BtydHistories,
    weeks: float,
    value: Floats | None,
) -> BaselineForecast:
    name = f"{family} of lifetimes"
    if model is None:
        return BaselineForecast(name, None, None, None)
    closed = closed_form(family, model)
    within = closed.order_by(test.repeats, test.recency, test.age, [weeks])[:, 0]
    orders = _expected_orders(model, test, weeks)
    return BaselineForecast(name, 1 - within, orders, None if value is None else orders * value)


def fit_lifetimes_model(family: str, train: BtydHistories) -> Any | None:  # noqa: ANN401 -- the library has no types
    """Fit a model in weeks with the smallest penalty that converges to finite values; None if none does."""
    distinct, weight = np.unique(np.stack([train.repeats, train.recency, train.age]), axis=1, return_counts=True)
    return _fit_with_least_penalty(
        lambda penalty: FAMILIES[family][0](penalty).fit(*distinct, weights=weight),
        lambda model: _expected_orders(model, train, 1.0),
    )


def fit_lifetimes_gamma_gamma(train: BtydHistories) -> Any | None:  # noqa: ANN401
    """Fit Gamma-Gamma to customers with orders, with the smallest penalty that converges; None if none does."""
    if train.orders is None or train.mean_order is None:
        return None
    has_orders = (train.orders > 0) & (train.mean_order > 0)
    orders, mean = train.orders[has_orders], train.mean_order[has_orders]
    return _fit_with_least_penalty(lambda penalty: GammaGammaFitter(penalty).fit(orders, mean), lambda _: np.zeros(1))


def expected_order_value(train: BtydHistories, test: BtydHistories) -> Floats | None:
    """Return the expected value of an order for each test customer, (n,)."""
    model = fit_lifetimes_gamma_gamma(train)
    if model is None or test.orders is None or test.mean_order is None:
        return None
    frame = pd.DataFrame({"orders": test.orders, "mean": test.mean_order})
    return np.asarray(model.conditional_expected_average_profit(frame["orders"], frame["mean"]))


def named_parameters(model: Any) -> dict[str, float]:  # noqa: ANN401
    """Return the fitted parameters by name."""
    return {name: float(value) for name, value in dict(model.params_).items()}


def _expected_orders(model: Any, histories: BtydHistories, weeks: float) -> Floats:  # noqa: ANN401
    ahead = model.conditional_expected_number_of_purchases_up_to_time(
        weeks, histories.repeats, histories.recency, histories.age
    )
    return np.asarray(ahead, dtype=float)


def _fit_with_least_penalty(fit: Callable[[float], Any], predict: Callable[[Any], Floats]) -> Any | None:  # noqa: ANN401
    for penalty in PENALTIES:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            try:
                model = fit(penalty)
                is_finite = np.isfinite(predict(model)).all() and all(
                    value > 0 for value in named_parameters(model).values()
                )
            except Exception:  # noqa: BLE001, S112 -- lifetimes raises its own and SciPy's errors alike
                continue
        if is_finite:
            return model
    return None
