"""Shop situations: what shops go through, from closed months to a single mistyped line."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.random import Generator

from benchmarks.simulation.customer_behaviour import (
    poisson_orders,
    renewal_orders,
    simulate_customers,
    with_amounts,
    with_returns,
    yearly_orders,
)
from benchmarks.simulation.situation import FIRST_DAY, Situation
from features.arrays import Floats

DAY_OF_1900 = int((np.datetime64("1900-01-01") - np.datetime64(FIRST_DAY)).astype(int))


def open_but_for_four_months(days: Floats) -> Floats:
    """Season of a shop that was shut from day 300 to day 420."""
    return np.where((days >= 300) & (days < 420), 0.0, 1.0)


def open_in_winter(days: Floats) -> Floats:
    """Season of a winter shop: open from December to mid-May."""
    day_of_year = np.floor(days) % 365
    return np.where((day_of_year >= 334) | (day_of_year < 135), 1.0, 0.0)


def open_late_in_the_week(days: Floats) -> Floats:
    """Season of a restaurant: shut on Mondays, full on Fridays and Saturdays; day 0 is a Friday."""
    weekday = np.floor(days).astype(int) % 7
    return np.where(weekday == 3, 0.0, np.where(weekday <= 1, 2.0, 1.0))


def closed_months(rng: Generator) -> pd.DataFrame:
    """Orders of a shop that was shut for four months."""
    season = open_but_for_four_months
    customers = simulate_customers(rng, 3000, 800, 500, opened=0, season=season)
    return with_amounts(rng, poisson_orders(rng, customers, 800, 35, season=season), 40)


def winter_shop(rng: Generator) -> pd.DataFrame:
    """Orders of a shop that is shut for half of every year."""
    customers = simulate_customers(rng, 3500, 900, 900, season=open_in_winter)
    return since_first_day(with_amounts(rng, poisson_orders(rng, customers, 900, 45, season=open_in_winter), 70))


def late_reorders(rng: Generator) -> pd.DataFrame:
    """Orders of a shop that sells nothing to reorder before day 530."""
    customers = simulate_customers(rng, 1150, 820, 4000, opened=0)
    orders = poisson_orders(rng, customers, 820, 250, season=lambda days: np.where(days < 530, 0.01, 1.0))
    return with_amounts(rng, orders, 35, within=0.8)


def restaurant(rng: Generator) -> pd.DataFrame:
    """Orders of a restaurant whose till keeps three weeks."""
    season = open_late_in_the_week
    customers = simulate_customers(rng, 2500, 40, 300, opened=-60, season=season)
    orders = poisson_orders(rng, customers, 40, 12, season=season)
    return since_first_day(with_amounts(rng, orders, 28))


def subscription(rng: Generator) -> pd.DataFrame:
    """Orders every month by the clock, until cancelled."""
    customers = simulate_customers(rng, 2000, 800, 350, opened=0)
    orders = renewal_orders(rng, customers, 800, np.full(len(customers), 30.4), 400.0)
    return with_amounts(rng, orders, 25, within=0.02)


def one_order_each(rng: Generator) -> pd.DataFrame:
    """One-time buyers: every customer orders once."""
    customers = pd.DataFrame({"customer": np.arange(3000), "day": rng.uniform(0, 700, 3000)})
    return with_amounts(rng, customers, 60)


def ordinary_shop(rng: Generator) -> pd.DataFrame:
    """Orders of an ordinary shop of two years."""
    customers = simulate_customers(rng, 2500, 700, 250, opened=0)
    return with_amounts(rng, poisson_orders(rng, customers, 700, 30), 60)


def giant_amount(rng: Generator) -> pd.DataFrame:
    """Orders of the ordinary shop, with one amount of a hundred million, mistyped on day 400."""
    orders = ordinary_shop(rng)
    giant = int((orders["day"] - 400).abs().idxmin())
    return orders.assign(amount=orders["amount"].where(orders.index != giant, 1e8))


def line_of_1900(rng: Generator) -> pd.DataFrame:
    """Orders of the ordinary shop, with one line of 1 January 1900, of a customer who also orders later."""
    orders = ordinary_shop(rng)
    line = pd.DataFrame({"customer": orders["customer"].iloc[:1], "day": [DAY_OF_1900], "amount": [60.0]})
    return pd.concat([line, orders], ignore_index=True)


def no_amounts(rng: Generator) -> pd.DataFrame:
    """Orders of the ordinary shop without amounts."""
    return ordinary_shop(rng).drop(columns="amount")


def yearly_gifts(rng: Generator) -> pd.DataFrame:
    """Orders once a year around the same date."""
    customers = simulate_customers(rng, 4000, 1300, 3000)
    orders = yearly_orders(rng, customers, 1300, 6, rng.beta(3, 2, len(customers)))
    return since_first_day(with_amounts(rng, orders, 35))


def returns(rng: Generator) -> pd.DataFrame:
    """Orders of a few customers with heavy amounts, of which one in twenty is refunded."""
    orders = poisson_orders(rng, simulate_customers(rng, 640, 700, 900), 700, 35)
    return since_first_day(with_returns(rng, with_amounts(rng, orders, 400, between=1.2, within=1.0), 0.05, 12))


def old_shop(rng: Generator) -> pd.DataFrame:
    """Orders of an old shop; its log begins long after it opened."""
    orders = poisson_orders(rng, simulate_customers(rng, 4000, 200, 250), 200, 30)
    return since_first_day(with_amounts(rng, orders, 60))


def since_first_day(orders: pd.DataFrame) -> pd.DataFrame:
    """Return the orders since the first day of the log; older customers lose their earlier ones."""
    return orders[orders["day"] >= 0]


SHOP_SITUATIONS = (
    Situation(
        name="closed-months", cut_day=600, horizon=90, draw=closed_months,
        meaning="Shut for four months in the middle: silence then says nothing about a customer.",
    ),
    Situation(
        name="winter", cut_day=700, horizon=60, draw=winter_shop,
        meaning="Shut for half of every year, and just reopened.",
    ),
    Situation(
        name="late-reorders", cut_day=680, horizon=120, draw=late_reorders,
        meaning="There is something to reorder only since 150 days: the older windows say that nobody returns.",
    ),
    Situation(
        name="restaurant", cut_day=21, horizon=14, draw=restaurant,
        meaning="Three weeks of log, with a rhythm of the week.",
    ),
    Situation(
        name="subscription", cut_day=700, horizon=45, draw=subscription,
        meaning="Monthly by the clock, until cancelled: an order that is late is a cancellation.",
    ),
    Situation(
        name="one-order-each", cut_day=600, horizon=90, draw=one_order_each,
        meaning="Everybody orders once, and nobody returns.", accept=("customer_per_order",),
    ),
    Situation(
        name="giant-amount", cut_day=600, horizon=60, draw=giant_amount,
        meaning="One mistyped amount of a hundred million in an ordinary log.",
    ),
    Situation(
        name="line-of-1900", cut_day=600, horizon=60, draw=line_of_1900,
        meaning="One line of 1900 in an ordinary log.",
    ),
    Situation(
        name="no-amounts", cut_day=600, horizon=60, draw=no_amounts,
        meaning="A log without amounts.",
    ),
    Situation(
        name="yearly-gifts", cut_day=1100, horizon=60, draw=yearly_gifts,
        meaning="One order a year around the same date: the longest silent are due.",
    ),
    Situation(
        name="returns", cut_day=577, horizon=60, draw=returns,
        meaning="Few customers, amounts with a heavy tail, and refunds.",
    ),
    Situation(
        name="old-shop", cut_day=121, horizon=30, draw=old_shop,
        meaning="An old shop with a log of four months: the first order in it is not the first.",
    ),
)  # fmt: skip
