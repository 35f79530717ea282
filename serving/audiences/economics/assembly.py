"""Economics of an audience: from the scores of its members to costs, value at stake and, where identified, profit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.arrays import Booleans, RowIndices
from serving.audiences.economics.campaign_sums import Campaign, CampaignSums, campaign_sums
from serving.audiences.economics.contacts import Contacts, contacts_of, curve_ends
from serving.audiences.economics.cut_offs import cut_offs, money
from serving.audiences.economics.offer_effect import EffectRefusal, OfferEffect, assumed_effect, measured_effect
from serving.audiences.economics.personal_effects import with_personal_effects
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.expected_totals import ExpectedTotals
from serving.audiences.estimates.intervals import Z90
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import ExpectedTotal
from serving.schemas.economics import Economics, EconomicsRequest, MoneyEstimate
from training.estimate import NORMAL_975
from training.experiments.record.experiment_folder import ExperimentFolder
from training.inference.uplift.evidence import UpliftEvidence

ROUNDING = 1e-9  # of a budget: three contacts of 0.1 cost 0.3
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
    contacts = contacts_of(request, totals, len(members.rows), members.holdout)
    measured = measured_effect(request, members.channel, sources.experiments)
    if contacts.count < smallest:
        return None
    margins = contacts.margins_per_order(request.margin)
    effect, refusal = _choose_effect(request, measured, contacts, has_margins=margins is not None)
    if effect is not None:
        effect = with_personal_effects(effect, sources.uplift, members.columns, contacts.contacted_rows(members.rows))
    campaign = Campaign(
        request=request,
        contacts=contacts,
        effect=effect,
        worth=request.margin if margins is None or effect is None or effect.outcome == "spend" else margins,
        offers_range=_relative_range(totals.conversions),
    )
    return _answer(campaign, refusal, members, None if margins is None else float(margins.mean()), smallest)


def _answer(
    campaign: Campaign,
    refusal: EffectRefusal | None,
    members: Members,
    margin_per_order: float | None,
    smallest: int,
) -> Economics:
    contacts, effect = campaign.contacts, campaign.effect
    curve, affordable = curve_ends(contacts.count, smallest), _affordable_people(campaign, smallest)
    ends = np.unique([*curve, contacts.count, *([] if affordable is None else [affordable])])
    sums = campaign_sums(campaign, ends)
    in_orders = effect is not None and effect.outcome == "orders"
    budgeted = np.flatnonzero(ends == affordable)
    return Economics(
        contacted=contacts.count,
        horizon_days=members.horizon_days or 0,
        value_at_stake=_value_range(sums, members.totals.revenue),
        expected_orders=None if sums.orders is None else float(sums.orders[-1]),
        margin_per_order=margin_per_order,
        contact_cost=float(sums.contact_cost[-1]),
        offer_cost=float(sums.offer_cost[-1]),
        cost=float(sums.contact_cost[-1] + sums.offer_cost[-1]),
        break_even_orders=_break_even_orders(campaign, sums, margin_per_order),
        curve=cut_offs(contacts, ends, sums, np.searchsorted(ends, curve)),
        within_budget=cut_offs(contacts, ends, sums, budgeted)[0] if len(budgeted) else None,
        profit_basis="none" if effect is None else effect.basis,
        incremental_orders=money(sums.added, -1) if in_orders else None,
        incremental_margin=money(sums.margin, -1),
        profit=money(sums.profit, -1),
        reason=None if refusal is None else refusal.reason,
        detail=" ".join(part.detail for part in (effect, refusal) if part is not None),
    )


def _choose_effect(
    request: EconomicsRequest,
    measured: OfferEffect | EffectRefusal,
    contacts: Contacts,
    *,
    has_margins: bool,
) -> tuple[OfferEffect | None, EffectRefusal | None]:
    """Return the effect that profit rests on, and why it is not that of an experiment."""
    if not has_margins:
        return None, NO_AMOUNTS
    if isinstance(measured, OfferEffect) and measured.outcome == "spend" and contacts.ordering is not None:
        measured = EffectRefusal("orders_not_measured", NOT_MEASURED)
    if isinstance(measured, OfferEffect):
        return measured, None
    return None if request.assumed_uplift is None else assumed_effect(request.assumed_uplift), measured


def _break_even_orders(campaign: Campaign, sums: CampaignSums, margin_per_order: float | None) -> float | None:
    """Return the additional orders per person whose margin, less their own offers, pays for the cost without them."""
    if margin_per_order is None or not campaign.contacts.count:
        return None
    gain = margin_per_order - (0.0 if campaign.contacts.ordering is None else campaign.request.offer_cost)
    cost = float(sums.contact_cost[-1] + sums.free_offer_cost[-1])
    return cost / campaign.contacts.count / gain if gain > 0 else None


def _affordable_people(campaign: Campaign, smallest: int) -> int | None:
    """Return how many of the first people the budget pays for; None without one, and below ``smallest``."""
    request, people = campaign.request, campaign.contacts.count
    if request.budget is None:
        return None
    budget = request.budget * (1 + ROUNDING)
    if isinstance(campaign.offers, np.ndarray):
        spent = request.contact_cost * np.arange(1, people + 1) + request.offer_cost * np.cumsum(campaign.offers)
        people = int(np.searchsorted(spent, budget, "right"))
    elif (cost := request.contact_cost + request.offer_cost * campaign.offers) > 0:
        people = min(people, int(budget / cost))
    return people if people >= max(smallest, 1) else None


def _value_range(sums: CampaignSums, revenue: ExpectedTotal | None) -> MoneyEstimate | None:
    """Return the value at stake with the relative range of the members' revenue: those held out are like the others."""
    if sums.value is None or revenue is None:
        return None
    value = float(sums.value[-1])
    if revenue.interval is None:
        return MoneyEstimate(value=value, low=None, high=None)
    low, high = (end / revenue.mean * value for end in (revenue.interval.p10, revenue.interval.p90))
    return MoneyEstimate(value=value, low=low, high=high)


def _relative_range(total: ExpectedTotal | None) -> float:
    """Return half the 95 % interval of a total over the total, from its 80 % interval; 0 without one."""
    if total is None or total.interval is None:
        return 0.0
    return (total.interval.p90 / total.mean - 1) * NORMAL_975 / Z90
