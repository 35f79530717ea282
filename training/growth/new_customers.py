"""New customers: when each placed the first order, and which source it is attributed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, Integers
from training.growth.growth_log import AMOUNT_UNITS, GrowthLog
from training.growth.period_figures import SourceAcquisition
from training.growth.periods import GrowthPeriod

OTHER_SOURCES = ""  # of a customer whose first touch and first order name no source with costs


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """The source of each customer, and the costs of each source by day."""

    sources: tuple[str, ...]  # canonical words, those with costs
    source: Integers  # (n,) position in the sources, -1 for another one
    cost_source: Integers  # (rows,)
    cost_day: Integers  # (rows,) days since 1970
    cost: Integers  # (rows,) in ten-thousandths of the currency

    def cost_between(self, first_day: int, end_day: int) -> dict[str, float]:
        """The costs of each source on the days ``[first_day, end_day)``, without those that had none."""
        inside = (self.cost_day >= first_day) & (self.cost_day < end_day)
        totals = np.bincount(self.cost_source[inside], self.cost[inside], len(self.sources)) / AMOUNT_UNITS
        return {name: total for name, total in zip(self.sources, totals.tolist(), strict=True) if total}


def ordered_first_between(log: GrowthLog, first_day: int, end_day: int) -> Booleans:
    """The customers with their first order on the days ``[first_day, end_day)``, (n,)."""
    first = log.first_order_day
    selected: Booleans = (first >= first_day) & (first < end_day)
    return selected


def acquisition_of(log: GrowthLog, acquisition: Acquisition, period: GrowthPeriod) -> tuple[SourceAcquisition, ...]:
    """The new customers and costs of a period by source, the most costly first; the rest stands last."""
    new = ordered_first_between(log, period.first_day, period.end_day)
    counts = np.bincount(acquisition.source[new] + 1, minlength=len(acquisition.sources) + 1)
    cost = acquisition.cost_between(period.first_day, period.end_day)
    by_source = dict(zip(acquisition.sources, counts[1:].tolist(), strict=True))
    rows = [
        SourceAcquisition(source=name, cost=cost.get(name, 0.0), new_customers=count)
        for name, count in by_source.items()
        if count or name in cost
    ]
    rest = SourceAcquisition(source=OTHER_SOURCES, cost=0.0, new_customers=int(counts[0]))
    return (*sorted(rows, key=lambda row: (-row.cost, row.source)), rest)


def sum_acquisition(months: Sequence[Sequence[SourceAcquisition]]) -> Mapping[str, tuple[float, int]]:
    """The cost and the new customers of each source over some months."""
    totals: dict[str, tuple[float, int]] = {}
    for row in (row for month in months for row in month):
        cost, count = totals.get(row.source, (0.0, 0))
        totals[row.source] = (cost + row.cost, count + row.new_customers)
    return totals
