"""Tiered model: a fallback chain with one tier per model, whose answers are combined into one coherent forecast."""

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
    """Horizon layout: the requested horizons, the learned ones, and how values are extended to the requested ones."""

    churn_days: int
    horizons: tuple[int, ...]
    learned: tuple[int, ...]
    order_growth: float  # exponent by which orders grow with time beyond the longest learned horizon
    spend_growth: float
    ratios: tuple[SpendDistribution, ...] | None  # per learned horizon; None without amounts

    @property
    def extrapolated_horizons(self) -> tuple[int, ...]:
        """The requested horizons beyond the longest learned one, in days."""
        return tuple(days for days in self.horizons if days > self.learned[-1])

    def extend(self, values: Floats, growth: Floats, factors: SeasonalFactors | None = None) -> Floats:
        """Extend values from the learned horizons, (n, learned), to the requested ones, (n, horizons).

        Args:
            values: (n, learned) totals.
            growth: (n, beyond) or (beyond,) multiples of the longest learned horizon's totals.
            factors: seasonal factors; None without seasonality.
        """
        learned, beyond = seasonal_totals(values, growth, factors)
        inside = [learned[:, self.learned_position(days)] for days in self.horizons if days <= self.learned[-1]]
        return np.column_stack([*inside, beyond])

    def power_growth(self, exponent: float) -> Floats:
        """Return the growth beyond the longest learned horizon as a power of time, (beyond,)."""
        return np.asarray((np.asarray(self.extrapolated_horizons) / self.learned[-1]) ** exponent)

    def learned_position(self, days: int) -> int:
        """Return the index of the longest learned horizon within ``days``, or 0."""
        return max((index for index, learned in enumerate(self.learned) if learned <= days), default=0)


@dataclass(frozen=True)
class TieredModel:
    """Tiered model: one tier for each model, and one tier for customers without an order."""

    tier_by_model: Mapping[str, str]  # model name -> tier name
    tier_by_name: Mapping[str, Tier]  # tier name -> tier
    prospects: Tier
    extrapolation: Extrapolation | None  # None if no horizon exceeds the learned ones, or no customer seems ever lost
    seasonality: Seasonality | None  # None where none was learned
    calibration: CalibrationMap
    layout: HorizonLayout
    prospect_distributions: tuple[SpendDistribution, ...] | None
    heads: Mapping[str, Head] = field(default_factory=dict)  # of the models that the tiers do not answer

    def forecast(self, inputs: Floats, orders: Floats) -> Forecast:
        """Return the coherent forecast for n customers; customers without an order are treated as prospects.

        Args:
            inputs: (n, names) of ``features.transformations.on_demand.model_inputs``.
            orders: (n,) orders so far.
        """
        days, is_prospect = self._grid_days, orders < 1
        order_by, expected, mean = self._predict_buyers(inputs, days)
        if is_prospect.any():
            order_by[is_prospect] = self.prospects.order_by(inputs[is_prospect], days)
            within = order_by[is_prospect][:, np.searchsorted(days, self.layout.learned)]
            expected[is_prospect], spend = self.prospects.orders_and_spend(inputs[is_prospect], within)
            if mean is not None:
                mean[is_prospect] = spend
        seasonal = self._apply_seasonality(inputs, is_prospect, days, order_by, expected, mean)
        return self._with_heads(self._coherent_forecast(days, *seasonal, is_prospect), inputs, orders)

    def _with_heads(self, forecast: Forecast, inputs: Floats, orders: Floats) -> Forecast:
        if not self.heads:
            return forecast
        return replace(
            forecast, answers={name: head.predict(inputs, orders, forecast) for name, head in self.heads.items()}
        )

    def predict_learned(self, inputs: Floats) -> tuple[Floats, Floats, Floats | None]:
        """Return P(order), expected orders and net spend of buyers, each (n, learned), without seasonality."""
        days = self._grid_days
        order_by, expected, mean = self._predict_buyers(inputs, days)
        return order_by[:, np.searchsorted(days, self.layout.learned)], expected, mean

    def _predict_buyers(self, inputs: Floats, days: Floats) -> tuple[Floats, Floats, Floats | None]:
        own = self.tier_by_name[self.tier_by_model["next_purchase"]].order_by(inputs, days)
        order_by = self._tilt_to_churn(own, inputs, days)
        tier = self.tier_by_name[self.tier_by_model["ltv"]]
        if isinstance(tier, BtydTier) and tier is self.tier_by_name[self.tier_by_model["next_purchase"]]:
            return order_by, *tier.predict(inputs)[1:]
        return order_by, *tier.orders_and_spend(inputs, order_by[:, np.searchsorted(days, self.layout.learned)])

    def _apply_seasonality(
        self,
        inputs: Floats,
        is_prospect: Booleans,
        days: Floats,
        order_by: Floats,
        expected: Floats,
        mean: Floats | None,
    ) -> tuple[Floats, Floats, Floats | None]:
        layout, seasonality = self.layout, self.seasonality
        growth = self._growth_factors(inputs, is_prospect)
        expected = layout.extend(expected, growth(layout.order_growth), seasonality.orders if seasonality else None)
        if mean is not None:
            mean = layout.extend(mean, growth(layout.spend_growth), seasonality.spend if seasonality else None)
        return (
            order_by if seasonality is None else seasonality.adjust_order_by(order_by, days, layout.learned),
            expected,
            mean,
        )

    def _growth_factors(self, inputs: Floats, is_prospect: Booleans) -> Callable[[float], Floats]:
        """Return a function from a growth exponent to the growth beyond the longest learned horizon, (n, beyond)."""
        layout, buyers = self.layout, ~is_prospect
        buyer_growth = None
        if self.extrapolation is not None and layout.extrapolated_horizons and buyers.any():
            buyer_growth = self.extrapolation.growth_factors(
                inputs[buyers], layout.learned[-1], layout.extrapolated_horizons
            )

        def growth(exponent: float) -> Floats:
            factors = np.tile(layout.power_growth(exponent), (len(inputs), 1))
            if buyer_growth is not None:
                factors[buyers] = buyer_growth
            return factors

        return growth

    def _coherent_forecast(
        self, days: Floats, order_by: Floats, expected: Floats, mean: Floats | None, is_prospect: Booleans
    ) -> Forecast:
        layout = self.layout
        within = order_by[:, np.searchsorted(days, layout.horizons)]
        base_days = [layout.learned[layout.learned_position(horizon)] for horizon in layout.horizons]
        bases = order_by[:, np.searchsorted(days, base_days)]
        lowest = max(TIERS.index(tier) for tier in self.tier_by_model.values())
        return Forecast(
            tier=np.where(is_prospect, TIERS.index("population"), lowest).astype(np.int8),
            days=days,
            order_by=order_by,
            horizons=layout.horizons,
            expected_orders=coherence.enforce_monotone(expected, within),
            spend=self._spend_forecast(mean, within, bases, is_prospect),
        )

    def _spend_forecast(
        self, mean: Floats | None, within: Floats, bases: Floats, is_prospect: Booleans
    ) -> SpendForecast | None:
        layout = self.layout
        if mean is None or layout.ratios is None or self.prospect_distributions is None:
            return None
        spend = coherence.spend_forecast(
            mean, within, [layout.ratios[layout.learned_position(days)] for days in layout.horizons], bases
        )
        if is_prospect.any():
            ratios = [self.prospect_distributions[layout.learned_position(days)] for days in layout.horizons]
            prospect_spend = coherence.spend_forecast(
                mean[is_prospect], within[is_prospect], ratios, bases[is_prospect]
            )
            for name in ("mean", "median", "p10", "p90"):
                getattr(spend, name)[is_prospect] = getattr(prospect_spend, name)
        return spend

    def _tilt_to_churn(self, order_by: Floats, inputs: Floats, days: Floats) -> Floats:
        tier = self.tier_by_name[self.tier_by_model["churn"]]
        if self.calibration == IDENTITY and self.tier_by_model["churn"] == self.tier_by_model["next_purchase"] != "ml":
            return order_by
        churn = self.calibration(churn_probability(tier, inputs, self.layout.churn_days))
        return coherence.tilt(order_by, days, self.layout.churn_days, churn)

    @cached_property
    def _grid_days(self) -> Floats:
        """The grid of days on which P(order) is computed, (k,)."""
        edges = np.asarray(self.tier_by_name[self.tier_by_model["next_purchase"]].edges, dtype=float)
        return forecast_grid(edges, (*self.layout.horizons, *self.layout.learned, self.layout.churn_days))


def churn_probability(tier: Tier, inputs: Floats, days: int) -> Floats:
    """Return the uncalibrated P(no order within ``days``), (n,), from the churn head where the tier has one."""
    if isinstance(tier, TreesTier):
        return tier.churn_probability(inputs)
    return 1 - tier.order_by(inputs, np.array([0.0, days]))[:, 1]
