"""Question inputs: what every member of the average reads of n buyers, for one question over one horizon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Booleans, Floats
from training.inference.fast_numpy import nan_to_zero
from training.inference.log_odds import logit

MIN_EXPECTED_ORDERS = 1e-4  # lower limit of an expected count; its logarithm must be finite
PRIOR_GAPS = 1.0  # weight of the shop's usual gap, in gaps
PRIOR_ORDERS = 3.0  # weight of the shop's usual order value, in orders


@dataclass(frozen=True)
class ShopAverages:
    """Shop averages: what a customer with a short history borrows from all others."""

    gap_days: float  # usual days between two order days
    order_value: float  # usual amount of an order; 0 without amounts
    window_days: float  # the longest window that most training rows could fill


@dataclass(frozen=True)
class QuestionInputs:
    """Question inputs: model inputs, BTYD's answer and the shop's averages, for one horizon."""

    names: tuple[str, ...]
    inputs: Floats  # (n, names)
    days: float  # the horizon
    btyd_probability: Floats  # (n,) BTYD's P(order within the horizon)
    btyd_orders: Floats  # (n,) BTYD's expected orders within the horizon
    averages: ShopAverages

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, mask: Booleans) -> QuestionInputs:
        """The question for the rows under a mask, (n,)."""
        return QuestionInputs(
            self.names, self.inputs[mask], self.days, self.btyd_probability[mask], self.btyd_orders[mask], self.averages
        )

    def column(self, name: str) -> Floats:
        """One input column without NaN, (n,)."""
        return nan_to_zero(self.inputs[:, self.names.index(name)])

    @cached_property
    def btyd_log_odds(self) -> Floats:
        """Log-odds of BTYD's P(order), (n,)."""
        return logit(self.btyd_probability)

    @cached_property
    def btyd_log_orders(self) -> Floats:
        """Logarithm of BTYD's expected orders, (n,)."""
        return np.asarray(np.log(np.maximum(self.btyd_orders, MIN_EXPECTED_ORDERS)))

    @cached_property
    def gap_days(self) -> Floats:
        """The customer's mean gap in days, shrunk towards the shop's usual gap, (n,)."""
        gaps = np.maximum(self.column("order_days") - 1, 0.0)
        own = self.column("mean_gap_days") * gaps
        return np.asarray((own + PRIOR_GAPS * self.averages.gap_days) / (gaps + PRIOR_GAPS))

    @cached_property
    def order_value(self) -> Floats:
        """The customer's mean order value, shrunk towards the shop's usual value, (n,)."""
        count = self.column("orders")
        own = np.maximum(self.column("mean_order"), 0.0) * count
        return np.asarray((own + PRIOR_ORDERS * self.averages.order_value) / (count + PRIOR_ORDERS))

    def window_name(self, kind: str, days: float) -> str:
        """The name of the input that counts ``orders`` or sums ``spend`` over the window nearest to ``days``.

        No window is longer than most training rows could fill: in those rows a longer one would equal all orders so
        far, but not for the customers of today.
        """
        return _nearest_window(self.names, kind, max(min(days, self.averages.window_days), 1.0))

    def window(self, kind: str, days: float) -> Floats:
        """Orders or spend over the window nearest to ``days``, (n,)."""
        return self.column(self.window_name(kind, days))


def window_lengths(names: Sequence[str], kind: str) -> dict[int, str]:
    """Lengths in days of the windows among the inputs, ascending, with their input names."""
    found = {
        int(name.removeprefix(f"{kind}_").removesuffix("d")): name
        for name in names
        if name.startswith(f"{kind}_") and name.endswith("d") and name[len(kind) + 1 : -1].isdigit()
    }
    return dict(sorted(found.items()))


def _nearest_window(names: tuple[str, ...], kind: str, days: float) -> str:
    lengths = window_lengths(names, kind)
    return lengths[min(lengths, key=lambda length: abs(np.log(length / days)))]
