"""Economics schema: what a campaign to an audience costs, and the margin and the profit to expect."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from serving.schemas.base import StrictModel
from training.experiments.record.experiment import MAX_COST

Amount = Annotated[float, Field(ge=0, le=MAX_COST, strict=True, allow_inf_nan=False)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
OfferPayment = Literal["on_contact", "on_order"]
ProfitBasis = Literal["randomised", "assumed", "none"]
ProfitRefusal = Literal[
    "no_experiment",
    "no_access",
    "not_yet",
    "not_identified",
    "other_channel",
    "outcome_not_in_money",
    "orders_not_measured",
    "no_amounts",
]


class EconomicsRequest(StrictModel):
    """What a campaign earns and costs; amounts are in the currency of the log."""

    margin: Annotated[float, Field(gt=0, le=1, strict=True, allow_inf_nan=False)] = Field(
        description="The gross margin: the share of net revenue that is left after the cost of the goods.",
        examples=[0.3],
    )
    contact_cost: Amount = Field(default=0.0, description="Of one person contacted.", examples=[0.05])
    offer_cost: Amount = Field(
        default=0.0, description="Of one offer, such as the value of a voucher beyond the margin.", examples=[5.0]
    )
    offer_paid: OfferPayment = Field(
        default="on_order",
        description="`on_order`: by everybody contacted who orders within the horizon, once each, also without the "
        "offer's doing; `on_contact`: for everybody contacted.",
    )
    budget: Amount | None = Field(default=None, description="The most that contacts and offers may cost.")
    experiment: Word | None = Field(
        default=None,
        description="The id of an experiment with the same kind of offer, whose effect is the profit's basis. Takes "
        "the scope experiment.",
    )
    arm: Word | None = Field(default=None, description="Its arm with this offer. Default: the only one beside control.")
    assumed_uplift: Annotated[float, Field(ge=-1, le=1, strict=True, allow_inf_nan=False)] | None = Field(
        default=None,
        description="Additional orders per person contacted, assumed by the caller; used where no experiment answers.",
        examples=[0.02],
    )


class MoneyEstimate(StrictModel):
    """An amount with its interval; null ends where nothing says how far it may be off."""

    value: float
    low: float | None
    high: float | None


class CutOff(StrictModel):
    """The first people in the order of the audience, without those who are held out."""

    contacted: int = Field(description="People contacted, up to this cut-off.")
    limit: int = Field(description="Members up to here, those held out included: the `limit` that selects them.")
    contact_cost: float
    offer_cost: float = Field(description="Expected, where the offer is paid on order.")
    expected_orders: float | None = Field(description="Within the horizon, without a campaign.")
    value_at_stake: float | None = Field(description="Their expected margin within the horizon, without a campaign.")
    marginal_value: float | None = Field(description="Value at stake per person added since the cut-off before.")
    marginal_break_even: float | None = Field(
        description="The relative rise of what the people added spend at which they pay for their cost; null where "
        "they have no value at stake."
    )
    profit: MoneyEstimate | None = Field(description="Only where `profit_basis` is not `none`.")


class Economics(StrictModel):
    """Economics of contacting the members who are not held out."""

    contacted: int = Field(description="Members who are not held out.")
    horizon_days: int = Field(description="Of expected orders and of the value at stake.")
    value_at_stake: MoneyEstimate | None = Field(
        description="The expected margin of those contacted within the horizon, without a campaign, with its 80 % "
        "interval. It is what there is to lose, not what a campaign brings. Null for a log without amounts."
    )
    expected_orders: float | None = Field(description="Within the horizon, without a campaign.")
    margin_per_order: float | None = Field(
        description="Margin of an order that is expected of the people contacted, the mean over them. An order that a "
        "campaign adds is taken to be worth what the orders of the same person are."
    )
    contact_cost: float
    offer_cost: float
    cost: float = Field(description="Contacts and offers, expected where the offer is paid on order.")
    break_even_orders: float | None = Field(
        description="Additional orders per person contacted from which the campaign pays; null where an order brings "
        "no more than its offer costs."
    )
    curve: list[CutOff] = Field(description="At most 50 cut-offs in the order of the audience, the last one all.")
    within_budget: CutOff | None = Field(
        description="The most people whose expected cost the budget allows; null without a budget, and for none or "
        "fewer than `smallest_audience`."
    )
    profit_basis: ProfitBasis = Field(
        description="`randomised`: the effect that an experiment measured against its control; `assumed`: "
        "`assumed_uplift`; `none`: nothing identifies a profit, and none is told."
    )
    incremental_orders: MoneyEstimate | None = Field(
        description="Orders that the campaign adds; null where the experiment measured spend."
    )
    incremental_margin: MoneyEstimate | None = Field(description="Margin that the campaign adds, before its cost.")
    profit: MoneyEstimate | None = Field(description="Incremental margin less cost, with its 95 % interval.")
    reason: ProfitRefusal | None = Field(description="Why no experiment is the basis; null where one is.")
    detail: str = Field(description="What the profit rests on, or what was found, what was expected and what to do.")
