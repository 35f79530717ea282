"""Cut-offs: what the first people of an audience cost and are worth, and what each further group adds."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from serving.audiences.economics.campaign_profit import Campaign, Scenarios
from serving.audiences.economics.contacts import cumulate
from serving.schemas.economics import CutOff, MoneyEstimate


def cut_offs(campaign: Campaign, ends: Integers) -> list[CutOff]:
    """Return the cut-offs after each number of people, ascending; marginal figures are of those since the one before.

    Nobody at all is a cut-off too, with zeros.
    """
    contacts, profit = campaign.contacts, campaign.profit(ends)
    contact_cost, offer_cost = campaign.contact_cost(ends), campaign.offer_cost(ends, campaign.added_orders)
    orders = None if contacts.orders is None else cumulate(contacts.orders, ends)
    value = None if contacts.revenue is None else campaign.request.margin * cumulate(contacts.revenue, ends)
    marginal_cost, added = np.diff(contact_cost + offer_cost, prepend=0.0), np.diff(ends, prepend=0)
    marginal_value = None if value is None else np.diff(value, prepend=0.0)
    return [
        CutOff(
            contacted=end,
            limit=int(contacts.members[end - 1]) if end else 0,
            contact_cost=float(contact_cost[index]),
            offer_cost=float(offer_cost[index]),
            expected_orders=None if orders is None else float(orders[index]),
            value_at_stake=None if value is None else float(value[index]),
            marginal_value=_ratio(marginal_value, added, index),
            marginal_break_even=None if marginal_value is None else _ratio(marginal_cost, marginal_value, index),
            profit=None if profit is None else money(profit.profit, index),
        )
        for index, end in enumerate(ends.tolist())
    ]


def money(scenarios: Scenarios, index: int) -> MoneyEstimate:
    """Return one of the sums with its interval."""
    low, high = (None if end is None else float(end[index]) for end in (scenarios.low, scenarios.high))
    return MoneyEstimate(value=float(scenarios.value[index]), low=low, high=high)


def _ratio(above: Floats | None, below: Floats | Integers, index: int) -> float | None:
    return None if above is None or not below[index] > 0 else float(above[index] / below[index])
