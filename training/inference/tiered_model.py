"""From rungs to one coherent forecast: who is answered from which rung, and how the answers are made to agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from features.arrays import Booleans, Floats
from training.inference import coherence
from training.inference.calibration import IDENTITY, CalibrationMap
from training.inference.extrapolation import Extrapolation
from training.inference.forecast import TIERS, Forecast, SpendForecast
from training.inference.heads import Head
from training.inference.seasonality import SeasonalFactors, Seasonality, seasonal_totals
from training.inference.spend_distribution import SpendDistribution
from training.inference.survival import forecast_grid
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.trees import TreesTier

TIERED_MODELS = ("churn", "next_purchase", "ltv")  # the models that every tier answers, made to agree with each other


@dataclass(frozen=True)
class HorizonLayout:
    """What is asked, what was learned, and how answers reach from one to the other."""

    churn_days: int
    horizons: tuple[int, ...]
    learned: tuple[int, ...]
    order_growth: float  # exponent by which orders grow with time beyond the longest learned horizon
    spend_growth: float
    ratios: tuple[SpendDistribution, ...] | None  # per learned horizon; None without amounts

    @property
    def extrapolated_horizons(self) -> tuple[int, ...]:
        """The asked horizons beyond the longest learned one."""
        return tuple(days for days in self.horizons if days > self.learned[-1])

    def extend(self, values: Floats, growth: Floats, factors: SeasonalFactors | None = None) -> Floats:
        """From (n, learned) to (n, asked), with how often the longest learned horizon's values come beyond it."""
        learned, beyond = seasonal_totals(values, growth, factors)
        inside = [learned[:, self.learned_position(days)] for days in self.horizons if days <= self.learned[-1]]
        return np.column_stack([*inside, beyond])

    def power_growth(self, exponent: float) -> Floats:
        """The growth beyond the longest learned horizon by a power of time, (beyond,)."""
        return np.asarray((np.asarray(self.extrapolated_horizons) / self.learned[-1]) ** exponent)

    def learned_position(self, days: int) -> int:
        """The position of the learned horizon that answers for a horizon."""
        return max((at for at, learned in enumerate(self.learned) if learned <= days), default=0)


@dataclass(frozen=True)
class TieredModel:
    """A rung for each question, and one for those who have not ordered yet."""

    tier_by_model: Mapping[str, str]  # question -> tier
    tier_by_name: Mapping[str, Tier]  # tier -> rung
    prospects: Tier
    extrapolation: (
        Extrapolation | None
    )  # None where no asked horizon lies beyond the learned ones, or nobody seems ever lost
    seasonality: Seasonality | None  # None where the log knows of none
    calibration: CalibrationMap
    layout: HorizonLayout
    prospect_distributions: tuple[SpendDistribution, ...] | None
    heads: Mapping[str, Head] = field(default_factory=dict)  # of the models that the tiers do not answer

    def forecast(self, inputs: Floats, orders: Floats) -> Forecast:
        """Coherent answers for n customers; those with no order are answered as prospects.

        Args:
            inputs: (n, names) of ``features.transformations.on_demand.model_inputs``.
            orders: (n,) orders so far.
        """
        days, new = self._grid_days, orders < 1
        order_by, expected, mean = self._predict_buyers(inputs, days)
        if new.any():
            order_by[new] = self.prospects.order_by(inputs[new], days)
            within = order_by[new][:, np.searchsorted(days, self.layout.learned)]
            expected[new], spend = self.prospects.orders_and_spend(inputs[new], within)
            if mean is not None:
                mean[new] = spend
        seasonal = self._apply_seasonality(inputs, new, days, order_by, expected, mean)
        return self._with_heads(self._coherent_forecast(days, *seasonal, new), inputs, orders)

    def _with_heads(self, forecast: Forecast, inputs: Floats, orders: Floats) -> Forecast:
        if not self.heads:
            return forecast
        return replace(
            forecast, answers={name: head.predict(inputs, orders, forecast) for name, head in self.heads.items()}
        )

    def predict_learned(self, inputs: Floats) -> tuple[Floats, Floats, Floats | None]:
        """P(order), orders and net amount of those who have ordered, each (n, learned), the season left aside."""
        days = self._grid_days
        order_by, expected, mean = self._predict_buyers(inputs, days)
        return order_by[:, np.searchsorted(days, self.layout.learned)], expected, mean

    def _predict_buyers(self, inputs: Floats, days: Floats) -> tuple[Floats, Floats, Floats | None]:
        own = self.tier_by_name[self.tier_by_model["next_purchase"]].order_by(inputs, days)
        order_by = self._tilt_to_churn(own, inputs, days)
        rung = self.tier_by_name[self.tier_by_model["ltv"]]
        if isinstance(rung, BtydTier) and rung is self.tier_by_name[self.tier_by_model["next_purchase"]]:
            return order_by, *rung.predict(inputs)[1:]
        return order_by, *rung.orders_and_spend(inputs, order_by[:, np.searchsorted(days, self.layout.learned)])

    def _apply_seasonality(
        self,
        inputs: Floats,
        new: Booleans,
        days: Floats,
        order_by: Floats,
        expected: Floats,
        mean: Floats | None,
    ) -> tuple[Floats, Floats, Floats | None]:
        shape, season = self.layout, self.seasonality
        growth = self._growth_factors(inputs, new)
        expected = shape.extend(expected, growth(shape.order_growth), season.orders if season else None)
        if mean is not None:
            mean = shape.extend(mean, growth(shape.spend_growth), season.spend if season else None)
        return order_by if season is None else season.adjust_order_by(order_by, days, shape.learned), expected, mean

    def _growth_factors(self, inputs: Floats, new: Booleans) -> Callable[[float], Floats]:
        """The growth beyond the longest learned horizon, (n, beyond), by the exponent where only that is known."""
        shape, bought = self.layout, ~new
        lasting = None
        if self.extrapolation is not None and shape.extrapolated_horizons and bought.any():
            lasting = self.extrapolation.growth_factors(inputs[bought], shape.learned[-1], shape.extrapolated_horizons)

        def growth(exponent: float) -> Floats:
            found = np.tile(shape.power_growth(exponent), (len(inputs), 1))
            if lasting is not None:
                found[bought] = lasting
            return found

        return growth

    def _coherent_forecast(
        self, days: Floats, order_by: Floats, expected: Floats, mean: Floats | None, new: Booleans
    ) -> Forecast:
        shape = self.layout
        within = order_by[:, np.searchsorted(days, shape.horizons)]
        bases = order_by[
            :, np.searchsorted(days, [shape.learned[shape.learned_position(one)] for one in shape.horizons])
        ]
        lowest = max(TIERS.index(tier) for tier in self.tier_by_model.values())
        return Forecast(
            tier=np.where(new, TIERS.index("population"), lowest).astype(np.int8),
            days=days,
            order_by=order_by,
            horizons=shape.horizons,
            expected_orders=coherence.enforce_monotone(expected, within),
            spend=self._spend_forecast(mean, within, bases, new),
        )

    def _spend_forecast(
        self, mean: Floats | None, within: Floats, bases: Floats, new: Booleans
    ) -> SpendForecast | None:
        shape = self.layout
        if mean is None or shape.ratios is None or self.prospect_distributions is None:
            return None
        found = coherence.spend_forecast(
            mean, within, [shape.ratios[shape.learned_position(days)] for days in shape.horizons], bases
        )
        if new.any():
            ratios = [self.prospect_distributions[shape.learned_position(days)] for days in shape.horizons]
            apart = coherence.spend_forecast(mean[new], within[new], ratios, bases[new])
            for name in ("mean", "median", "p10", "p90"):
                getattr(found, name)[new] = getattr(apart, name)
        return found

    def _tilt_to_churn(self, order_by: Floats, inputs: Floats, days: Floats) -> Floats:
        rung = self.tier_by_name[self.tier_by_model["churn"]]
        if self.calibration == IDENTITY and self.tier_by_model["churn"] == self.tier_by_model["next_purchase"] != "ml":
            return order_by
        churn = self.calibration(churn_probability(rung, inputs, self.layout.churn_days))
        return coherence.tilt(order_by, days, self.layout.churn_days, churn)

    @cached_property
    def _grid_days(self) -> Floats:
        """The days on which answers are given, (k,)."""
        edges = np.asarray(self.tier_by_name[self.tier_by_model["next_purchase"]].edges, dtype=float)
        return forecast_grid(edges, (*self.layout.horizons, *self.layout.learned, self.layout.churn_days))


def churn_probability(tier: Tier, inputs: Floats, days: int) -> Floats:
    """Uncalibrated P(no order within so many days), (n,): from a head of its own where the rung has one."""
    if isinstance(tier, TreesTier):
        return tier.churn_probability(inputs)
    return 1 - tier.order_by(inputs, np.array([0.0, days]))[:, 1]
