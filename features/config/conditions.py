"""Of whom does a rule of the business hold? Bounds on measures of a customer, in the words of flywheel.toml."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from features.config.base import ConfigModel

LookbackDays = Annotated[int, Field(ge=1, le=36_500)]  # whole local days before the cutoff
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
AMOUNT_MEASURES = {"spend", "average_basket"}  # not known of a shop that logs no amounts


class Measure(NamedTuple):
    """Something to know of every customer, over the last so many days or, with None, over all time."""

    name: str
    within_days: int | None = None

    @property
    def column(self) -> str:
        """What it is called in a table."""
        return self.name if self.within_days is None else f"{self.name}_{self.within_days}d"


class Bounds(ConfigModel):
    """Numbers that a measure lies between."""

    at_least: FiniteNumber | None = None
    """The measure is this number or more."""
    at_most: FiniteNumber | None = None
    """The measure is this number or less."""
    above: FiniteNumber | None = None
    """The measure is more than this number."""
    below: FiniteNumber | None = None
    """The measure is less than this number."""

    @model_validator(mode="after")
    def _check_satisfiable(self) -> Bounds:
        said = self.given_bounds
        if not said:
            raise ValueError("found no bound; expected at_least, at_most, above or below")
        lows = [(said[name], name == "above") for name in ("at_least", "above") if name in said]
        highs = [(said[name], name == "below") for name in ("at_most", "below") if name in said]
        for low, open_below in lows:
            for high, open_above in highs:
                if low > high or (low == high and (open_below or open_above)):
                    raise ValueError(f"found {_format_bounds(said)}; expected bounds that a number can lie between")
        return self

    @property
    def given_bounds(self) -> Mapping[str, float]:
        """The bounds that are given, by their word."""
        names = ("at_least", "at_most", "above", "below")
        return {name: bound for name in names if (bound := getattr(self, name)) is not None}


class WindowedBounds(Bounds):
    """Bounds on what happened in the last so many days; ever, where none are named."""

    within_days: LookbackDays | None = None
    """Only the last so many days count; without it, all of the log."""


class Conditions(ConfigModel):
    """What has to hold of a customer, all of it; with no condition it holds of everybody."""

    orders: WindowedBounds | None = None
    """The number of orders."""
    spend: WindowedBounds | None = None
    """The net amount spent."""
    average_basket: WindowedBounds | None = None
    """The mean amount of an order."""
    contacts: WindowedBounds | None = None
    """The number of contacts: a listed event, or the lines of one order or return on one day."""
    days_since_order: Bounds | None = None
    """Whole days since the last order."""
    days_since_contact: Bounds | None = None
    """Whole days since the last contact."""
    days_known: Bounds | None = None
    """Whole days since the first order line or event of any kind."""

    @property
    def bounds(self) -> Mapping[Measure, Bounds]:
        """Every measure that is asked for, with what it must be."""
        asked = {name: getattr(self, name) for name in Conditions.model_fields}
        return {
            Measure(name, bounds.within_days if isinstance(bounds, WindowedBounds) else None): bounds
            for name, bounds in asked.items()
            if bounds is not None
        }


def _format_bounds(bounds: Mapping[str, float]) -> str:
    return " and ".join(f"{name} = {bound:g}" for name, bound in bounds.items())
