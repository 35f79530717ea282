"""North star: who counts as a high-value active customer, from ``[business.north_star]``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.config.base import ConfigModel

WindowDays = Annotated[int, Field(ge=7, le=730)]


class NorthStarConfig(ConfigModel):
    """High-value active customers: those with an order not long ago, and with a trailing spend of at least a level."""

    active_days: WindowDays | Literal["auto"] = "auto"
    """A customer is active with an order within so many days; `auto` takes `churn_days` as of the first computation,
    and keeps it."""
    value_days: WindowDays | Literal["auto"] = "auto"
    """How many days back the spend is summed; `auto` takes 365, or 182 or 91 where the log is too short for that."""
    level: Annotated[float, Field(gt=0)] | Literal["auto"] = "auto"
    """The spend within `value_days` from which a customer is of high value, in `currency`; without amounts, the number
    of orders. `auto` takes what the top fifth of the active customers reach at the first computation, and keeps it."""
    gross_margin: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of the revenue that remains after the cost of goods; with it, lifetime value is gross margin."""
