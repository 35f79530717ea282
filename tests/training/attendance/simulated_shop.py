"""Simulated shop: customers with rates that drift, who attend a class for a known reason, with a planted effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from training.attendance.panel.daily_purchases import DailyPurchases
from training.attendance.panel.panel import AttendancePanel
from training.attendance.panel.panel_building import Attendances, build_panel

FIRST_DAY, WEEKS, CLASS_WEEK = 20_000, 36, 24
CUSTOMERS, ATTENDEES, WITHIN_DAYS = 1_500, 300, 84
CLASS_DAY = FIRST_DAY + 7 * CLASS_WEEK
REASONS = ("random", "loyal", "loyal and active")


@dataclass(frozen=True)
class SimulatedShop:
    """Weekly orders and spend, (customers, weeks)."""

    orders: Floats
    spend: Floats

    def purchases(self, extra_spend: Floats | float = 0.0) -> DailyPurchases:
        """Daily purchases, each week's on one day, with a share added to the spend from the class on."""
        spend = self.spend.copy()
        spend[:, CLASS_WEEK:] *= 1 + np.broadcast_to(np.asarray(extra_spend)[..., None], (len(spend), 1))
        customer, week = np.nonzero(self.orders)
        return DailyPurchases.sort(
            len(spend),
            customer,
            FIRST_DAY + 7 * week,
            spend[customer, week],
            self.orders[customer, week],
            (FIRST_DAY, FIRST_DAY + 7 * WEEKS),
        )

    def attendees(self, reason: str, rng: np.random.Generator) -> Integers:
        """Those who attend the class: everybody alike, the loyal, or the loyal who ordered lately."""
        past = np.log1p(self.spend[:, :CLASS_WEEK].sum(axis=1))
        recent = np.log1p(self.orders[:, CLASS_WEEK - 2 : CLASS_WEEK].sum(axis=1))
        strength = {"random": (0.0, 0.0), "loyal": (1.0, 0.0), "loyal and active": (0.8, 0.8)}[reason]
        keys = strength[0] * _scale(past) + strength[1] * _scale(recent) + rng.gumbel(size=len(past))
        keys[self.orders[:, :CLASS_WEEK].sum(axis=1) == 0] = -np.inf
        return np.sort(np.argsort(-keys)[:ATTENDEES])


def simulated_shop(rng: np.random.Generator) -> SimulatedShop:
    """A shop whose customers differ, come and go, and have busy and quiet months."""
    rate = rng.gamma(1.2, 0.6, CUSTOMERS)
    mood = np.zeros((CUSTOMERS, WEEKS))
    for week in range(1, WEEKS):
        mood[:, week] = 0.85 * mood[:, week - 1] + rng.normal(0, 0.35, CUSTOMERS)
    orders = rng.poisson(rate[:, None] * np.exp(mood - mood.var() / 2))
    baskets = rng.gamma(3.0, 10.0, orders.shape)
    return SimulatedShop(orders.astype(float), np.where(orders > 0, orders * baskets, 0.0))


def class_panel(shop: SimulatedShop, attendees: Integers, effect: float = 0.0) -> AttendancePanel:
    """The panel of a class that adds a share to the spend of its attendees."""
    extra = np.zeros(CUSTOMERS)
    extra[attendees] = effect
    attendances = Attendances(customer=attendees, day=np.full(len(attendees), CLASS_DAY))
    return build_panel(shop.purchases(extra), attendances, np.arange(len(attendees)), "spend", WITHIN_DAYS)


def _scale(values: Floats) -> Floats:
    scaled: Floats = (values - values.mean()) / values.std()
    return scaled
