"""Shops with other rhythms, simulated: what each sells to whom, and from which days its future is to be forecast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.random import Generator

from benchmarks.simulation.customer_behaviour import bursts, changing, crowd, poisson, priced, renewal, returned, yearly
from features.arrays import Floats

START = date(2022, 1, 1)


@dataclass(frozen=True)
class Case:
    """A day to forecast from, and the first day of the log that is known then."""

    as_of: date
    since: date


@dataclass(frozen=True)
class Shop:
    """Every order of a shop, beyond the days that are forecast from."""

    name: str
    orders: pd.DataFrame  # customer, day (float, since START), amount where there is one
    cases: Sequence[Case]
    churn_days: int
    until: date  # nothing is simulated from here on

    def table(self, case: Case) -> pd.DataFrame:
        """The lines from the case's first day on: order_id, customer_id, ordered_at, amount."""
        orders = self.orders.sort_values("day", ignore_index=True)
        orders = orders[orders["day"] >= (case.since - START).days]
        orders = orders[orders["day"] < (self.until - START).days]
        hour = 9 + 11 * (orders["day"] % 1)
        when = (
            pd.Timestamp(START) + pd.to_timedelta(np.floor(orders["day"]), unit="D") + pd.to_timedelta(hour, unit="h")
        )
        found = pd.DataFrame({"order_id": "o" + orders.index.astype(str), "ordered_at": when.dt.floor("min")})
        found["customer_id"] = "c" + orders["customer"].astype(str).str.zfill(5)
        return found.assign(amount=orders["amount"]) if "amount" in orders else found


def day(year: int, month: int, of_month: int) -> float:
    """Days since START."""
    return float((date(year, month, of_month) - START).days)


def christmas(days: Floats) -> Floats:
    """Five times as busy from mid-November to Christmas, half in January and February."""
    when = (pd.Timestamp(START) + pd.to_timedelta(np.floor(days), unit="D")).dayofyear.to_numpy()
    return np.where((when >= 319) & (when <= 358), 5.0, np.where(when <= 59, 0.5, 1.0))


def winter_only(days: Floats) -> Floats:
    """Open from December to the end of May's first half, closed for the rest."""
    when = (pd.Timestamp(START) + pd.to_timedelta(np.floor(days), unit="D")).dayofyear.to_numpy()
    return np.where((when >= 335) | (when <= 135), 1.0, 0.0)


def grocer(rng: Generator) -> Shop:
    """Weekly regulars, who slowly lapse."""
    until = day(2024, 3, 1)
    who = crowd(rng, 2200, until, 400)
    orders = renewal(rng, who, until, 8 * np.exp(rng.normal(0, 0.5, len(who))), 2.0)
    return Shop("grocer", priced(rng, orders, 45), [_case(date(2023, 3, 1), 424)], 30, date(2024, 3, 1))


def gifts(rng: Generator) -> Shop:
    """One order a year around the same date."""
    until = day(2026, 1, 15)
    who = crowd(rng, 4000, until, 3000, season=lambda days: christmas(days) ** 0.6)
    orders = yearly(rng, who, until, 6, rng.beta(3, 2, len(who)))
    extra = poisson(rng, who, until, 1500)
    orders = pd.concat([orders, extra[len(who) :]], ignore_index=True)
    cases = [_case(date(2025, 1, 1), 1096), _case(date(2024, 11, 10), 1044)]
    return Shop("gifts", priced(rng, orders, 35), cases, 60, date(2026, 1, 1))


def fashion(rng: Generator) -> Shop:
    """Two sales a year, and little between them."""
    until = day(2025, 3, 1)
    who = crowd(rng, 2500, until, 700)
    sales = [(day(year, month, 3), day(year, month, 26)) for year in range(2021, 2026) for month in (1, 7)]
    between = poisson(rng, who, until, 250)
    orders = pd.concat([between, bursts(rng, who, until, sales, rng.beta(1.0, 1.5, len(who)))], ignore_index=True)
    cases = [_case(date(2023, 12, 20), 718), _case(date(2024, 2, 10), 730)]
    return Shop("fashion", priced(rng, orders, 80), cases, 60, date(2025, 3, 1))


def furniture(rng: Generator) -> Shop:
    """Nine in ten buy once."""
    until = day(2024, 7, 1)
    who = crowd(rng, 9000, until, 2000)
    again = poisson(rng, who, until, 3500, shape=0.25)
    return Shop("furniture", priced(rng, again, 600, within=0.9), [_case(date(2023, 7, 1), 546)], 90, date(2024, 7, 1))


def subscription(rng: Generator) -> Shop:
    """Every thirty days, give or take three, until cancelled."""
    until = day(2024, 5, 1)
    who = crowd(rng, 2000, until, 350)
    orders = renewal(rng, who, until, np.full(len(who), 30.0), 100.0)
    return Shop(
        "subscription", priced(rng, orders, 25, within=0.1), [_case(date(2023, 5, 1), 430)], 45, date(2024, 5, 1)
    )


def four_months(rng: Generator) -> Shop:
    """An old shop, of whose log only four months are at hand."""
    return _ordinary(rng, "four-months", 4000, [_case(date(2022, 12, 1), 121)], 30)


def thousand(rng: Generator) -> Shop:
    """A thousand customers over a year."""
    return _ordinary(rng, "thousand", 2150, [_case(date(2023, 1, 1), 365)], 60)


def three_hundred(rng: Generator) -> Shop:
    """Three hundred customers over a year."""
    return _ordinary(rng, "three-hundred", 660, [_case(date(2023, 1, 1), 365)], 60)


def christmas_one(rng: Generator) -> Shop:
    """Lives on Christmas, with one year of log."""
    return _christmas(rng, "christmas-1y", 365)


def christmas_two(rng: Generator) -> Shop:
    """Lives on Christmas, with two years of log."""
    return _christmas(rng, "christmas-2y", 730)


def growing(rng: Generator) -> Shop:
    """Three times as many new customers a day at the end of the year as at its beginning."""
    until = day(2024, 1, 1)
    who = crowd(rng, 4000, until, 250, opened=-200, season=changing(9.0, until))
    orders = poisson(rng, who, until, 40)
    return Shop("growing", priced(rng, orders, 60), [_case(date(2023, 1, 1), 365)], 60, date(2024, 1, 1))


def dying(rng: Generator) -> Shop:
    """Hardly any new customers by now, and the old ones come ever more rarely."""
    until = day(2024, 1, 1)
    who = crowd(rng, 2500, until, 250, season=changing(0.01, until))
    orders = poisson(rng, who, until, 35, season=lambda days: np.exp(-np.maximum(days, 0) / 400))
    return Shop("dying", priced(rng, orders, 60), [_case(date(2023, 1, 1), 365)], 60, date(2024, 1, 1))


def b2b(rng: Generator) -> Shop:
    """Few customers, amounts with heavy tails, some of it sent back."""
    until = day(2024, 8, 1)
    who = crowd(rng, 640, until, 900)
    orders = priced(rng, poisson(rng, who, until, 35), 400, between=1.2, within=1.0)
    return Shop("b2b", returned(rng, orders, 0.05, 12), [_case(date(2023, 8, 1), 577)], 60, date(2024, 8, 1))


def ski(rng: Generator) -> Shop:
    """Closed for half the year, with two years of log."""
    until = day(2025, 6, 1)
    who = crowd(rng, 3500, until, 900, season=winter_only)
    orders = poisson(rng, who, until, 45, season=winter_only)
    cases = [_case(date(2023, 11, 20), 688), _case(date(2024, 1, 15), 730), _case(date(2024, 5, 16), 730)]
    return Shop("ski", priced(rng, orders, 70), cases, 60, date(2025, 6, 1))


def no_amounts(rng: Generator) -> Shop:
    """Nobody wrote down what was paid."""
    shop = _ordinary(rng, "no-amounts", 2000, [_case(date(2023, 1, 1), 365)], 60)
    return Shop(shop.name, shop.orders.drop(columns="amount"), shop.cases, shop.churn_days, shop.until)


def sixty_days(rng: Generator) -> Shop:
    """Opened sixty days ago."""
    until = day(2023, 6, 1)
    who = crowd(rng, 12000, until, 200, opened=0)
    orders = priced(rng, poisson(rng, who, until, 30), 40)
    return Shop("sixty-days", orders, [_case(date(2022, 3, 2), 60)], 30, date(2023, 6, 1))


def _ordinary(rng: Generator, name: str, count: int, cases: Sequence[Case], churn_days: int) -> Shop:
    until = day(2024, 1, 1)
    who = crowd(rng, count, until, 250)
    return Shop(name, priced(rng, poisson(rng, who, until, 30), 60), cases, churn_days, date(2024, 1, 1))


def _christmas(rng: Generator, name: str, known: int) -> Shop:
    until = day(2026, 1, 15)
    who = crowd(rng, 5000, until, 600, season=christmas)
    orders = poisson(rng, who, until, 120, season=christmas)
    cases = [_case(date(2024, 11, 1), known), _case(date(2025, 1, 10), known)]
    return Shop(name, priced(rng, orders, 50), cases, 60, date(2026, 1, 15))


def _case(as_of: date, known: int) -> Case:
    return Case(as_of, as_of - timedelta(days=known))


SHOPS: dict[str, Callable[[Generator], Shop]] = {
    "grocer": grocer, "gifts": gifts, "fashion": fashion, "furniture": furniture, "subscription": subscription,
    "four-months": four_months, "thousand": thousand, "three-hundred": three_hundred, "christmas-1y": christmas_one,
    "christmas-2y": christmas_two, "growing": growing, "dying": dying, "b2b": b2b, "ski": ski,
    "no-amounts": no_amounts, "sixty-days": sixty_days,
}  # fmt: skip
