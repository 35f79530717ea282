"""BTYD tier: buy-till-you-die models with few parameters, fitted to the frequency and recency of orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats
from training.inference.btyd import BuyTillDie, GammaGamma, btyd_from_json
from training.inference.fast_numpy import clip, nan_to_zero
from training.inference.tiers.base import TierAnswer


@dataclass(frozen=True)
class BtydTier:
    """BTYD tier: a model of orders and one of order values; it needs no finished window to be fitted."""

    names: tuple[str, ...]
    model: BuyTillDie
    order_value: GammaGamma | None  # None without amounts
    learned: tuple[int, ...]  # days
    edges: tuple[float, ...]  # days of the forecast grid

    def answer(self, inputs: Floats, days: Floats) -> TierAnswer:
        """Predict n customers; without an order, a customer counts as one who ordered just now."""
        customer_histories, learned = histories(inputs, self.names), np.asarray(self.learned, dtype=float)
        orders = self.model.expected_orders(*customer_histories, learned)
        spend = None if self.order_value is None else np.asarray(orders * self.spend_per_order(inputs)[:, None])
        return TierAnswer(self.model.order_by(*customer_histories, days), orders, spend)

    def spend_per_order(self, inputs: Floats) -> Floats:
        """Return the net amount per expected order, (n,).

        Raises:
            ValueError: the log has no amounts.
        """
        if self.order_value is None:
            raise ValueError("There is no model of order values: the log it was fitted to has no amounts.")
        orders = np.maximum(nan_to_zero(self._column(inputs, "orders")), 1.0)
        mean_order = np.maximum(nan_to_zero(self._column(inputs, "mean_order")), 1e-6)
        return self.order_value.order_value(orders, mean_order)

    def as_json(self) -> dict[str, Any]:
        """Return the tier as plain JSON."""
        value = None if self.order_value is None else self.order_value.as_json()
        return {**vars(self), "model": self.model.as_json(), "order_value": value}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> BtydTier:
        """Build the tier from ``as_json``'s values."""
        tuples = {key: tuple(value) for key, value in payload.items() if isinstance(value, list | tuple)}
        value = payload["order_value"]
        return cls(
            **tuples,
            model=btyd_from_json(payload["model"]),
            order_value=None if value is None else GammaGamma.from_json(value),
        )

    def _column(self, inputs: Floats, name: str) -> Floats:
        return inputs[:, self.names.index(name)]


def histories(inputs: Floats, names: tuple[str, ...]) -> tuple[Floats, Floats, Floats]:
    """Return order days after the first, days from the first order to the last, and days to now, each (n,)."""
    age = np.maximum(nan_to_zero(inputs[:, names.index("tenure_days")]), 1e-3)
    since_last = nan_to_zero(inputs[:, names.index("recency_days")])
    repeats = np.maximum(nan_to_zero(inputs[:, names.index("order_days")]) - 1, 0.0)
    recency = np.where(repeats > 0, clip(age - since_last, 0.0, age), 0.0)
    return repeats, recency, age
