"""Lifetime value answer: spend so far, and expected orders and spend within each horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from features.arrays import Floats
from training.inference.answers.answer import Answer, AnswerContext, Horizons, Json, TableColumn, TableValues
from training.inference.answers.schema import AnswerResponse, StrictModel
from training.inference.forecast import SpendForecast


@dataclass(frozen=True, kw_only=True)
class LtvColumns:
    """The value answers of n customers; ``horizons`` are those of the business and that of churn, in days."""

    currency: str
    business_days: tuple[int, ...]  # the horizons in the JSON answer
    horizons: tuple[int, ...]
    expected_orders: Floats  # (n, horizons)
    spend: SpendForecast | None  # None for a log without amounts
    historic: Floats  # (n,) net spend so far, NaN without amounts


class Spending(StrictModel):
    """Expected orders and spend within one horizon; amounts are null for a log without amounts."""

    expected_orders: Annotated[float, Field(ge=0)] = Field(examples=[0.9])
    mean: float | None = Field(examples=[40.1])
    median: float | None = Field(examples=[31.0])
    p10: float | None = Field(examples=[0.0])
    p90: float | None = Field(examples=[96.0])


class LtvResponse(AnswerResponse):
    """The spend so far, and the expected orders and spend within each horizon."""

    currency: str = Field(examples=["GBP"])
    historic: float | None = Field(description="Net spend so far; null for a log without amounts.", examples=[1204.5])
    predicted: dict[str, Spending] = Field(description="By horizon in days.")


def compute(context: AnswerContext) -> LtvColumns:
    """The value answers: the spend so far, and the expected orders and spend of the forecast."""
    metadata, stored = context.metadata, context.stored
    return LtvColumns(
        currency=metadata.currency,
        business_days=metadata.ltv_days,
        horizons=context.forecast.horizons,
        expected_orders=context.forecast.expected_orders,
        spend=context.forecast.spend,
        historic=stored.column("spend") if metadata.has_amounts else np.full(len(stored), np.nan),
    )


def serialize(columns: LtvColumns) -> list[Json]:
    """One JSON object per customer."""
    by_horizon = {str(days): _spending(columns, columns.horizons.index(days)) for days in columns.business_days}
    return [
        {
            "currency": columns.currency,
            "historic": historic,
            "predicted": {days: rows[row] for days, rows in by_horizon.items()},
        }
        for row, historic in enumerate(columns.historic.tolist())
    ]


def _spending(columns: LtvColumns, position: int) -> list[Json]:
    """Every customer's orders and spend within one horizon."""
    orders, spend = columns.expected_orders[:, position].tolist(), columns.spend
    amounts: Sequence[Sequence[float | None]] = [[None] * len(orders)] * 4
    if spend is not None:
        amounts = [column[:, position].tolist() for column in (spend.mean, spend.median, spend.p10, spend.p90)]
    return [
        {"expected_orders": count, "mean": mean, "median": median, "p10": p10, "p90": p90}
        for count, mean, median, p10, p90 in zip(orders, *amounts, strict=True)
    ]


def table_columns(horizons: Horizons) -> tuple[TableColumn, ...]:
    """The columns of the scores table."""
    return (
        *(column for days in horizons.ascending for column in _horizon_columns(days)),
        TableColumn("historic_spend", "number", "Net amount spent so far, returns taken off."),
    )


def _horizon_columns(days: int) -> tuple[TableColumn, ...]:
    return (
        TableColumn(f"expected_orders_{days}d", "number", f"Expected number of orders within {days} days."),
        TableColumn(f"ltv_{days}d_mean", "number", f"Expected spend within {days} days; null without amounts."),
        TableColumn(f"ltv_{days}d_median", "number", f"Median of the spend within {days} days."),
        TableColumn(f"ltv_{days}d_p10", "number", f"Lower end of the 80 % interval of the spend within {days} days."),
        TableColumn(f"ltv_{days}d_p90", "number", f"Upper end of the 80 % interval of the spend within {days} days."),
    )


def tabulate(columns: LtvColumns, horizons: Horizons) -> Mapping[str, TableValues]:
    """The values of the columns of the scores table, (n,) each; NaN without amounts."""
    values: dict[str, TableValues] = {}
    for days in horizons.ascending:
        position = columns.horizons.index(days)
        values[f"expected_orders_{days}d"] = columns.expected_orders[:, position]
        for name in ("mean", "median", "p10", "p90"):
            values[f"ltv_{days}d_{name}"] = (
                np.full(len(columns.historic), np.nan)
                if columns.spend is None
                else getattr(columns.spend, name)[:, position]
            )
    return {**values, "historic_spend": columns.historic}


LTV_ANSWER = Answer(
    compute=compute, schema=LtvResponse, serialize=serialize, table_columns=table_columns, tabulate=tabulate
)
