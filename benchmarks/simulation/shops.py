"""Simulated shops: their customers, their orders, and the days from which to forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.random import Generator

from benchmarks.simulation.customer_behaviour import (
    poisson_orders,
    renewal_orders,
    sale_orders,
    simulate_customers,
    steady_trend,
    with_amounts,
    with_returns,
    yearly_orders,
)
from features.arrays import Floats

START = date(2022, 1, 1)


@dataclass(frozen=True)
class ForecastCase:
    """The day to forecast from, and the first day of the log that is known then."""

    as_of: date
    since: date


@dataclass(frozen=True)
class SimulatedShop:
    """All orders of a shop, including those after the forecast days."""

    name: str
    orders: pd.DataFrame  # customer, day (float, since START), amount if recorded
    cases: Sequence[ForecastCase]
    churn_days: int
    until: date  # nothing is simulated from here on

    def table(self, case: ForecastCase) -> pd.DataFrame:
        """Return the lines from the case's first day on: order_id, customer_id, ordered_at, amount."""
        orders = self.orders.sort_values("day", ignore_index=True)
        orders = orders[orders["day"] >= (case.since - START).days]
        orders = orders[orders["day"] < (self.until - START).days]
        hour = 9 + 11 * (orders["day"] % 1)
        ordered_at = (
            pd.Timestamp(START) + pd.to_timedelta(np.floor(orders["day"]), unit="D") + pd.to_timedelta(hour, unit="h")
        )
        table = pd.DataFrame({"order_id": "o" + orders.index.astype(str), "ordered_at": ordered_at.dt.floor("min")})
        table["customer_id"] = "c" + orders["customer"].astype(str).str.zfill(5)
        return table.assign(amount=orders["amount"]) if "amount" in orders else table


def day_number(year: int, month: int, day: int) -> float:
    """Return a date as the number of days since START."""
    return float((date(year, month, day) - START).days)


def christmas(days: Floats) -> Floats:
    """Season of gifts: a factor of 5 from mid-November to Christmas, and 0.5 in January and February."""
    day_of_year = (pd.Timestamp(START) + pd.to_timedelta(np.floor(days), unit="D")).dayofyear.to_numpy()
    return np.where((day_of_year >= 319) & (day_of_year <= 358), 5.0, np.where(day_of_year <= 59, 0.5, 1.0))


def winter_only(days: Floats) -> Floats:
    """Season of a winter shop: open from December to mid-May, closed otherwise."""
    day_of_year = (pd.Timestamp(START) + pd.to_timedelta(np.floor(days), unit="D")).dayofyear.to_numpy()
    return np.where((day_of_year >= 335) | (day_of_year <= 135), 1.0, 0.0)


def grocer(rng: Generator) -> SimulatedShop:
    """Weekly regular customers who slowly churn."""
    until = day_number(2024, 3, 1)
    customers = simulate_customers(rng, 2200, until, 400)
    orders = renewal_orders(rng, customers, until, 8 * np.exp(rng.normal(0, 0.5, len(customers))), 2.0)
    return SimulatedShop(
        "grocer", with_amounts(rng, orders, 45), [_forecast_case(date(2023, 3, 1), 424)], 30, date(2024, 3, 1)
    )


def gifts(rng: Generator) -> SimulatedShop:
    """One order a year around the same date."""
    until = day_number(2026, 1, 15)
    customers = simulate_customers(rng, 4000, until, 3000, season=lambda days: christmas(days) ** 0.6)
    orders = yearly_orders(rng, customers, until, 6, rng.beta(3, 2, len(customers)))
    extra = poisson_orders(rng, customers, until, 1500)
    orders = pd.concat([orders, extra[len(customers) :]], ignore_index=True)
    cases = [_forecast_case(date(2025, 1, 1), 1096), _forecast_case(date(2024, 11, 10), 1044)]
    return SimulatedShop("gifts", with_amounts(rng, orders, 35), cases, 60, date(2026, 1, 1))


def fashion(rng: Generator) -> SimulatedShop:
    """Two sales a year, and few orders between them."""
    until = day_number(2025, 3, 1)
    customers = simulate_customers(rng, 2500, until, 700)
    sales = [
        (day_number(year, month, 3), day_number(year, month, 26)) for year in range(2021, 2026) for month in (1, 7)
    ]
    between = poisson_orders(rng, customers, until, 250)
    orders = pd.concat(
        [between, sale_orders(rng, customers, until, sales, rng.beta(1.0, 1.5, len(customers)))], ignore_index=True
    )
    cases = [_forecast_case(date(2023, 12, 20), 718), _forecast_case(date(2024, 2, 10), 730)]
    return SimulatedShop("fashion", with_amounts(rng, orders, 80), cases, 60, date(2025, 3, 1))


def furniture(rng: Generator) -> SimulatedShop:
    """Nine in ten customers buy once."""
    until = day_number(2024, 7, 1)
    customers = simulate_customers(rng, 9000, until, 2000)
    orders = poisson_orders(rng, customers, until, 3500, shape=0.25)
    return SimulatedShop(
        "furniture",
        with_amounts(rng, orders, 600, within=0.9),
        [_forecast_case(date(2023, 7, 1), 546)],
        90,
        date(2024, 7, 1),
    )


def subscription(rng: Generator) -> SimulatedShop:
    """An order every thirty days, plus or minus three, until cancelled."""
    until = day_number(2024, 5, 1)
    customers = simulate_customers(rng, 2000, until, 350)
    orders = renewal_orders(rng, customers, until, np.full(len(customers), 30.0), 100.0)
    return SimulatedShop(
        "subscription",
        with_amounts(rng, orders, 25, within=0.1),
        [_forecast_case(date(2023, 5, 1), 430)],
        45,
        date(2024, 5, 1),
    )


def four_months(rng: Generator) -> SimulatedShop:
    """An old shop with a log of only four months."""
    return _ordinary_shop(rng, "four-months", 4000, [_forecast_case(date(2022, 12, 1), 121)], 30)


def thousand_customers(rng: Generator) -> SimulatedShop:
    """A thousand customers over a year."""
    return _ordinary_shop(rng, "thousand", 2150, [_forecast_case(date(2023, 1, 1), 365)], 60)


def three_hundred_customers(rng: Generator) -> SimulatedShop:
    """Three hundred customers over a year."""
    return _ordinary_shop(rng, "three-hundred", 660, [_forecast_case(date(2023, 1, 1), 365)], 60)


def christmas_one(rng: Generator) -> SimulatedShop:
    """A Christmas shop with one year of log."""
    return _christmas_shop(rng, "christmas-1y", 365)


def christmas_two(rng: Generator) -> SimulatedShop:
    """A Christmas shop with two years of log."""
    return _christmas_shop(rng, "christmas-2y", 730)


def growing_shop(rng: Generator) -> SimulatedShop:
    """A shop with three times as many new customers a day at the end of the year as at its beginning."""
    until = day_number(2024, 1, 1)
    customers = simulate_customers(rng, 4000, until, 250, opened=-200, season=steady_trend(9.0, until))
    orders = poisson_orders(rng, customers, until, 40)
    return SimulatedShop(
        "growing", with_amounts(rng, orders, 60), [_forecast_case(date(2023, 1, 1), 365)], 60, date(2024, 1, 1)
    )


def dying_shop(rng: Generator) -> SimulatedShop:
    """A shop with hardly any new customers, whose existing customers order ever less often."""
    until = day_number(2024, 1, 1)
    customers = simulate_customers(rng, 2500, until, 250, season=steady_trend(0.01, until))
    orders = poisson_orders(rng, customers, until, 35, season=lambda days: np.exp(-np.maximum(days, 0) / 400))
    return SimulatedShop(
        "dying", with_amounts(rng, orders, 60), [_forecast_case(date(2023, 1, 1), 365)], 60, date(2024, 1, 1)
    )


def b2b(rng: Generator) -> SimulatedShop:
    """Few customers, heavy-tailed amounts, and some returns."""
    until = day_number(2024, 8, 1)
    customers = simulate_customers(rng, 640, until, 900)
    orders = with_amounts(rng, poisson_orders(rng, customers, until, 35), 400, between=1.2, within=1.0)
    return SimulatedShop(
        "b2b", with_returns(rng, orders, 0.05, 12), [_forecast_case(date(2023, 8, 1), 577)], 60, date(2024, 8, 1)
    )


def ski(rng: Generator) -> SimulatedShop:
    """A shop closed for half the year, with two years of log."""
    until = day_number(2025, 6, 1)
    customers = simulate_customers(rng, 3500, until, 900, season=winter_only)
    orders = poisson_orders(rng, customers, until, 45, season=winter_only)
    cases = [
        _forecast_case(date(2023, 11, 20), 688),
        _forecast_case(date(2024, 1, 15), 730),
        _forecast_case(date(2024, 5, 16), 730),
    ]
    return SimulatedShop("ski", with_amounts(rng, orders, 70), cases, 60, date(2025, 6, 1))


def no_amounts(rng: Generator) -> SimulatedShop:
    """A shop whose log has no amounts."""
    shop = _ordinary_shop(rng, "no-amounts", 2000, [_forecast_case(date(2023, 1, 1), 365)], 60)
    return SimulatedShop(shop.name, shop.orders.drop(columns="amount"), shop.cases, shop.churn_days, shop.until)


def sixty_days(rng: Generator) -> SimulatedShop:
    """A shop that opened sixty days ago."""
    until = day_number(2023, 6, 1)
    customers = simulate_customers(rng, 12000, until, 200, opened=0)
    orders = with_amounts(rng, poisson_orders(rng, customers, until, 30), 40)
    return SimulatedShop("sixty-days", orders, [_forecast_case(date(2022, 3, 2), 60)], 30, date(2023, 6, 1))


def _ordinary_shop(
    rng: Generator, name: str, count: int, cases: Sequence[ForecastCase], churn_days: int
) -> SimulatedShop:
    until = day_number(2024, 1, 1)
    customers = simulate_customers(rng, count, until, 250)
    return SimulatedShop(
        name, with_amounts(rng, poisson_orders(rng, customers, until, 30), 60), cases, churn_days, date(2024, 1, 1)
    )


def _christmas_shop(rng: Generator, name: str, known_days: int) -> SimulatedShop:
    until = day_number(2026, 1, 15)
    customers = simulate_customers(rng, 5000, until, 600, season=christmas)
    orders = poisson_orders(rng, customers, until, 120, season=christmas)
    cases = [_forecast_case(date(2024, 11, 1), known_days), _forecast_case(date(2025, 1, 10), known_days)]
    return SimulatedShop(name, with_amounts(rng, orders, 50), cases, 60, date(2026, 1, 15))


def _forecast_case(as_of: date, known_days: int) -> ForecastCase:
    return ForecastCase(as_of, as_of - timedelta(days=known_days))


SHOPS: dict[str, Callable[[Generator], SimulatedShop]] = {
    "grocer": grocer, "gifts": gifts, "fashion": fashion, "furniture": furniture, "subscription": subscription,
    "four-months": four_months, "thousand": thousand_customers, "three-hundred": three_hundred_customers,
    "christmas-1y": christmas_one, "christmas-2y": christmas_two, "growing": growing_shop, "dying": dying_shop,
    "b2b": b2b, "ski": ski, "no-amounts": no_amounts, "sixty-days": sixty_days,
}  # fmt: skip
