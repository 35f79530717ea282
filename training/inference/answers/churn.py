"""Churn answer: the probability of no order within the horizon, with its percentile and band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from features.arrays import Codes, Floats
from training.inference.answers.answer import (
    MISSING_CODE,
    Answer,
    AnswerContext,
    Horizons,
    Json,
    TableColumn,
    TableValues,
)
from training.inference.answers.schema import AnswerResponse, Probability

BANDS = ("low", "medium", "high")


@dataclass(frozen=True, kw_only=True)
class ChurnColumns:
    """The churn answers of n customers."""

    horizon_days: int
    probability: Floats  # (n,)
    percentile: Floats  # (n,) 0 to 100
    band: Codes  # (n,) index into BANDS


class ChurnResponse(AnswerResponse):
    """The probability that the customer places no order within the horizon."""

    horizon_days: int = Field(examples=[90])
    probability: Probability = Field(examples=[0.1])
    percentile: Annotated[float, Field(ge=0, le=100)] = Field(
        description="Mid-rank within the population scored when the release was promoted; higher is likelier to churn.",
        examples=[23.0],
    )
    band: Literal["low", "medium", "high"] = Field(examples=["low"])


def compute(context: AnswerContext) -> ChurnColumns:
    """The churn answers: 1 minus P(order within the churn horizon)."""
    probability = 1 - context.churn_days_order_probability
    band = band_codes(probability, context.metadata.bands)
    return ChurnColumns(
        horizon_days=context.metadata.churn_days,
        probability=probability,
        percentile=np.where(context.known_mask, context.churn_percentile(probability), np.nan),
        band=np.where(context.known_mask, band, np.int8(MISSING_CODE)),
    )


def band_codes(probability: Floats, thresholds: tuple[float, float]) -> Codes:
    """The bands of probabilities, (n,), as indices into low, medium and high; 0 for NaN."""
    low, high = thresholds
    return (probability >= low).astype(np.int8) + (probability >= high).astype(np.int8)


def serialize(columns: ChurnColumns) -> list[Json]:
    """One JSON object per customer."""
    values = zip(columns.probability.tolist(), columns.percentile.tolist(), columns.band.tolist(), strict=True)
    return [
        {
            "horizon_days": columns.horizon_days,
            "probability": probability,
            "percentile": percentile,
            "band": BANDS[band],
        }
        for probability, percentile, band in values
    ]


def table_columns(_horizons: Horizons) -> tuple[TableColumn, ...]:
    """The columns of the scores table."""
    return (
        TableColumn("churn_probability", "number", "Probability of no order within `churn_horizon_days`."),
        TableColumn("churn_percentile", "number", "Mid-rank of that probability in the population, 0 to 100."),
        TableColumn("churn_band", "text", "The band of that probability: low, medium or high."),
        TableColumn("churn_horizon_days", "integer", "The churn horizon in days."),
    )


def tabulate(columns: ChurnColumns, _horizons: Horizons) -> Mapping[str, TableValues]:
    """The values of the columns of the scores table, (n,) each."""
    return {
        "churn_probability": columns.probability,
        "churn_percentile": columns.percentile,
        "churn_band": [BANDS[band] if band >= 0 else None for band in columns.band.tolist()],
        "churn_horizon_days": np.full(len(columns.probability), columns.horizon_days),
    }


CHURN_ANSWER = Answer(
    compute=compute, schema=ChurnResponse, serialize=serialize, table_columns=table_columns, tabulate=tabulate
)
