"""Refusal of a figure of growth: why it is not stated; it stands in the place of the figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GrowthRefusalReason = Literal["log_too_short", "no_costs", "no_amounts", "no_predictions", "too_few", "not_mature"]


@dataclass(frozen=True)
class GrowthRefusal:
    """Refusal of a figure, with one sentence: what was found, what was expected, what to do."""

    reason: GrowthRefusalReason
    detail: str
