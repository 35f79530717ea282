"""Campaign profit: costs, value at stake and profit of the first people of an audience, at each of several cut-offs.

Value and costs are those of a campaign of retention (Verbeke et al. 2012, "New insights into churn prediction in the
telecommunication sector: A profit driven data mining approach", EJOR 218(1), section 3; Lemmens & Gupta 2020, "Managing
churn to maximize profits", Marketing Science 39(5)). The share of customers whom an offer keeps, which they assume, is
here the measured effect.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Integers
from serving.audiences.economics.contacts import Contacts, cumulate
from serving.audiences.economics.offer_effect import OfferEffect
from serving.schemas.economics import EconomicsRequest


@dataclass(frozen=True)
class Scenarios:
    """A sum at each cut-off (ends,), and the ends of its interval; None without one."""

    value: Floats
    low: Floats | None
    high: Floats | None


@dataclass(frozen=True)
class Profit:
    """What a campaign adds at each cut-off."""

    orders: Scenarios | None
    margin: Scenarios
    profit: Scenarios


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign: the people contacted, prices, and the effect of the offer where one is known."""

    request: EconomicsRequest
    contacts: Contacts
    effect: OfferEffect | None
    margin_per_order: float | None
    orders_range: float  # half the 95 % interval of the offers that are paid without an effect, relative to them

    @property
    def added_orders(self) -> float | Floats:
        """The effect on orders, per person."""
        return self.effect.value if self.effect is not None and self.effect.outcome == "orders" else 0.0

    def contact_cost(self, ends: Integers) -> Floats:
        """Return the cost of contacts, (ends,)."""
        return cumulate(self.request.contact_cost, ends)

    def offer_cost(self, ends: Integers, added_orders: float | Floats) -> Floats:
        """Return the expected cost of offers, (ends,)."""
        return self.request.offer_cost * cumulate(self._offers(added_orders), ends)

    def cost_per_person(self) -> float | Floats:
        """Return the expected cost of each person contacted, (n,), or of all alike."""
        return self.request.contact_cost + self.request.offer_cost * self._offers(self.added_orders)

    def profit(self, ends: Integers) -> Profit | None:
        """Return what the campaign adds, (ends,) each; None without an effect in money."""
        if self.effect is None or self.margin_per_order is None:
            return None
        in_orders = self.effect.outcome == "orders"
        worth = self.margin_per_order if in_orders else self.request.margin
        changes = [cumulate(change, ends) for change in self.effect.scenarios]
        margins = [worth * change for change in changes]
        contacts = self.contact_cost(ends)
        profits = [
            margin - contacts - self.offer_cost(ends, change if in_orders else 0.0)
            for margin, change in zip(margins, self.effect.scenarios, strict=True)
        ]
        return Profit(
            _scenarios(changes) if in_orders else None,
            _scenarios(margins),
            self._widen_profit(_scenarios(profits), ends),
        )

    def _offers(self, added_orders: float | Floats) -> float | Floats:
        """Return the expected offers paid per person, (n,), or of all alike."""
        if self.contacts.ordering is None:
            return 1.0
        return np.clip(self.contacts.ordering + added_orders, 0.0, 1.0)

    def _widen_profit(self, profit: Scenarios, ends: Integers) -> Scenarios:
        """Return the interval of profit with the error of the offers that are paid in any case."""
        if profit.low is None or profit.high is None or self.contacts.ordering is None:
            return profit
        error = self.orders_range * self.offer_cost(ends, 0.0)
        return Scenarios(
            profit.value,
            profit.value - np.hypot(profit.value - profit.low, error),
            profit.value + np.hypot(profit.high - profit.value, error),
        )


def _scenarios(values: list[Floats]) -> Scenarios:
    """Return a sum with its interval: the effect with the most orders may be that with the least profit."""
    if len(values) == 1:
        return Scenarios(values[0], None, None)
    return Scenarios(values[0], np.minimum.reduce(values), np.maximum.reduce(values))
