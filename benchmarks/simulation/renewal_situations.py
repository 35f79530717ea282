"""Renewal situations: logs of customers with their own pace, each made to show one fault of forecasts."""

from __future__ import annotations

import math

from benchmarks.simulation.order_processes import (
    CohortCustomers,
    EventCustomers,
    LifetimeCustomers,
    UniformCustomers,
    doubling_days,
    uniform_days,
)
from benchmarks.simulation.situation import Situation


def halving_pace(day: float) -> float:
    """Return a pace that halves every year."""
    return float(0.5 ** (day / 365))


def late_decline(day: float) -> float:
    """Return a pace that halves every 90 days from day 500 on."""
    return 1.0 if day < 500 else float(0.5 ** ((day - 500) / 90))


def christmas_pace(day: float) -> float:
    """Return a pace that rises from one half to four around day 345 of every year."""
    return 0.5 + 3.5 * math.exp(-(((day % 365 - 345) / 18) ** 2))


_GROWING = LifetimeCustomers(
    first_days=doubling_days(120, 730, 9000), gap=45,
    lifetime=lambda first: 260 - 200 * first / 730, once_share=lambda first: 0.35 + 0.3 * first / 730,
)  # fmt: skip
_SHRINKING = LifetimeCustomers(first_days=uniform_days(0, 365, 3000), gap=35, lifetime=500, pace=halving_pace)
_DECLINE = LifetimeCustomers(first_days=uniform_days(0, 600, 3000), gap=30, lifetime=700, pace=late_decline)
_SEASONAL = LifetimeCustomers(
    first_days=uniform_days(0, 900, 4000), gap=110, lifetime=900, until=1095, pace=christmas_pace
)
_ONE_SEASON = LifetimeCustomers(
    first_days=uniform_days(0, 380, 4000), gap=110, lifetime=900, until=500, pace=christmas_pace
)
_CONTRACT = LifetimeCustomers(first_days=uniform_days(0, 700, 1500), gap=50, lifetime=260, shape=25)
_RHYTHM = LifetimeCustomers(first_days=uniform_days(0, 600, 2000), gap=60, lifetime=420, shape=6)
_GIFTS = LifetimeCustomers(first_days=uniform_days(0, 730, 8000), gap=120, lifetime=500, once_share=0.9)
_COHORT = LifetimeCustomers(first_days=uniform_days(0, 90, 1500), gap=26, lifetime=150, once_share=0.25, shape=1.6)
_NOVELTY = CohortCustomers(gap=30, boost=3, boost_days=90, floor=0.1, once_share=0.25)
_CLOCKS = CohortCustomers(gap=30, boost=0, boost_days=15, floor=0.4, once_share=0.2, gap_shape=3, shape=2)
_HALVES = CohortCustomers(gap=15, boost=1, boost_days=15, floor=0.7, once_share=0.5, shape=12)
_FADING = CohortCustomers(gap=30, boost=3, boost_days=60, floor=0.05, once_share=0.35)
_FADING2 = CohortCustomers(gap=40, boost=6, boost_days=25, floor=0.15, once_share=0.3)
_TINY = LifetimeCustomers(first_days=uniform_days(0, 350, 200), gap=40, lifetime=250, until=400)
_SHORT60 = LifetimeCustomers(first_days=uniform_days(0, 60, 3000), gap=12, lifetime=60, once_share=0.3, until=90)
_B2B = LifetimeCustomers(first_days=uniform_days(0, 700, 2500), gap=45, lifetime=500, log_amount=(5, 1.6))
_STABLE10Y = LifetimeCustomers(first_days=uniform_days(0, 3600, 3000), gap=300, lifetime=1500, until=3650)

RENEWAL_SITUATIONS = (
    Situation(
        name="clocks", cut_day=365, horizon=180, draw=_CLOCKS.orders, seed=5,
        meaning="One cohort of steady rhythms: a constant is calibrated, but only a ranking is useful.",
    ),
    Situation(
        name="fading", cut_day=365, horizon=180, draw=_FADING.orders,
        meaning="One cohort whose pace fades to a twentieth: totals are easily too high.",
    ),
    Situation(
        name="fading2", cut_day=365, horizon=180, draw=_FADING2.orders,
        meaning="One cohort whose pace fades quickly, then stays: totals are easily wrong both ways.",
    ),
    Situation(
        name="novelty", cut_day=365, horizon=180, draw=_NOVELTY.orders,
        meaning="One cohort that buys much at first, then settles at a tenth of the pace.",
    ),
    Situation(
        name="cohort", cut_day=365, horizon=180, draw=_COHORT.orders,
        meaning="One cohort that churns, with no customer since the first quarter.",
    ),
    Situation(
        name="halves", cut_day=365, horizon=180, draw=_HALVES.orders, seed=5,
        meaning="Half order once, half by the clock: every score ranks them, a control.",
    ),
    Situation(
        name="growing", cut_day=640, horizon=90, draw=_GROWING.orders,
        meaning="Sign-ups double every 120 days, and newer cohorts are worse.",
    ),
    Situation(
        name="shrinking", cut_day=640, horizon=90, draw=_SHRINKING.orders,
        meaning="No new customers after a year, and the pace halves every year.",
    ),
    Situation(
        name="decline", cut_day=660, horizon=60, draw=_DECLINE.orders,
        meaning="The whole shop slows down from day 500 on.",
    ),
    Situation(
        name="seasonal", cut_day=1000, horizon=90, draw=_SEASONAL.orders,
        meaning="A Christmas shop with nearly three years of log, before its third Christmas.",
    ),
    Situation(
        name="oneseason", cut_day=400, horizon=90, draw=_ONE_SEASON.orders,
        meaning="A Christmas shop after its first Christmas: season and decline cannot be told apart.",
    ),
    Situation(
        name="contract", cut_day=660, horizon=60, draw=_CONTRACT.orders,
        meaning="Regular gaps until a sudden end.",
    ),
    Situation(
        name="rhythm", cut_day=640, horizon=45, draw=_RHYTHM.orders,
        meaning="Refills, each customer in a rhythm of their own.",
    ),
    Situation(
        name="gifts", cut_day=600, horizon=120, draw=_GIFTS.orders,
        meaning="Nine in ten customers order once.",
    ),
    Situation(
        name="burst", cut_day=725, horizon=182, draw=EventCustomers().orders,
        meaning="Two events a year, the next one three days ahead, and nothing between them.",
    ),
    Situation(
        name="b2b", cut_day=640, horizon=90, draw=_B2B.orders,
        meaning="Amounts with a heavy tail.",
    ),
    Situation(
        name="stable10y", cut_day=3280, horizon=365, draw=_STABLE10Y.orders,
        meaning="Nine slow years without any change.",
    ),
    Situation(
        name="tiny", cut_day=330, horizon=60, draw=_TINY.orders,
        meaning="Two hundred customers.",
    ),
    Situation(
        name="short60", cut_day=60, horizon=30, draw=_SHORT60.orders,
        meaning="Sixty days of log.",
    ),
    Situation(
        name="random", cut_day=440, horizon=60, draw=UniformCustomers().orders,
        meaning="Orders on any day alike: there is nothing to learn.",
    ),
)  # fmt: skip
