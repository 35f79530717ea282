"""Answer of a model: how its page turns a forecast into columns, JSON and columns of the scores table.

Everything here is NumPy and pydantic, so that a page can be imported by a worker that only answers. The types of a
Parquet file stay out of it: a page names the kind of a column, and the scores table chooses the type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from pydantic import BaseModel

from features.arrays import Booleans, Days, Floats, Integers
from features.online.feature_rows import FeatureRows
from training.inference.answers.shop_day import ShopDay
from training.inference.categories.forecast import CategoryForecast
from training.inference.forecast import Forecast
from training.inference.release_manifest import ReleaseMetadata

WITHIN_DAYS = (7, 14, 30, 60, 90)
CURVE_DAYS = tuple(range(1, 91))
MISSING_CODE = -1  # the code of a tier or band where there is no answer

Json = dict[str, Any]
Columns = TypeVar("Columns")
TableValues = Floats | Integers | Days | Sequence[str | None]


@dataclass(frozen=True, kw_only=True)
class AnswerContext:
    """Everything that an answer is computed from: one release, one instant, n customers."""

    forecast: Forecast  # NaN for unknown customers
    stored: FeatureRows
    metadata: ReleaseMetadata
    today: ShopDay
    churn_percentile: Callable[[Floats], Floats]  # probability (n,) -> mid-rank in the population, 0 to 100, (n,)
    categories: CategoryForecast | None  # None for a log without categories
    with_curve: bool = False  # whether the daily curve of the next order is computed

    @property
    def known_mask(self) -> Booleans:
        """The customers who have an answer, (n,)."""
        return np.asarray(self.forecast.tier != MISSING_CODE)

    @property
    def order_probabilities(self) -> Floats:
        """P(order within each of ``WITHIN_DAYS``), (n, len(WITHIN_DAYS))."""
        return self._order_probabilities[:, :-1]

    @property
    def churn_days_order_probability(self) -> Floats:
        """P(order within the churn horizon), (n,)."""
        return self._order_probabilities[:, -1]

    @property
    def daily_order_probabilities(self) -> Floats | None:
        """P(order within each of ``CURVE_DAYS``), (n, len(CURVE_DAYS)); None unless the curve is requested."""
        return self.forecast.order_probabilities(CURVE_DAYS) if self.with_curve else None

    @cached_property
    def _order_probabilities(self) -> Floats:
        return self.forecast.order_probabilities((*WITHIN_DAYS, self.metadata.churn_days))


@dataclass(frozen=True, kw_only=True)
class Horizons:
    """Horizons that a shop asks about, in days."""

    churn_days: int
    ltv_days: tuple[int, ...]

    @property
    def ascending(self) -> tuple[int, ...]:
        """The horizons of both, once each."""
        return tuple(sorted({*self.ltv_days, self.churn_days}))


@dataclass(frozen=True)
class TableColumn:
    """One column of the scores table."""

    name: str
    kind: Literal["number", "integer", "day", "text"]
    meaning: str
    trailing: bool = False  # after the columns about what the customer did so far


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[Columns]):
    """Answer of a model for n customers, in three forms: columns, JSON and columns of the scores table."""

    compute: Callable[[AnswerContext], Columns]
    schema: type[BaseModel]  # of the JSON of one customer, for OpenAPI
    serialize: Callable[[Columns], Sequence[Json]]  # one JSON object per customer; NaN and NaT become null
    table_columns: Callable[[Horizons], Sequence[TableColumn]]
    tabulate: Callable[[Columns, Horizons], Mapping[str, TableValues]]  # the values of the declared columns, (n,)
