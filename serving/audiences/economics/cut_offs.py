"""Cut-offs: what the first people of an audience cost and are worth, and what each further group adds."""

from __future__ import annotations

import numpy as np

from features.arrays import Floats, Integers
from serving.audiences.economics.campaign_sums import CampaignSums, Scenarios
from serving.audiences.economics.contacts import Contacts
from serving.schemas.economics import CutOff, MoneyEstimate


def cut_offs(contacts: Contacts, ends: Integers, sums: CampaignSums, chosen: Integers) -> list[CutOff]:
    """Return some of the cut-offs, ascending; marginal figures are of the people since the one before among these.

    Args:
        contacts: the people contacted.
        ends: (ends,) the number of people at each cut-off.
        sums: over those people.
        chosen: the positions among the ends.
    """
    cost = sums.contact_cost + sums.offer_cost
    added_people, added_cost = np.diff(ends[chosen], prepend=0), np.diff(cost[chosen], prepend=0.0)
    added_value = None if sums.value is None else np.diff(sums.value[chosen], prepend=0.0)
    return [
        CutOff(
            contacted=int(ends[index]),
            limit=contacts.members_until(int(ends[index])),
            contact_cost=float(sums.contact_cost[index]),
            offer_cost=float(sums.offer_cost[index]),
            expected_orders=None if sums.orders is None else float(sums.orders[index]),
            value_at_stake=None if sums.value is None else float(sums.value[index]),
            marginal_value=None if added_value is None else _ratio(added_value[step], added_people[step]),
            marginal_break_even=None if added_value is None else _ratio(added_cost[step], added_value[step]),
            profit=money(sums.profit, index),
        )
        for step, index in enumerate(chosen.tolist())
    ]


def money(scenarios: Scenarios | None, index: int) -> MoneyEstimate | None:
    """Return one of the sums with its interval."""
    if scenarios is None:
        return None
    low, high = (None if end is None else float(end[index]) for end in (scenarios.low, scenarios.high))
    return MoneyEstimate(value=float(scenarios.value[index]), low=low, high=high)


def _ratio(above: float | Floats, below: float | Floats) -> float | None:
    return float(above / below) if below > 0 else None
