"""Category rows: per past cutoff, the categories each customer had ordered and the wait for the next order in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.arrays import Booleans, Floats, Integers
from features.history import Cutoff, History
from features.transformations.category_days import category_codes, category_order_days
from training.dataset.point_in_time import Dataset
from training.inference.categories.lines import CategoryLines

PRIOR_ORDERS = 20.0
_CUSTOMER_CATEGORY = ["customer_id", "code"]


@dataclass(frozen=True, kw_only=True)
class CategoryRows:
    """Training rows per customer, cutoff and category; ``lines.row`` is the index of the row in the dataset."""

    lines: CategoryLines
    cutoff: Floats  # (m,) days since 1970
    wait_days: Floats  # (m,) whole days until the next order in the category, infinite without one before the limit
    follow_days: Floats  # (m,) whole days from the cutoff to the limit

    def __len__(self) -> int:
        return len(self.cutoff)

    def select(self, mask: Booleans) -> CategoryRows:
        """Select lines by a mask, (m,)."""
        return CategoryRows(
            lines=self.lines.select(mask),
            cutoff=self.cutoff[mask],
            wait_days=self.wait_days[mask],
            follow_days=self.follow_days[mask],
        )


@dataclass(frozen=True)
class Assortment:
    """The categories with orders before a limit."""

    names: tuple[str, ...]
    codes: tuple[int, ...]  # ascending
    gap_days: tuple[float, ...]  # days per order after a customer's first; open gaps count


@dataclass(frozen=True)
class CategoryLog:
    """Order days per customer and category, from one dataset's customers; nothing from the limit on is read."""

    data: Dataset
    lines: CategoryLines  # categories known at the dataset's rows
    history: History
    limit: Cutoff
    days: ir.Table  # customer_id, code, day_number, once each

    @classmethod
    def from_dataset(cls, data: Dataset, limit: Cutoff) -> CategoryLog | None:
        """Read the order days before the limit; None where the log has no categories."""
        if data.lines is None:
            return None
        log, customers = data.history.before(limit), ibis.memtable(data.customers[["customer_id"]].drop_duplicates())
        log = replace(log, lines=log.lines.semi_join(customers, "customer_id"))
        days = category_order_days(log, [limit]).select(*_CUSTOMER_CATEGORY, "day_number").distinct()
        return cls(data, data.lines, log, limit, ibis.memtable(days.to_pyarrow()))

    def assortment(self) -> Assortment:
        """All categories with an order; two categories that share a code are left out, as nothing separates them."""
        pairs = self.days.group_by(_CUSTOMER_CATEGORY).aggregate(
            first=self.days.day_number.min(), orders=self.days.count() - 1
        )
        totals = pairs.group_by("code").aggregate(
            days=(self.limit.day_number - pairs.first).sum(), orders=pairs.orders.sum()
        )
        coded = category_codes(self.history)
        single = coded.group_by("code").aggregate(name=coded.category.min(), times=coded.count())
        table = totals.join(single.filter(single.times == 1), "code").order_by("code").to_pandas()
        waited_days, orders = table["days"].to_numpy(float), table["orders"].to_numpy(float)
        mean_gap = waited_days.sum() / max(orders.sum(), 1.0)
        gap = np.maximum((waited_days + PRIOR_ORDERS * mean_gap) / (orders + PRIOR_ORDERS), 1.0)
        return Assortment(tuple(table["name"]), tuple(table["code"].tolist()), tuple(gap.tolist()))

    def rows(self, cutoffs: Sequence[Cutoff]) -> CategoryRows:
        """The lines of these cutoffs, each with the days until the next order in its category."""
        position = self.data.customers["position"].to_numpy()[self.lines.row]
        mask = np.isin(position, [self.data.cutoffs.index(item) for item in cutoffs])
        lines = self.lines.select(mask)
        cutoff = np.array([item.day_number for item in self.data.cutoffs])[position[mask]]
        return CategoryRows(
            lines=lines,
            cutoff=cutoff.astype(float),
            wait_days=self._next_order_day(lines, cutoff) - cutoff,
            follow_days=(self.limit.day_number - cutoff).astype(float),
        )

    def median_gaps(self, lines: CategoryLines) -> tuple[Floats, Floats]:
        """Median gap in days in each line's category, (m,) each: the customer's, NaN without one, and that of all."""
        window = ibis.window(group_by=_CUSTOMER_CATEGORY, order_by="day_number")
        gaps = self.days.mutate(gap=(self.days.day_number - self.days.day_number.lag().over(window)).cast("float64"))
        gaps = gaps.filter(gaps.gap > 0)
        keys = self._line_keys(lines)
        with_own = keys.merge(
            gaps.group_by(_CUSTOMER_CATEGORY).aggregate(own=gaps.gap.median()).to_pandas(),
            on=_CUSTOMER_CATEGORY,
            how="left",
        )
        with_both = with_own.merge(
            gaps.group_by("code").aggregate(usual=gaps.gap.median()).to_pandas(), on="code", how="left"
        )
        return with_both["own"].to_numpy(float), with_both["usual"].to_numpy(float)

    def _next_order_day(self, lines: CategoryLines, cutoff: Integers) -> Floats:
        """The first day, from the cutoff on, with an order in the line's category; infinite without one."""
        keys = ibis.memtable(self._line_keys(lines).assign(cutoff_day=cutoff))
        later = keys.join(self.days, _CUSTOMER_CATEGORY)
        later = later.filter(later.day_number >= later.cutoff_day)
        first = later.group_by("line").aggregate(day=later.day_number.min()).to_pandas()
        day = np.full(len(lines), np.inf)
        day[first["line"].to_numpy(np.int64)] = first["day"].to_numpy(float)
        return day

    def _line_keys(self, lines: CategoryLines) -> pd.DataFrame:
        customer_id = self.data.customers["customer_id"].to_numpy()[lines.row]
        return pd.DataFrame(
            {"line": np.arange(len(lines)), "customer_id": customer_id, "code": lines.code.astype(np.int64)}
        )
