"""CDNOW sample: 2,357 customers, 39 weeks of history and 39 weeks of hold-out, counted as in the papers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.baselines import BtydHistories
from benchmarks.accuracy.visits import Visits
from benchmarks.datasets import package_file
from features.arrays import Floats

SPLIT = date(1997, 10, 1)
END = date(1998, 7, 1)
HOLDOUT_DAYS = (END - SPLIT).days
WEEK = 7
SAMPLE_FILE = "lifetimes/datasets/CDNOW_sample.txt"


@dataclass(frozen=True)
class Cohort:
    """Histories of customers before the split, and their orders and spend in the hold-out; sums over lines as given."""

    customers: tuple[str, ...]
    mean_value: Floats  # (n,) mean value of repeat visits; 0 without one
    histories: BtydHistories  # orders and mean_order of repeat visits alone, as the papers fit Gamma-Gamma
    later_orders: Floats  # (n,) days with an order
    later_spend: Floats  # (n,)
    visits: Visits  # of the same customers, in days since the split


def published_sample_ids() -> set[str]:
    """Return the ids of the published sample, as in the whole log."""
    return {
        line.split()[0] for line in package_file(SAMPLE_FILE).read_text(encoding="ascii").splitlines() if line.strip()
    }


def read_cohort(customers: set[str] | None = None) -> Cohort:
    """Read the histories of some customers, or of all, from the file; orders of one day are one visit."""
    lines = [line.split() for line in Path(os.environ["CDNOW"]).read_text(encoding="ascii").splitlines()[1:]]
    lines = [line for line in lines if line and (customers is None or line[0] in customers)]
    days = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for _, day, _, _ in lines], dtype="datetime64[D]")
    offset = (days - np.datetime64(SPLIT)).astype(int)
    names, customer_index = np.unique([line[0] for line in lines], return_inverse=True)
    visits, visit_index = np.unique(np.stack([customer_index, offset]), axis=1, return_inverse=True)
    value = _sums(visit_index.ravel(), [float(line[3]) for line in lines], visits.shape[1])
    return _build_cohort(tuple(names.tolist()), visits[0], visits[1], value)


def _build_cohort(
    names: tuple[str, ...], customer_index: NDArray[np.integer], day: NDArray[np.integer], value: Floats
) -> Cohort:
    """Build the cohort from visits sorted by customer and day; every customer has a visit before the split."""
    count, before_split = len(names), day < 0
    visits = np.bincount(customer_index[before_split], minlength=count)
    last = np.cumsum(visits) - 1
    first = last - visits + 1
    past, spent = day[before_split], value[before_split]
    repeats = (visits - 1).astype(np.float64)
    repeat_value = _sums(customer_index[before_split], spent, count) - spent[first]
    mean: Floats = np.divide(repeat_value, repeats, out=np.zeros(count), where=repeats > 0)
    # The papers count age up to the day before the split.
    histories = BtydHistories(repeats, (past[last] - past[first]) / WEEK, (-1 - past[first]) / WEEK, repeats, mean)
    later_orders = np.bincount(customer_index[~before_split], minlength=count).astype(np.float64)
    later_spend = _sums(customer_index[~before_split], value[~before_split], count)
    log = Visits(names, customer_index.astype(np.int64), day.astype(np.int64), np.ones(len(day)), value)
    return Cohort(names, mean, histories, later_orders, later_spend, log)


def _sums(index: NDArray[np.integer], values: ArrayLike, count: int) -> Floats:
    return np.bincount(index, np.asarray(values, dtype=float), minlength=count).astype(np.float64)
