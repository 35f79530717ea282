"""The published tenth of CDNOW: 2,357 customers, 39 weeks seen and 39 weeks held out, as the papers count them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.baselines import BtydHistories
from benchmarks.datasets import package_file
from features.arrays import Floats

SPLIT = date(1997, 10, 1)
END = date(1998, 7, 1)
HOLDOUT_DAYS = (END - SPLIT).days
WEEK = 7
SAMPLE_FILE = "lifetimes/datasets/CDNOW_sample.txt"


@dataclass(frozen=True)
class Cohort:
    """What was seen of each customer before the split, and what was held out; sums over lines as they stand."""

    customers: tuple[str, ...]
    mean_value: Floats  # (n,) of a repeat visit, 0 where there is none
    histories: BtydHistories  # orders and mean_order of repeat visits alone, as the papers fit Gamma-Gamma
    later_orders: Floats  # (n,) days with an order
    later_spend: Floats  # (n,)


def published_sample_ids() -> set[str]:
    """Who is in the published sample, by the ids of the whole log."""
    return {
        line.split()[0] for line in package_file(SAMPLE_FILE).read_text(encoding="ascii").splitlines() if line.strip()
    }


def read_cohort(customers: set[str] | None = None) -> Cohort:
    """Some customers' histories, or everybody's, read from the file itself; orders of one day are one visit."""
    lines = [line.split() for line in Path(os.environ["CDNOW"]).read_text(encoding="ascii").splitlines()[1:]]
    lines = [line for line in lines if line and (customers is None or line[0] in customers)]
    days = np.array([f"{day[:4]}-{day[4:6]}-{day[6:]}" for _, day, _, _ in lines], dtype="datetime64[D]")
    offset = (days - np.datetime64(SPLIT)).astype(int)
    names, who = np.unique([line[0] for line in lines], return_inverse=True)
    visits, at = np.unique(np.stack([who, offset]), axis=1, return_inverse=True)
    value = _sums(at.ravel(), [float(line[3]) for line in lines], visits.shape[1])
    return _build_cohort(tuple(names.tolist()), visits[0], visits[1], value)


def _build_cohort(
    names: tuple[str, ...], customer_index: NDArray[np.integer], day: NDArray[np.integer], value: Floats
) -> Cohort:
    """Visits are sorted by customer and day; everybody came first before the split."""
    count, known = len(names), day < 0
    visits = np.bincount(customer_index[known], minlength=count)
    last = np.cumsum(visits) - 1
    first = last - visits + 1
    past, spent = day[known], value[known]
    repeats = (visits - 1).astype(np.float64)
    again = _sums(customer_index[known], spent, count) - spent[first]
    mean: Floats = np.divide(again, repeats, out=np.zeros(count), where=repeats > 0)
    # The papers count age to the last day seen, the day before the split.
    seen = BtydHistories(repeats, (past[last] - past[first]) / WEEK, (-1 - past[first]) / WEEK, repeats, mean)
    later = np.bincount(customer_index[~known], minlength=count).astype(np.float64)
    return Cohort(names, mean, seen, later, _sums(customer_index[~known], value[~known], count))


def _sums(index: NDArray[np.integer], values: ArrayLike, count: int) -> Floats:
    return np.bincount(index, np.asarray(values, dtype=float), minlength=count).astype(np.float64)
