"""Who had ordered which categories at past cutoffs, and when they ordered the same again."""

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
    """Lines of customers at cutoffs, and what then happened in their category; ``lines.row`` counts the dataset's."""

    lines: CategoryLines
    cutoff: Floats  # (m,) days since 1970
    wait_days: Floats  # (m,) whole days until the next order in the category, infinite where none came before the limit
    follow_days: Floats  # (m,) whole days from the cutoff to the limit

    def __len__(self) -> int:
        return len(self.cutoff)

    def select(self, chosen: Booleans) -> CategoryRows:
        """Some of the lines."""
        return CategoryRows(
            lines=self.lines.select(chosen),
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


@dataclass(frozen=True)
class CategoryLog:
    """On which days the customers of a dataset ordered what, before a limit; nothing from the limit on is looked at."""

    data: Dataset
    lines: CategoryLines  # what the data's rows knew
    history: History
    limit: Cutoff
    days: ir.Table  # customer_id, code, day_number, once each

    @classmethod
    def from_dataset(cls, data: Dataset, limit: Cutoff) -> CategoryLog | None:
        """What was known at the limit; None where the log has no categories."""
        if data.lines is None:
            return None
        known, customers = data.history.before(limit), ibis.memtable(data.customers[["customer_id"]].drop_duplicates())
        known = replace(known, lines=known.lines.semi_join(customers, "customer_id"))
        days = category_order_days(known, [limit]).select(*_CUSTOMER_CATEGORY, "day_number").distinct()
        return cls(data, data.lines, known, limit, ibis.memtable(days.to_pyarrow()))

    def assortment(self) -> Assortment:
        """Every category that was ordered, but two of one code, which cannot be told apart."""
        pairs = self.days.group_by(_CUSTOMER_CATEGORY).aggregate(
            first=self.days.day_number.min(), orders=self.days.count() - 1
        )
        sums = pairs.group_by("code").aggregate(
            days=(self.limit.day_number - pairs.first).sum(), orders=pairs.orders.sum()
        )
        coded = category_codes(self.history)
        single = coded.group_by("code").aggregate(name=coded.category.min(), times=coded.count())
        found = sums.join(single.filter(single.times == 1), "code").order_by("code").to_pandas()
        passed, orders = found["days"].to_numpy(float), found["orders"].to_numpy(float)
        usual = passed.sum() / max(orders.sum(), 1.0)
        gap = np.maximum((passed + PRIOR_ORDERS * usual) / (orders + PRIOR_ORDERS), 1.0)
        return Assortment(tuple(found["name"]), tuple(found["code"].tolist()), tuple(gap.tolist()))

    def rows(self, cutoffs: Sequence[Cutoff]) -> CategoryRows:
        """The lines of some cutoffs, with what came from there on."""
        position = self.data.customers["position"].to_numpy()[self.lines.row]
        chosen = np.isin(position, [self.data.cutoffs.index(one) for one in cutoffs])
        found = self.lines.select(chosen)
        cutoff = np.array([one.day_number for one in self.data.cutoffs])[position[chosen]]
        return CategoryRows(
            lines=found,
            cutoff=cutoff.astype(float),
            wait_days=self._next_order_day(found, cutoff) - cutoff,
            follow_days=(self.limit.day_number - cutoff).astype(float),
        )

    def median_gaps(self, lines: CategoryLines) -> tuple[Floats, Floats]:
        """The customer's own median gap in each line's category, NaN before a second order, and that of everybody."""
        window = ibis.window(group_by=_CUSTOMER_CATEGORY, order_by="day_number")
        gaps = self.days.mutate(gap=(self.days.day_number - self.days.day_number.lag().over(window)).cast("float64"))
        gaps = gaps.filter(gaps.gap > 0)
        asked = self._line_keys(lines)
        own = asked.merge(
            gaps.group_by(_CUSTOMER_CATEGORY).aggregate(own=gaps.gap.median()).to_pandas(),
            on=_CUSTOMER_CATEGORY,
            how="left",
        )
        both = own.merge(gaps.group_by("code").aggregate(usual=gaps.gap.median()).to_pandas(), on="code", how="left")
        return both["own"].to_numpy(float), both["usual"].to_numpy(float)

    def _next_order_day(self, lines: CategoryLines, cutoff: Integers) -> Floats:
        """The first day from the cutoff on with an order in the line's category; infinite where none is known."""
        asked = ibis.memtable(self._line_keys(lines).assign(cutoff_day=cutoff))
        later = asked.join(self.days, _CUSTOMER_CATEGORY)
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
