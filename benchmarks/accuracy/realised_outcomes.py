"""Realised outcomes: what customers did after a day, and two simple forecasts: repeated past and plain BTYD."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.arrays import Floats
from training.fitting.btyd import fit_btyd, fit_gamma_gamma


@dataclass(frozen=True, kw_only=True)
class HorizonValues:
    """Predictions or outcomes of the same customers over one horizon, (n,) each."""

    ordered: Floats | None  # P(order), or 0 and 1
    orders: Floats | None
    spend: Floats | None

    def get(self, kind: str) -> Floats | None:
        """Return the quantity of this name: ordered, orders or spend; None if it is not predicted."""
        values: Floats | None = getattr(self, kind)
        return values


@dataclass(frozen=True)
class SplitLog:
    """The lines of a log before and after a day, and the customers with orders by then."""

    lines: pd.DataFrame  # order_id, customer_id, ordered_at, perhaps amount
    as_of: date
    customers: list[str]

    def outcomes_between(self, first: int, last: int) -> HorizonValues:
        """Return the outcomes in ``[as_of + first, as_of + last)`` days."""
        now = pd.Timestamp(self.as_of)
        inside = self.lines["ordered_at"].between(
            now + pd.Timedelta(days=first), now + pd.Timedelta(days=last), inclusive="left"
        )
        lines = self.lines[inside]
        placed = lines[lines["amount"] > 0] if "amount" in lines else lines
        orders = self._per_customer(placed.groupby("customer_id")["order_id"].nunique())
        spend = None
        if "amount" in lines:
            spend = np.maximum(self._per_customer(lines.groupby("customer_id")["amount"].sum()), 0.0)
        return HorizonValues(ordered=(orders > 0).astype(float), orders=orders, spend=spend)

    def horizon_is_known(self, days: int, until: date) -> bool:
        """Return whether the whole window after the day was simulated."""
        return pd.Timestamp(self.as_of) + pd.Timedelta(days=days) <= pd.Timestamp(until)

    def summary(self) -> pd.DataFrame:
        """Return age and inactivity in days, order days, orders and mean order value of each customer."""
        now = pd.Timestamp(self.as_of)
        before = self.lines[self.lines["ordered_at"] < now]
        placed = before[before["amount"] > 0] if "amount" in before else before
        ages = (now - placed["ordered_at"]).dt.total_seconds() / 86_400
        grouped = placed.assign(age=ages, day=placed["ordered_at"].dt.normalize()).groupby("customer_id")
        table = grouped.agg(age=("age", "max"), silent=("age", "min"), days=("day", "nunique"), orders=("day", "size"))
        if "amount" in placed:
            table["mean_order"] = grouped["amount"].mean()
        return table.reindex(self.customers)

    def simple_scores(self) -> dict[str, Floats]:
        """Return scores that need no model: recency and frequency."""
        table = self.summary()
        return {"recency": -table["silent"].to_numpy(float), "frequency": table["orders"].to_numpy(float)}

    def btyd_forecasts(self, horizons: list[int]) -> dict[int, HorizonValues]:
        """Return Pareto/NBD and Gamma-Gamma forecasts by horizon, or the next simpler models that converge."""
        table = self.summary()
        age, repeats = table["age"].to_numpy(), table["days"].to_numpy(float) - 1
        histories = repeats, np.where(repeats > 0, age - table["silent"].to_numpy(), 0.0), age
        model = fit_btyd(*histories).model
        ordered, orders = model.order_by(*histories, horizons), model.expected_orders(*histories, horizons)
        value = None
        if "mean_order" in table:
            counts, means = table["orders"].to_numpy(float), table["mean_order"].to_numpy()
            value = fit_gamma_gamma(counts, means).model.order_value(counts, means)
        return {
            days: HorizonValues(
                ordered=ordered[:, index],
                orders=orders[:, index],
                spend=None if value is None else orders[:, index] * value,
            )
            for index, days in enumerate(horizons)
        }

    def _per_customer(self, series: pd.Series) -> Floats:
        values: Floats = series.reindex(self.customers).fillna(0.0).to_numpy(float)
        return values
