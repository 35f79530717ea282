"""Markets: what the arms convert in the simulations of adaptive allocation, and how late."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats
from training.experiments.allocation.simulation import SimulatedMarket, truncated_delays

BASE_RATE = 0.05
LIFTS = np.array([1.0, 1.0, 1.1, 1.2])  # of four arms, over the base rate
TREND = np.linspace(0.03, 0.09, 60)  # of the base rate, in 60 days
SALE = np.where((np.arange(60) >= 25) & (np.arange(60) < 32), 3 * BASE_RATE, BASE_RATE)
WEEK, FOUR_WEEKS = truncated_delays(7, 2.5), truncated_delays(28, 10)
CHANGE_DAY = 30


def steady(customers: int = 1000, days: int = 60, delays: Floats = WEEK) -> SimulatedMarket:
    """Return a market with a constant base rate."""
    return _market(np.full(days, BASE_RATE)[:, None] * LIFTS, customers, delays)


def trending(lifts: Floats = LIFTS, base_rates: Floats = TREND) -> SimulatedMarket:
    """Return a market of 60 days with these base rates."""
    return _market(base_rates[:, None] * lifts)


def changing(days: int = 90) -> SimulatedMarket:
    """Return a market in which the best arm becomes the worst on day 30."""
    earlier = np.arange(days)[:, None] < CHANGE_DAY
    return _market(BASE_RATE * np.where(earlier, LIFTS, LIFTS[::-1]))


def market_of_segments(lifts: Floats) -> SimulatedMarket:
    """Return a market of 60 days with 1,000 customers a day in each segment; lifts of shape (segments, arms)."""
    rates = np.broadcast_to(BASE_RATE * lifts, (60, *lifts.shape)).copy()
    return SimulatedMarket(rates=rates, customers=1000, delays=WEEK)


def different_winners() -> Floats:
    """Return lifts of three segments, each with another best arm."""
    return np.stack([np.roll(LIFTS, shift) for shift in range(3)])


def same_winner() -> Floats:
    """Return lifts of three segments with one best arm."""
    return np.stack([LIFTS] * 3)


def _market(rates: Floats, customers: int = 1000, delays: Floats = WEEK) -> SimulatedMarket:
    return SimulatedMarket(rates=rates[:, None], customers=customers, delays=delays)
