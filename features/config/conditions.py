"""Conditions: bounds on measures of a customer, such as orders within 182 days, as flywheel.toml states them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from pydantic import Field, model_validator

from features.config.base import ConfigModel

LookbackDays = Annotated[int, Field(ge=1, le=36_500)]  # whole local days before the cutoff
FiniteNumber = Annotated[float, Field(allow_inf_nan=False)]
AMOUNT_MEASURES = {"spend", "average_basket"}  # unknown for a shop that logs no amounts


class Measure(NamedTuple):
    """A number known for every customer, over the last ``within_days`` local days or, with None, over the whole log."""

    name: str
    within_days: int | None = None

    @property
    def column(self) -> str:
        """The column of the measure in a table, such as ``orders_182d``."""
        return self.name if self.within_days is None else f"{self.name}_{self.within_days}d"


class Bounds(ConfigModel):
    """Lower and upper bounds of a measure; at least one is given."""

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
        bounds = self.given_bounds
        if not bounds:
            raise ValueError("found no bound; expected at_least, at_most, above or below")
        lows = [(bounds[name], name == "above") for name in ("at_least", "above") if name in bounds]
        highs = [(bounds[name], name == "below") for name in ("at_most", "below") if name in bounds]
        for low, open_below in lows:
            for high, open_above in highs:
                if low > high or (low == high and (open_below or open_above)):
                    raise ValueError(f"found {_format_bounds(bounds)}; expected bounds that a number can lie between")
        return self

    @property
    def given_bounds(self) -> Mapping[str, float]:
        """The given bounds by name."""
        names = ("at_least", "at_most", "above", "below")
        return {name: bound for name in names if (bound := getattr(self, name)) is not None}


class WindowedBounds(Bounds):
    """Bounds on a measure over the last ``within_days`` days, or over the whole log."""

    within_days: LookbackDays | None = None
    """The length of the window before the cutoff, in days; without it, all of the log counts."""


class Conditions(ConfigModel):
    """Conditions on a customer, which all have to hold; without a condition every customer matches."""

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
        """The bounds by measure, for the conditions that are given."""
        conditions = {name: getattr(self, name) for name in Conditions.model_fields}
        return {
            Measure(name, bounds.within_days if isinstance(bounds, WindowedBounds) else None): bounds
            for name, bounds in conditions.items()
            if bounds is not None
        }


def _format_bounds(bounds: Mapping[str, float]) -> str:
    return " and ".join(f"{name} = {bound:g}" for name, bound in bounds.items())
