"""Anchors: the published models and the ridge regression at one origin, fitted once for every horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.accuracy.baselines import (
    FAMILIES,
    BaselineForecast,
    BtydHistories,
    baseline_forecasts,
    closed_form,
    expected_order_value,
    fit_lifetimes_model,
)
from benchmarks.accuracy.ridge_regression import forecast_by_ridge
from benchmarks.accuracy.visits import Visits
from features.arrays import Floats, Integers


@dataclass(frozen=True, kw_only=True)
class Anchors:
    """Fitted models of lifetimes, and the log for the ridge regression."""

    visits: Visits
    origin: int  # in the days of the visits
    positions: Integers  # (n,) the customers to predict, in the visits
    histories: BtydHistories  # of the same customers
    models: Mapping[str, Any | None]  # family -> model; None if it did not converge
    value: Floats | None  # (n,) expected value of an order; None without amounts

    @classmethod
    def fit(
        cls,
        visits: Visits,
        origin: int,
        positions: Integers,
        histories: BtydHistories,
        fit_customers: int | None = None,
    ) -> Anchors:
        """Fit the published models to the histories, or to those of ``fit_customers`` drawn customers."""
        order = np.random.default_rng(0).permutation(len(positions))
        drawn = np.isin(np.arange(len(positions)), order[:fit_customers])
        return cls(
            visits=visits,
            origin=origin,
            positions=positions,
            histories=histories,
            models={family: fit_lifetimes_model(family, histories.select(drawn)) for family in FAMILIES},
            value=expected_order_value(histories, histories),
        )

    def forecasts(self, days: int) -> list[BaselineForecast]:
        """Predict over one horizon; the ridge regression is given what Pareto/NBD expects."""
        pareto = self.models["Pareto/NBD"]
        btyd = None if pareto is None else closed_form("Pareto/NBD", pareto)
        ridge = forecast_by_ridge(self.visits, self.origin, days, self.positions, btyd, self.value)
        return [*baseline_forecasts(self.models, self.histories, days, self.value), ridge]
