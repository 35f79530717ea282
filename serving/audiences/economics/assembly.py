"""Economics of an audience: from the scores of its members to costs, value at stake and, where identified, profit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, RowIndices
from serving.audiences.economics.campaign_profit import Campaign
from serving.audiences.economics.contacts import Contacts, contacts_of, curve_ends
from serving.audiences.economics.cut_offs import cut_offs, money
from serving.audiences.economics.offer_effect import EffectRefusal, OfferEffect, assumed_effect, measured_effect
from serving.audiences.economics.personal_effects import with_personal_effects
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.expected_totals import ExpectedTotals
from serving.audiences.estimates.intervals import Z90
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import ExpectedTotal
from serving.schemas.economics import CutOff, Economics, EconomicsRequest, MoneyEstimate
from training.estimate import NORMAL_975
from training.experiments.record.experiment_folder import ExperimentFolder
from training.inference.uplift.evidence import UpliftEvidence

NO_AMOUNTS = EffectRefusal(
    "no_amounts", "Found a log without amounts, or no expected orders; expected both, to tell a margin."
)
NOT_MEASURED = "Found the outcome spend and an offer paid on order; expected an outcome in orders, to count the offers."


@dataclass(frozen=True)
class Members:
    """The members of an audience in order, with their expected totals."""

    columns: Columns
    rows: RowIndices
    holdout: Booleans | None  # (members,)
    channel: str | None
    horizon_days: int | None
    totals: ExpectedTotals


@dataclass(frozen=True)
class EffectSources:
    """Where effects of offers are read."""

    experiments: ExperimentFolder | None = None  # None for a caller who may not read them
    uplift: UpliftEvidence | None = None  # of the release that scored


def audience_economics(
    request: EconomicsRequest, members: Members, sources: EffectSources, smallest: int
) -> Economics | None:
    """Return the economics of contacting an audience; None for fewer than ``smallest`` people.

    Raises:
        InvalidAudienceRequest: the request does not fit the table or the experiments.
        StoreDamaged: the files of an experiment are not as they were written.
    """
    if members.horizon_days is None:
        raise InvalidAudienceRequest.for_field(
            "economics", "Found a scores table without horizons; expected what `flywheel score` writes."
        )
    totals = members.totals
    contacts = contacts_of(
        request, members.columns, members.rows, members.holdout, members.horizon_days,
        has_amounts=totals.revenue is not None,
    )  # fmt: skip
    measured = measured_effect(request, members.channel, sources.experiments)
    if len(contacts) < smallest:
        return None
    margin_per_order = _margin_per_order(request, contacts)
    effect, refusal = _choose_effect(request, measured, contacts, margin_per_order)
    if effect is not None:
        effect = with_personal_effects(effect, sources.uplift, members.columns, contacts.rows)
    campaign = Campaign(
        request=request,
        contacts=contacts,
        effect=effect,
        margin_per_order=margin_per_order,
        orders_range=_relative_range(totals.conversions),
    )
    return _answer(campaign, refusal, members.horizon_days, totals.revenue, smallest)


def _answer(
    campaign: Campaign, refusal: EffectRefusal | None, horizon_days: int, revenue: ExpectedTotal | None, smallest: int
) -> Economics:
    contacts, effect = campaign.contacts, campaign.effect
    everybody = np.array([len(contacts)])
    total, profit = cut_offs(campaign, everybody)[0], campaign.profit(everybody)
    return Economics(
        contacted=len(contacts),
        horizon_days=horizon_days,
        value_at_stake=_value_range(total.value_at_stake, revenue),
        expected_orders=total.expected_orders,
        margin_per_order=campaign.margin_per_order,
        contact_cost=total.contact_cost,
        offer_cost=total.offer_cost,
        cost=total.contact_cost + total.offer_cost,
        break_even_orders=_break_even_orders(campaign),
        curve=cut_offs(campaign, curve_ends(len(contacts), smallest)),
        within_budget=_within_budget(campaign, smallest),
        profit_basis="none" if effect is None else effect.basis,
        incremental_orders=None if profit is None or profit.orders is None else money(profit.orders, 0),
        incremental_margin=None if profit is None else money(profit.margin, 0),
        profit=None if profit is None else money(profit.profit, 0),
        reason=None if refusal is None else refusal.reason,
        detail=" ".join(part.detail for part in (effect, refusal) if part is not None),
    )


def _choose_effect(
    request: EconomicsRequest,
    measured: OfferEffect | EffectRefusal,
    contacts: Contacts,
    margin_per_order: float | None,
) -> tuple[OfferEffect | None, EffectRefusal | None]:
    """Return the effect that profit rests on, and why it is not that of an experiment."""
    if margin_per_order is None:
        return None, NO_AMOUNTS
    if isinstance(measured, OfferEffect) and measured.outcome == "spend" and contacts.ordering is not None:
        measured = EffectRefusal("orders_not_measured", NOT_MEASURED)
    if isinstance(measured, OfferEffect):
        return measured, None
    return None if request.assumed_uplift is None else assumed_effect(request.assumed_uplift), measured


def _margin_per_order(request: EconomicsRequest, contacts: Contacts) -> float | None:
    if contacts.revenue is None or contacts.orders is None or not contacts.orders.sum() > 0:
        return None
    return float(request.margin * contacts.revenue.sum() / contacts.orders.sum())


def _break_even_orders(campaign: Campaign) -> float | None:
    """Return the additional orders per person whose margin, less their own offers, pays for the cost without them."""
    everybody = np.array([len(campaign.contacts)])
    if campaign.margin_per_order is None or not len(campaign.contacts):
        return None
    pays_on_order = campaign.contacts.ordering is not None
    gain = campaign.margin_per_order - (campaign.request.offer_cost if pays_on_order else 0.0)
    cost = campaign.contact_cost(everybody) + campaign.offer_cost(everybody, 0.0)
    return float(cost[0]) / len(campaign.contacts) / gain if gain > 0 else None


def _within_budget(campaign: Campaign, smallest: int) -> CutOff | None:
    if campaign.request.budget is None:
        return None
    people, cost = len(campaign.contacts), campaign.cost_per_person()
    if isinstance(cost, np.ndarray):
        people = int(np.searchsorted(np.cumsum(cost), campaign.request.budget, "right"))
    elif cost > 0:
        people = min(people, int(campaign.request.budget / cost))
    return cut_offs(campaign, np.array([people]))[0] if people >= max(smallest, 1) else None


def _value_range(value: float | None, revenue: ExpectedTotal | None) -> MoneyEstimate | None:
    """Return the value at stake with the relative range of the members' revenue: those held out are like the others."""
    if value is None or revenue is None:
        return None
    if revenue.interval is None:
        return MoneyEstimate(value=value, low=None, high=None)
    low, high = (end / revenue.mean * value for end in (revenue.interval.p10, revenue.interval.p90))
    return MoneyEstimate(value=value, low=low, high=high)


def _relative_range(total: ExpectedTotal | None) -> float:
    """Return half the 95 % interval of a total over the total, from its 80 % interval; 0 without one."""
    if total is None or total.interval is None:
        return 0.0
    return (total.interval.p90 / total.mean - 1) * NORMAL_975 / Z90
