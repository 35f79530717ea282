"""From rungs to one coherent forecast: who is answered from which rung, and how the answers are made to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Booleans, Floats
from training.inference import coherence
from training.inference.calibration import IDENTITY, CalibrationMap
from training.inference.extrapolation import Extension
from training.inference.forecast import TIERS, Forecast, Spend
from training.inference.seasonality import Factors, Season, in_season
from training.inference.spend_distribution import SpendRatios
from training.inference.survival import answer_days
from training.inference.tiers.base import Rung
from training.inference.tiers.btyd import BtydRung
from training.inference.tiers.trees import TreesRung


@dataclass(frozen=True)
class Shape:
    """What is asked, what was learned, and how answers reach from one to the other."""

    churn_days: int
    asked: tuple[int, ...]
    learned: tuple[int, ...]
    order_growth: float  # exponent by which orders grow with time beyond the longest learned horizon
    spend_growth: float
    ratios: tuple[SpendRatios, ...] | None  # per learned horizon; None without amounts

    @property
    def beyond(self) -> tuple[int, ...]:
        """The asked horizons beyond the longest learned one."""
        return tuple(days for days in self.asked if days > self.learned[-1])

    def extended(self, values: Floats, growth: Floats, factors: Factors | None = None) -> Floats:
        """From (n, learned) to (n, asked), with how often the longest learned horizon's values come beyond it."""
        learned, beyond = in_season(values, growth, factors)
        inside = [learned[:, self.base(days)] for days in self.asked if days <= self.learned[-1]]
        return np.column_stack([*inside, beyond])

    def power(self, exponent: float) -> Floats:
        """The growth beyond the longest learned horizon by a power of time, (beyond,)."""
        return np.asarray((np.asarray(self.beyond) / self.learned[-1]) ** exponent)

    def base(self, days: int) -> int:
        """The position of the learned horizon that answers for a horizon."""
        return max((at for at, learned in enumerate(self.learned) if learned <= days), default=0)


@dataclass(frozen=True)
class Ladder:
    """A rung for each question, and one for those who have not ordered yet."""

    tiers: Mapping[str, str]  # question -> tier
    rungs: Mapping[str, Rung]  # tier -> rung
    prospects: Rung
    extension: Extension | None  # None where no asked horizon lies beyond the learned ones, or nobody seems ever lost
    season: Season | None  # None where the log knows of none
    calibration: CalibrationMap
    shape: Shape
    prospect_ratios: tuple[SpendRatios, ...] | None

    def forecast(self, inputs: Floats, orders: Floats) -> Forecast:
        """Coherent answers for n customers; those with no order are answered as prospects.

        Args:
            inputs: (n, names) of ``features.transformations.on_demand.model_inputs``.
            orders: (n,) orders so far.
        """
        days, new = self._days, orders < 1
        order_by, expected, mean = self._of_buyers(inputs, days)
        if new.any():
            order_by[new] = self.prospects.order_by(inputs[new], days)
            within = order_by[new][:, np.searchsorted(days, self.shape.learned)]
            expected[new], spend = self.prospects.value(inputs[new], within)
            if mean is not None:
                mean[new] = spend
        return self._agreed(days, *self._in_season(inputs, new, days, order_by, expected, mean), new)

    def at_learned(self, inputs: Floats) -> tuple[Floats, Floats, Floats | None]:
        """P(order), orders and net amount of those who have ordered, each (n, learned), the season left aside."""
        days = self._days
        order_by, expected, mean = self._of_buyers(inputs, days)
        return order_by[:, np.searchsorted(days, self.shape.learned)], expected, mean

    def _of_buyers(self, inputs: Floats, days: Floats) -> tuple[Floats, Floats, Floats | None]:
        own = self.rungs[self.tiers["next_purchase"]].order_by(inputs, days)
        order_by = self._through_churn(own, inputs, days)
        rung = self.rungs[self.tiers["ltv"]]
        if isinstance(rung, BtydRung) and rung is self.rungs[self.tiers["next_purchase"]]:
            return order_by, *rung.answers(inputs)[1:]
        return order_by, *rung.value(inputs, order_by[:, np.searchsorted(days, self.shape.learned)])

    def _in_season(
        self,
        inputs: Floats,
        new: Booleans,
        days: Floats,
        order_by: Floats,
        expected: Floats,
        mean: Floats | None,
    ) -> tuple[Floats, Floats, Floats | None]:
        shape, season = self.shape, self.season
        growth = self._growth(inputs, new)
        expected = shape.extended(expected, growth(shape.order_growth), season.orders if season else None)
        if mean is not None:
            mean = shape.extended(mean, growth(shape.spend_growth), season.spend if season else None)
        return order_by if season is None else season.bent(order_by, days, shape.learned), expected, mean

    def _growth(self, inputs: Floats, new: Booleans) -> Callable[[float], Floats]:
        """The growth beyond the longest learned horizon, (n, beyond), by the exponent where only that is known."""
        shape, bought = self.shape, ~new
        lasting = None
        if self.extension is not None and shape.beyond and bought.any():
            lasting = self.extension.growth(inputs[bought], shape.learned[-1], shape.beyond)

        def growth(exponent: float) -> Floats:
            found = np.tile(shape.power(exponent), (len(inputs), 1))
            if lasting is not None:
                found[bought] = lasting
            return found

        return growth

    def _agreed(self, days: Floats, order_by: Floats, expected: Floats, mean: Floats | None, new: Booleans) -> Forecast:
        shape = self.shape
        within = order_by[:, np.searchsorted(days, shape.asked)]
        bases = order_by[:, np.searchsorted(days, [shape.learned[shape.base(one)] for one in shape.asked])]
        lowest = max(TIERS.index(tier) for tier in self.tiers.values())
        return Forecast(
            tier=np.where(new, TIERS.index("population"), lowest).astype(np.int8),
            days=days,
            order_by=order_by,
            horizons=shape.asked,
            expected_orders=coherence.never_fewer(expected, within),
            spend=self._spend(mean, within, bases, new),
        )

    def _spend(self, mean: Floats | None, within: Floats, bases: Floats, new: Booleans) -> Spend | None:
        shape = self.shape
        if mean is None or shape.ratios is None or self.prospect_ratios is None:
            return None
        found = coherence.spend(mean, within, [shape.ratios[shape.base(days)] for days in shape.asked], bases)
        if new.any():
            ratios = [self.prospect_ratios[shape.base(days)] for days in shape.asked]
            apart = coherence.spend(mean[new], within[new], ratios, bases[new])
            for name in ("mean", "median", "p10", "p90"):
                getattr(found, name)[new] = getattr(apart, name)
        return found

    def _through_churn(self, order_by: Floats, inputs: Floats, days: Floats) -> Floats:
        rung = self.rungs[self.tiers["churn"]]
        if self.calibration == IDENTITY and self.tiers["churn"] == self.tiers["next_purchase"] != "ml":
            return order_by
        churn = self.calibration(churn_probability(rung, inputs, self.shape.churn_days))
        return coherence.tilt(order_by, days, self.shape.churn_days, churn)

    @cached_property
    def _days(self) -> Floats:
        """The days on which answers are given, (k,)."""
        edges = np.asarray(self.rungs[self.tiers["next_purchase"]].edges, dtype=float)
        return answer_days(edges, (*self.shape.asked, *self.shape.learned, self.shape.churn_days))


def churn_probability(rung: Rung, inputs: Floats, days: int) -> Floats:
    """Uncalibrated P(no order within so many days), (n,): from a head of its own where the rung has one."""
    if isinstance(rung, TreesRung):
        return rung.churn(inputs)
    return 1 - rung.order_by(inputs, np.array([0.0, days]))[:, 1]
