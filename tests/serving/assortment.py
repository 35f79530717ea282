"""Category orders: test data of a small shop in Amsterdam, and a release that predicts orders by category."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from features.arrays import Floats
from features.calendar import local_time_days
from features.online.feature_rows import FeatureRows
from serving.predictions.scorer import score
from serving.schemas.prediction_columns import PredictionColumns
from tests.serving.fakes import AMSTERDAM, TODAY, FakeRelease, KnownCustomer, constant_rate_forecast, feature_rows
from training.inference.categories.forecast import CategoryForecast, forecast_categories
from training.inference.categories.hazard_tables import CategoryTables, evidence_cell_count
from training.inference.categories.lines import CategoryLines
from training.inference.forecast import Forecast

NUMBER = 20_778  # 2026-11-21
NAMES = ("cream", "tea", "wine")
TABLES = CategoryTables(
    NAMES, (1, 2, 3), (90.0, 20.0, 3000.0), 10.0, (), (0.0, 10.0), ((1.0, 10.0),) * evidence_cell_count(())
)
CategoryOrder = tuple[str, int]  # category, days since its one order


def category_lines(*orders: Sequence[CategoryOrder]) -> CategoryLines:
    """Category lines of one customer per sequence of orders."""
    row = np.repeat(np.arange(len(orders)), [len(customer_orders) for customer_orders in orders])
    category_orders = [order for customer_orders in orders for order in customer_orders]
    last = np.array([NUMBER - days for _, days in category_orders], dtype=float)
    once: Floats = np.ones(len(category_orders))
    return CategoryLines(
        row=row,
        code=np.array([NAMES.index(name) + 1 for name, _ in category_orders], dtype=float),
        days=once,
        first_day=last,
        last_day=last,
        order_days=once,
        mean_gap_days=np.nan * once,
    )


def release(*orders: Sequence[CategoryOrder], rate: float = 5.0) -> FakeRelease:
    """A release for customers with these category orders, who each order ``rate`` times a day."""

    def categories(_: FeatureRows, as_of: int, overall: Forecast) -> CategoryForecast:
        return forecast_categories(TABLES, category_lines(*orders), overall, local_time_days(as_of, AMSTERDAM))

    return FakeRelease(
        answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), rate)), categories=categories
    )


def score_customers(*orders: Sequence[CategoryOrder], rate: float = 5.0, as_of: int = TODAY) -> PredictionColumns:
    """Prediction columns of one customer per sequence of orders."""
    stored = feature_rows({f"c{index}": KnownCustomer() for index in range(len(orders))})
    return score(release(*orders, rate=rate), stored, as_of)
