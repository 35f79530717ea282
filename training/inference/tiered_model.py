"""Tiered model: one tier answers all buyers, another those without an order, in one coherent forecast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from features.arrays import Booleans, Floats
from training.inference import coherence
from training.inference.extrapolation import Extrapolation
from training.inference.forecast import TIERS, Forecast, SpendForecast
from training.inference.heads import Head
from training.inference.seasonality import SeasonalFactors, Seasonality, seasonal_totals
from training.inference.spend_distribution import SpendDistribution
from training.inference.survival import forecast_grid
from training.inference.tiers.base import Tier, TierAnswer
from training.inference.tiers.population import PopulationTier

TIERED_MODELS = ("churn", "next_purchase", "ltv")  # the models that a tier answers together, so that they agree


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
    """Tiered model: one tier for customers with an order, and one for those without."""

    tier_name: str
    tier: Tier
    prospects: PopulationTier
    extrapolation: Extrapolation | None  # None if no horizon exceeds the learned ones, or no customer seems ever lost
    seasonality: Seasonality | None  # None where none was learned
    layout: HorizonLayout
    prospect_distributions: tuple[SpendDistribution, ...] | None
    heads: Mapping[str, Head] = field(default_factory=dict)  # of the models that the tiers do not answer

    @property
    def tier_by_model(self) -> dict[str, str]:
        """The tier of each model: one for all, so that no answer contradicts another."""
        return dict.fromkeys((*TIERED_MODELS, *self.heads), self.tier_name)

    def forecast(self, inputs: Floats, orders: Floats) -> Forecast:
        """Return the coherent forecast for n customers; customers without an order are treated as prospects.

        Args:
            inputs: (n, names) of ``features.transformations.on_demand.model_inputs``.
            orders: (n,) orders so far.
        """
        days, is_prospect = self._grid_days, orders < 1
        answer = self._answer(inputs, is_prospect, days)
        seasonal = self._apply_seasonality(inputs, is_prospect, days, answer)
        return self._with_heads(self._coherent_forecast(days, seasonal, is_prospect), inputs, orders)

    def _with_heads(self, forecast: Forecast, inputs: Floats, orders: Floats) -> Forecast:
        if not self.heads:
            return forecast
        return replace(
            forecast, answers={name: head.predict(inputs, orders, forecast) for name, head in self.heads.items()}
        )

    def predict_learned(self, inputs: Floats) -> TierAnswer:
        """Return P(order), orders and net spend of buyers within each learned horizon, without seasonality."""
        return self.tier.answer(inputs, np.asarray(self.layout.learned, dtype=float))

    def _answer(self, inputs: Floats, is_prospect: Booleans, days: Floats) -> TierAnswer:
        """Each customer's answer by the tier that is meant for them."""
        if not is_prospect.any():
            return self.tier.answer(inputs, days)
        prospects = self.prospects.answer(inputs[is_prospect], days)
        if is_prospect.all():
            return prospects if self.layout.ratios is not None else replace(prospects, spend=None)
        buyers = self.tier.answer(inputs[~is_prospect], days)

        def merge(own: Floats, other: Floats) -> Floats:
            merged = np.empty((len(inputs), own.shape[1]))
            merged[~is_prospect], merged[is_prospect] = own, other
            return merged

        spend = None if buyers.spend is None or prospects.spend is None else merge(buyers.spend, prospects.spend)
        return TierAnswer(merge(buyers.order_by, prospects.order_by), merge(buyers.orders, prospects.orders), spend)

    def _apply_seasonality(
        self,
        inputs: Floats,
        is_prospect: Booleans,
        days: Floats,
        answer: TierAnswer,
    ) -> TierAnswer:
        """The answer with seasonal factors, its totals extended to the requested horizons."""
        layout, seasonality, order_by, spend = self.layout, self.seasonality, answer.order_by, answer.spend
        growth = self._growth_factors(inputs, is_prospect)
        orders = layout.extend(answer.orders, growth(layout.order_growth), seasonality.orders if seasonality else None)
        if spend is not None:
            spend = layout.extend(spend, growth(layout.spend_growth), seasonality.spend if seasonality else None)
        if seasonality is not None:
            order_by = seasonality.adjust_order_by(order_by, days, layout.learned)
        return TierAnswer(order_by, orders, spend)

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

    def _coherent_forecast(self, days: Floats, answer: TierAnswer, is_prospect: Booleans) -> Forecast:
        layout, order_by = self.layout, answer.order_by
        within = order_by[:, np.searchsorted(days, layout.horizons)]
        base_days = [layout.learned[layout.learned_position(horizon)] for horizon in layout.horizons]
        bases = order_by[:, np.searchsorted(days, base_days)]
        return Forecast(
            tier=np.where(is_prospect, TIERS.index("population"), TIERS.index(self.tier_name)).astype(np.int8),
            days=days,
            order_by=order_by,
            horizons=layout.horizons,
            expected_orders=coherence.enforce_monotone(answer.orders, within),
            spend=self._spend_forecast(answer.spend, within, bases, is_prospect),
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

    @cached_property
    def _grid_days(self) -> Floats:
        """The grid of days on which P(order) is computed, (k,)."""
        edges = np.asarray(self.tier.edges, dtype=float)
        return forecast_grid(edges, (*self.layout.horizons, *self.layout.learned, self.layout.churn_days))
