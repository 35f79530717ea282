"""Planted faults: the baskets of the last four weeks of a log, changed as exports go wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

FAULT_DAYS = 28
Fault = Callable[[pd.DataFrame, pd.Series, np.random.Generator], pd.DataFrame]


def without_fault(baskets: pd.DataFrame, _: pd.Series, __: np.random.Generator) -> pd.DataFrame:
    """The log as it is."""
    return baskets


def amounts_in_cents(baskets: pd.DataFrame, recent: pd.Series, _: np.random.Generator) -> pd.DataFrame:
    """Amounts a hundred times as large."""
    return baskets.assign(amount=baskets["amount"].where(~recent, baskets["amount"] * 100))


def half_month_missing(baskets: pd.DataFrame, recent: pd.Series, _: np.random.Generator) -> pd.DataFrame:
    """No basket in the last two of the four weeks."""
    missing = recent & (baskets["day"] > baskets["day"].max() - FAULT_DAYS // 2)
    remaining: pd.DataFrame = baskets.loc[~missing]
    return remaining


def third_of_ids_changed(baskets: pd.DataFrame, recent: pd.Series, _: np.random.Generator) -> pd.DataFrame:
    """A third of the customers have another id."""
    changed = recent & (baskets["customer"] % 3 == 0)
    return baskets.assign(customer=baskets["customer"].where(~changed, baskets["customer"] + 1_000_000))


def quarter_doubled(baskets: pd.DataFrame, recent: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """A quarter of the baskets are there twice."""
    return pd.concat([baskets, baskets[recent & (rng.random(len(baskets)) < 0.25)]])


def tenth_lost(baskets: pd.DataFrame, recent: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """A tenth of the baskets are missing."""
    lost = recent & (rng.random(len(baskets)) < 0.1)
    remaining: pd.DataFrame = baskets.loc[~lost]
    return remaining


def largest_store_silent(baskets: pd.DataFrame, recent: pd.Series, _: np.random.Generator) -> pd.DataFrame:
    """The largest store sends nothing."""
    silent = recent & (baskets["store"] == baskets["store"].mode()[0])
    remaining: pd.DataFrame = baskets.loc[~silent]
    return remaining


FAULTS: Mapping[str, Fault] = {
    "none": without_fault,
    "amounts x 100": amounts_in_cents,
    "half the last month missing": half_month_missing,
    "a third of the ids changed": third_of_ids_changed,
    "a quarter of the baskets doubled": quarter_doubled,
    "a tenth of the baskets lost": tenth_lost,
    "the largest store silent": largest_store_silent,
}
