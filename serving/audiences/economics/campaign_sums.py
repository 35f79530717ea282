"""Campaign sums: costs, value at stake and profit of the first people of an audience, at each of several cut-offs.

Value and costs are those of a campaign of retention (Verbeke et al. 2012, "New insights into churn prediction in the
telecommunication sector: A profit driven data mining approach", EJOR 218(1), section 3; Lemmens & Gupta 2020, "Managing
churn to maximize profits", Marketing Science 39(5)). The share of customers whom an offer keeps, which they assume, is
here the measured effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from features.arrays import Floats, Integers
from serving.audiences.economics.contacts import Contacts, cumulate
from serving.audiences.economics.offer_effect import OfferEffect
from serving.schemas.economics import EconomicsRequest


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A campaign: the people contacted, prices, and the effect of the offer where one is known."""

    request: EconomicsRequest
    contacts: Contacts
    effect: OfferEffect | None
    worth: float | Floats  # (n,) margin of an order that the offer adds, or that of one unit of spend
    offers_range: float  # half the 95 % interval of the offers that are paid without an effect, relative to them

    @cached_property
    def offers(self) -> float | Floats:
        """The expected offers paid per person contacted, (n,), or of all alike."""
        return self.offers_with(self.added_orders[0])

    @property
    def added_orders(self) -> Sequence[float | Floats]:
        """The effect on orders per person, and the ends of its interval; 0 where it is none on orders."""
        return [0.0] if self.effect is None or self.effect.outcome == "spend" else self.effect.scenarios

    def offers_with(self, added_orders: float | Floats) -> float | Floats:
        """Return the expected offers paid per person contacted, (n,), or of all alike; each is paid once at most."""
        if self.contacts.ordering is None:
            return 1.0
        return np.clip(self.contacts.ordering + added_orders, 0.0, 1.0)


@dataclass(frozen=True)
class Scenarios:
    """A sum at each cut-off (ends,), and the ends of its interval; None without one."""

    value: Floats
    low: Floats | None = None
    high: Floats | None = None

    @classmethod
    def of(cls, values: Sequence[Floats]) -> Scenarios:
        """The sum and, in any order, the ends of its interval: the most orders may be the least profit."""
        return cls(values[0]) if len(values) == 1 else cls(values[0], np.minimum(*values[1:]), np.maximum(*values[1:]))

    def widen(self, error: Floats) -> Scenarios:
        """Return the sum with a further, independent error (ends,) in its interval."""
        if self.low is None or self.high is None:
            return self
        below, above = np.hypot(self.value - self.low, error), np.hypot(self.high - self.value, error)
        return Scenarios(self.value, self.value - below, self.value + above)


@dataclass(frozen=True, kw_only=True)
class CampaignSums:
    """The sums over the first people, (ends,) each."""

    contact_cost: Floats
    offer_cost: Floats
    free_offer_cost: Floats  # without the offers that the effect adds
    orders: Floats | None
    value: Floats | None
    added: Scenarios | None  # in orders or spend
    margin: Scenarios | None
    profit: Scenarios | None


def campaign_sums(campaign: Campaign, ends: Integers) -> CampaignSums:
    """Sum a campaign over its first people, up to each end."""
    request, contacts = campaign.request, campaign.contacts
    contact_cost = cumulate(request.contact_cost, ends)
    offer_costs = [request.offer_cost * cumulate(campaign.offers, ends)]
    offer_costs += [request.offer_cost * cumulate(campaign.offers_with(end), ends) for end in campaign.added_orders[1:]]
    ordering = 1.0 if contacts.ordering is None else contacts.ordering
    free_offer_cost = request.offer_cost * cumulate(ordering, ends)
    changes = [] if campaign.effect is None else campaign.effect.scenarios
    added = [cumulate(change, ends) for change in changes]
    margins = [cumulate(campaign.worth * change, ends) for change in changes]
    costs = offer_costs if len(offer_costs) == len(added) else offer_costs * len(added)
    profits = [margin - contact_cost - cost for margin, cost in zip(margins, costs, strict=True)]
    error = np.zeros(len(ends)) if contacts.ordering is None else campaign.offers_range * free_offer_cost
    return CampaignSums(
        contact_cost=contact_cost,
        offer_cost=offer_costs[0],
        free_offer_cost=free_offer_cost,
        orders=None if contacts.orders is None else cumulate(contacts.orders, ends),
        value=None if contacts.revenue is None else request.margin * cumulate(contacts.revenue, ends),
        added=Scenarios.of(added) if added else None,
        margin=Scenarios.of(margins) if added else None,
        profit=Scenarios.of(profits).widen(error) if added else None,
    )
