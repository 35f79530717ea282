"""Customer inputs: the model inputs of n buyers, and what all questions about them share, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from features.arrays import Booleans, Floats
from training.inference.fast_numpy import nan_to_zero, side_by_side

PRIOR_GAPS = 1.0  # weight of the shop's usual gap, in gaps
PRIOR_ORDERS = 3.0  # weight of the shop's usual order value, in orders
MIN_GAP_DAYS = 1.0


@dataclass(frozen=True)
class ShopAverages:
    """Shop averages: what a customer with a short history borrows from all others."""

    gap_days: float  # usual days between two order days
    order_value: float  # usual amount of an order; 0 without amounts
    window_days: float  # the longest window that most training rows could fill


@dataclass(frozen=True)
class CustomerInputs:
    """Customer inputs of n buyers; every array is (n,) but the inputs."""

    names: tuple[str, ...]
    inputs: Floats  # (n, names)
    averages: ShopAverages

    def __len__(self) -> int:
        return len(self.inputs)

    def select(self, mask: Booleans) -> CustomerInputs:
        """The rows under a mask, (n,)."""
        return CustomerInputs(self.names, self.inputs[mask], self.averages)

    def column(self, name: str) -> Floats:
        """One input without NaN."""
        return self._inputs_without_nan[:, column_positions(self.names)[name]]

    @cached_property
    def _inputs_without_nan(self) -> Floats:
        return nan_to_zero(self.inputs)

    @cached_property
    def order_days(self) -> Floats:
        """Days with an order, at least 1."""
        return np.maximum(self.column("order_days"), 1.0)

    @cached_property
    def log_order_days(self) -> Floats:
        """Logarithm of the days with an order."""
        return np.log(self.order_days)

    @cached_property
    def log_silence(self) -> Floats:
        """Logarithm of the days since the last order, and one."""
        return np.log1p(self.column("recency_days"))

    @cached_property
    def gap_days(self) -> Floats:
        """The customer's mean gap in days, shrunk towards the shop's usual gap, at least 1."""
        gaps = self.order_days - 1
        own = self.column("mean_gap_days") * gaps
        return np.maximum((own + PRIOR_GAPS * self.averages.gap_days) / (gaps + PRIOR_GAPS), MIN_GAP_DAYS)

    @cached_property
    def log_silence_over_gap(self) -> Floats:
        """Logarithm of the silence in gaps, and one."""
        return np.log1p(self.column("recency_days") / self.gap_days)

    @cached_property
    def order_value(self) -> Floats:
        """The customer's mean order value, shrunk towards the shop's usual value."""
        count = self.column("orders")
        own = np.maximum(self.column("mean_order"), 0.0) * count
        return np.asarray((own + PRIOR_ORDERS * self.averages.order_value) / (count + PRIOR_ORDERS))

    @cached_property
    def order_ages(self) -> tuple[Floats, Floats]:
        """Orders placed in each window but not in the shorter ones, and the days to its middle, (n, windows + 1)."""
        lengths = window_lengths(self.names, "orders")
        tenure, orders = self.column("tenure_days"), self.column("orders")
        cumulative = side_by_side([*(self.column(name) for name in lengths.values()), orders])
        inside = np.maximum(np.diff(cumulative, axis=1, prepend=0.0), 0.0)
        edges = np.array([0.0, *lengths])
        ages = np.tile(np.append((edges[:-1] + edges[1:]) / 2, 0.0), (len(self), 1))
        ages[:, -1] = (edges[-1] + np.maximum(tenure, edges[-1])) / 2
        return inside, ages

    @cached_property
    def log_order_value(self) -> Floats:
        """Logarithm of the order value."""
        return np.log(np.maximum(self.order_value, 1e-6))


@lru_cache(maxsize=64)
def column_positions(names: tuple[str, ...]) -> Mapping[str, int]:
    """The position of each input by its name."""
    return {name: position for position, name in enumerate(names)}


@lru_cache(maxsize=64)
def window_lengths(names: tuple[str, ...], kind: str) -> Mapping[int, str]:
    """Lengths in days of the windows of ``orders`` or ``spend``, ascending, with the names of their inputs."""
    return dict(sorted(_windows(names, kind).items()))


def _windows(names: Sequence[str], kind: str) -> dict[int, str]:
    return {
        int(name.removeprefix(f"{kind}_").removesuffix("d")): name
        for name in names
        if name.startswith(f"{kind}_") and name.endswith("d") and name[len(kind) + 1 : -1].isdigit()
    }


@lru_cache(maxsize=1024)
def nearest_window(names: tuple[str, ...], kind: str, days: float) -> str:
    """The name of the input that counts ``orders`` or sums ``spend`` over the window nearest to ``days``."""
    lengths = window_lengths(names, kind)
    return lengths[min(lengths, key=lambda length: abs(float(np.log(length / max(days, 1.0)))))]
