"""Who had ordered which categories at past cutoffs, and when they ordered the same again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.category_days import names, order_days
from features.history import Cutoff, History
from training.dataset import Dataset
from training.predict.category_lines import Lines

Floats = NDArray[np.float64]

MOST_LINES = 400_000
PRIOR_ORDERS = 20.0


@dataclass(frozen=True, kw_only=True)
class CategoryRows:
    """Lines of customers at cutoffs, and what then happened in their category."""

    lines: Lines
    cutoff: Floats  # (m,) days since 1970
    wait_days: Floats  # (m,) whole days until the next order in the category, infinite where none came before the limit
    follow_days: Floats  # (m,) whole days from the cutoff to the limit

    def __len__(self) -> int:
        return len(self.cutoff)

    def at(self, chosen: NDArray[np.bool_]) -> CategoryRows:
        """Some of the lines."""
        return CategoryRows(
            lines=self.lines.at(chosen),
            cutoff=self.cutoff[chosen],
            wait_days=self.wait_days[chosen],
            follow_days=self.follow_days[chosen],
        )


@dataclass(frozen=True)
class Assortment:
    """The categories that the log knew before a limit."""

    names: tuple[str, ...]
    codes: tuple[int, ...]  # ascending
    gap_days: tuple[float, ...]  # days per order after a customer's first, gaps still open counted


def before(data: Dataset, limit: Cutoff, cutoffs: Sequence[Cutoff]) -> tuple[Assortment, CategoryRows]:
    """The categories, and the rows of the newest cutoffs with what came until the limit; nothing later is looked at."""
    known = _known(data, limit)
    days = ibis.memtable(_days(known, limit).to_pyarrow())
    return _assortment(known, days, limit), _rows(data, days, limit, _newest(data, cutoffs))


def after(data: Dataset, origin: Cutoff, limit: Cutoff) -> CategoryRows:
    """The rows of one cutoff, with what came from there on until the limit."""
    return _rows(data, _days(_known(data, limit), limit), limit, [origin])


def _known(data: Dataset, limit: Cutoff) -> History:
    """The history of the customers learned from."""
    known, customers = data.history.before(limit), ibis.memtable(data.customers[["customer_id"]].drop_duplicates())
    return replace(known, lines=known.lines.semi_join(customers, "customer_id"))


def _days(known: History, limit: Cutoff) -> ir.Table:
    return order_days(known, [limit]).select("customer_id", "code", "day_number").distinct()


def _assortment(known: History, days: ir.Table, limit: Cutoff) -> Assortment:
    pairs = days.group_by("customer_id", "code").aggregate(first=days.day_number.min(), orders=days.count() - 1)
    sums = pairs.group_by("code").aggregate(days=(limit.number - pairs.first).sum(), orders=pairs.orders.sum())
    coded = names(known)
    # Two categories of one code cannot be told apart.
    single = coded.group_by("code").aggregate(name=coded.category.min(), times=coded.count())
    found = sums.join(single.filter(single.times == 1), "code").order_by("code").to_pandas()
    passed, orders = found["days"].to_numpy(float), found["orders"].to_numpy(float)
    usual = passed.sum() / max(orders.sum(), 1.0)
    gap = np.maximum((passed + PRIOR_ORDERS * usual) / (orders + PRIOR_ORDERS), 1.0)
    return Assortment(tuple(found["name"]), tuple(found["code"].tolist()), tuple(gap.tolist()))


def _newest(data: Dataset, cutoffs: Sequence[Cutoff]) -> list[Cutoff]:
    """As many as there are lines for."""
    counts, chosen, total = _counts(data), [], 0
    for cutoff in sorted(cutoffs, key=lambda one: one.at, reverse=True):
        chosen.append(cutoff)
        total += counts[data.cutoffs.index(cutoff)]
        if total >= MOST_LINES:
            break
    return chosen


def _counts(data: Dataset) -> list[int]:
    held = _held(data)
    position = data.customers["position"].to_numpy()[held.row]
    found: list[int] = np.bincount(position, minlength=len(data.cutoffs)).tolist()
    return found


def _rows(data: Dataset, days: ir.Table, limit: Cutoff, cutoffs: Sequence[Cutoff]) -> CategoryRows:
    held = _held(data)
    position = data.customers["position"].to_numpy()[held.row]
    chosen = np.isin(position, [data.cutoffs.index(one) for one in cutoffs])
    found = held.at(chosen)
    cutoff = np.array([one.number for one in data.cutoffs])[position[chosen]]
    return CategoryRows(
        lines=found,
        cutoff=cutoff.astype(float),
        wait_days=_next(data, days, found, cutoff) - cutoff,
        follow_days=(limit.number - cutoff).astype(float),
    )


def _next(data: Dataset, days: ir.Table, found: Lines, cutoff: NDArray[np.int64]) -> Floats:
    """The first day from the cutoff on with an order in the line's category; infinite where none is known."""
    table = pd.DataFrame(
        {
            "line": np.arange(len(found)),
            "customer_id": data.customers["customer_id"].to_numpy()[found.row],
            "code": found.code.astype(np.int64),
            "cutoff_day": cutoff,
        }
    )
    asked = ibis.memtable(table)
    later = asked.join(days, [asked.customer_id == days.customer_id, asked.code == days.code])
    later = later.filter(later.day_number >= later.cutoff_day)
    first = later.group_by("line").aggregate(day=later.day_number.min()).to_pandas()
    day = np.full(len(found), np.inf)
    day[first["line"].to_numpy()] = first["day"].to_numpy(float)
    return day


def _held(data: Dataset) -> Lines:
    if data.lines is None:
        raise ValueError("The features hold no categories. Ask `data.lines` before learning of them.")
    return data.lines
