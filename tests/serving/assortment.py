"""What customers of the little shop in Amsterdam ordered of tea and cream, and a release that learned of both."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats
from features.calendar import local_time
from features.online.feature_rows import Stored
from serving.predictions.scorer import score
from serving.schemas.prediction_columns import Answers
from tests.serving.fakes import AMSTERDAM, TODAY, FakeRelease, Known, constant_rate, stored
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import CategoryTables, cell_count
from training.inference.categories.lines import Lines
from training.inference.forecast import Forecast

NUMBER = 20_778  # 2026-11-21
NAMES = ("cream", "tea", "wine")
TABLES = CategoryTables(NAMES, (1, 2, 3), (90.0, 20.0, 3000.0), 10.0, (), (0.0, 10.0), ((1.0, 10.0),) * cell_count(()))
Held = tuple[str, int]  # category, days since its one order


def known(*orders: Sequence[Held]) -> Lines:
    """A customer for each of the sequences."""
    row = np.repeat(np.arange(len(orders)), [len(some) for some in orders])
    held = [one for some in orders for one in some]
    last = np.array([NUMBER - days for _, days in held], dtype=float)
    once: Floats = np.ones(len(held))
    return Lines(
        row=row,
        code=np.array([NAMES.index(name) + 1 for name, _ in held], dtype=float),
        days=once,
        first_day=last,
        last_day=last,
        order_days=once,
        mean_gap_days=np.nan * once,
    )


def release(*orders: Sequence[Held], rate: float = 5.0) -> FakeRelease:
    """Its customers come at so many orders a day, and had ordered this of the categories."""

    def categories(_: Stored, as_of: int, overall: Forecast) -> CategoryForecast:
        return forecast_categories(TABLES, known(*orders), overall, local_time(as_of, AMSTERDAM))

    return FakeRelease(answer=lambda some, _: constant_rate(np.full(len(some), rate)), categories=categories)


def asked(*orders: Sequence[Held], rate: float = 5.0, as_of: int = TODAY) -> Answers:
    some = stored({f"c{one}": Known() for one in range(len(orders))})
    return score(release(*orders, rate=rate), some, as_of)
