"""Planted market: customers with a known chance to order, and a known effect of an offer on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.arrays import Booleans, Floats
from serving.audiences.query.scores_table import Columns, ScoresFile

DAYS = 28
BASKET = 40.0
Outcome = Literal["order", "spend"]
Shape = Literal["null", "even", "correlated"]


@dataclass(frozen=True)
class Market:
    """A market of n customers."""

    chance: Floats  # (n,) of an order within the window, without the offer
    effect: Floats  # (n,) of the offer on that chance
    basket: Floats  # (n,) the mean amount of an order

    def __len__(self) -> int:
        return len(self.chance)

    @classmethod
    def draw(cls, shape: Shape, size: int, rng: np.random.Generator) -> Market:
        """Draw a market.

        With a ``correlated`` effect, those who order rarely and in small baskets are moved most: then an order that the
        offer adds is not worth an average order.
        """
        rank = rng.random(size)
        chance = 0.05 + 0.3 * rank**2
        basket = rng.gamma(4.0, BASKET / 4, size)
        if shape == "null":
            return cls(chance, np.zeros(size), basket)
        if shape == "even":
            return cls(chance, np.full(size, 0.06), basket)
        return cls(chance, 0.12 * (1 - rank), basket * (0.5 + rank))

    def write_scores(self, folder: Path) -> Columns:
        """Write the scores of a perfect forecast, and return their columns."""
        columns: Mapping[str, object] = {
            "customer_id": [f"{number:06d}" for number in range(len(self))],
            "as_of": pa.array([datetime(2026, 6, 1, tzinfo=UTC)] * len(self), pa.timestamp("us", tz="UTC")),
            "release": ["7"] * len(self),
            f"purchase_probability_{DAYS}d": self.chance,
            f"expected_orders_{DAYS}d": self.chance,
            f"ltv_{DAYS}d_mean": self.chance * self.basket,
        }
        pq.write_table(pa.table(columns), folder / "scores.parquet")
        return ScoresFile(folder / "scores.parquet").columns()

    def added_margin(self, margin: float) -> float:
        """Return the margin that the offer adds if everybody gets it."""
        return float(margin * (self.effect * self.basket).sum())

    def offers_used(self) -> float:
        """Return the expected number of customers who order with the offer."""
        return float((self.chance + self.effect).sum())

    def outcomes(self, treated: Booleans, outcome: Outcome, rng: np.random.Generator) -> Floats:
        """Draw what each customer does, (n,): whether they order, or what they spend."""
        ordered = rng.random(len(self)) < self.chance + np.where(treated, self.effect, 0.0)
        if outcome == "order":
            return ordered.astype(np.float64)
        return np.where(ordered, rng.gamma(4.0, self.basket / 4), 0.0)
