"""Attribution methods: how far each is from what the channels of the simulated shop caused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.attribution.simulated_shop import CHANNELS, PERIOD, SimulatedShop, simulated_shop
from features.arrays import Floats
from training.attribution.credits.conversion_paths import conversion_paths
from training.attribution.hazard.exposure_hazard import exposure_hazard
from training.attribution.hazard.order_rates import order_rates
from training.attribution.incremental.channel_effects import Incremental, incremental
from training.attribution.incremental.randomised_units import touch_units
from training.attribution.report import Evidence
from training.attribution.report_assembly import PATH_RULES
from training.attribution.rows import AttributionLog

HOLD_OUT = "hold-outs of 10 % per channel"


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """What one method gives the channels of one shop."""

    method: str
    evidence: Evidence
    conversions: Floats  # (channels,)
    caused: Floats  # (channels,)

    @property
    def error(self) -> float:
        """The sum of the errors over the channels, as a share of what they caused."""
        return float(np.abs(self.conversions - self.caused).sum() / self.caused.sum())

    @property
    def total(self) -> float:
        """The sum over the channels, as a share of what they caused."""
        return float(self.conversions.sum() / self.caused.sum())


def method_results(shop: SimulatedShop) -> Iterator[MethodResult]:
    """Every method on one shop."""
    paths = conversion_paths(shop.log.touches, shop.log.orders, PERIOD, CHANNELS)
    for name, rule in PATH_RULES.items():
        yield MethodResult(
            method=name.replace("_", " "), evidence="credited", conversions=rule(paths), caused=shop.caused
        )
    for covariate, log in _hazard_logs(shop).items():
        yield MethodResult(
            method=f"exposure hazard, {covariate}",
            evidence="observational",
            conversions=exposure_hazard(log, PERIOD),
            caused=shop.caused,
        )
    conversions = np.array([estimate.conversions for estimate in hold_out_estimates(shop)])
    yield MethodResult(method=HOLD_OUT, evidence="randomised", conversions=conversions, caused=shop.caused)


def hold_out_estimates(shop: SimulatedShop) -> list[Incremental]:
    """The estimates of the hold-outs, in the order of the channels.

    Raises:
        ValueError: the shop is too small for one of them.
    """
    rate, touches = order_rates(shop.log, PERIOD.first_day), shop.log.touches
    estimates = [
        incremental([touch_units(touches.select(touches.channel == channel), shop.log.orders, PERIOD)], rate)
        for channel in range(len(CHANNELS))
    ]
    known = [estimate for estimate in estimates if isinstance(estimate, Incremental)]
    if len(known) < len(estimates):
        raise ValueError(f"Found a shop of {shop.log.customers:,} customers; expected more, for 40 orders held out.")
    return known


@dataclass(frozen=True)
class HoldOutCoverage:
    """How often the intervals of hold-outs cover what was caused, and their mean half-width in conversions."""

    shops: int
    covered: float
    half_width: float


def hold_out_coverage(customers: int, shops: int) -> HoldOutCoverage:
    """The coverage over shops with the seeds from 1,000 on, one interval per channel."""
    covered, widths = [], []
    for seed in range(1000, 1000 + shops):
        shop = simulated_shop(customers, seed)
        for estimate, caused in zip(hold_out_estimates(shop), shop.caused, strict=True):
            covered.append(estimate.low <= caused <= estimate.high)
            widths.append((estimate.high - estimate.low) / 2)
    return HoldOutCoverage(shops, float(np.mean(covered)), float(np.mean(widths)))


def _hazard_logs(shop: SimulatedShop) -> dict[str, AttributionLog]:
    """The log without a past, as it is, and with the intent in the place of the prediction."""
    orders = shop.log.orders
    return {
        "nothing known before": replace(shop.log, orders=orders.select(PERIOD.contains(orders.day))),
        "order rate of before": shop.log,
        "the intent itself": replace(shop.log, served_rate=np.exp(shop.intent)),
    }
