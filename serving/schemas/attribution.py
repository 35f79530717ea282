"""Attribution schemas: what each channel caused, beside what path rules credit it with; each names its evidence."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel
from training.attribution.acquisition_costs import SourceCost
from training.attribution.incremental.channel_effects import Incremental
from training.attribution.report import PATH_RULE_NAMES, AttributionReport, ChannelAttribution, Evidence
from training.experiments.record.experiment import Day
from training.experiments.refusal import Reason, Refusal

CREDITED_LABEL: Literal["credited, not caused"] = "credited, not caused"
AVERAGE_LABEL: Literal["average, not marginal"] = "average, not marginal"
_DECIMALS = 2


class AttributionQuery(StrictModel):
    """Attribution query: the period, in days of the shop, and the channel to show."""

    from_: Day = Field(alias="from", description="The first day.", examples=["2027-01-01"])
    to: date = Field(description="The first day that no longer counts; at most 366 days later.")
    channel: str | None = Field(default=None, max_length=100, description="Only this channel. Default: all.")


class IncrementalResponse(StrictModel):
    """Conversions that sending caused, from a hold-out that was drawn at random; or why they are not known."""

    evidence: Evidence = "randomised"
    status: Literal["estimated", "not_yet", "not_identified"]
    reason: Reason | None = Field(default=None, description="Why there is no number; null where there is one.")
    detail: str | None = Field(default=None, description="What was found, what was expected and what to do.")
    conversions: float | None = Field(
        default=None, description="Orders of the period that those who were treated would not have placed otherwise."
    )
    low: float | None = Field(default=None, description="The lower end of the 95 % interval.")
    high: float | None = Field(default=None, description="The upper end of the 95 % interval.")
    units: int | None = Field(
        default=None, description="Draws: of customers, of customers and campaigns, or of touches."
    )
    control_units: int | None = Field(default=None, description="Of them those that were not treated.")
    control_conversions: float | None = Field(default=None, description="Their orders.")
    drawn_by: list[str] | None = Field(
        default=None, description="What was drawn: customer, campaign, touch or experiment."
    )

    @classmethod
    def from_estimate(cls, estimate: Incremental | Refusal) -> IncrementalResponse:
        """The response of an estimate, or of a refusal without any number."""
        if isinstance(estimate, Refusal):
            return cls(status=estimate.status, reason=estimate.reason, detail=estimate.detail)
        return cls(
            status="estimated",
            conversions=round(estimate.conversions, _DECIMALS),
            low=round(estimate.low, _DECIMALS),
            high=round(estimate.high, _DECIMALS),
            units=estimate.units,
            control_units=estimate.control_units,
            control_conversions=estimate.control_conversions,
            drawn_by=list(estimate.levels),
        )


class ExposureResponse(StrictModel):
    """Conversions that a hazard model of touches attributes to a channel; both may have a hidden cause."""

    evidence: Evidence = "observational"
    conversions: float


class CreditsResponse(StrictModel):
    """Conversions that path rules hand out. They divide what happened; they do not say what was caused."""

    evidence: Evidence = "credited"
    label: Literal["credited, not caused"] = CREDITED_LABEL
    last_touch: float
    first_touch: float
    linear: float
    markov: float = Field(description="By removal effects in a Markov chain of first order.")
    shapley: float = Field(description="By Shapley values over the sets of channels of the paths.")

    @classmethod
    def of(cls, *channels: ChannelAttribution) -> CreditsResponse:
        """The sum of the credits of channels."""
        sums = {name: sum(channel.credits[name] for channel in channels) for name in PATH_RULE_NAMES}
        return cls.model_validate({name: round(value, _DECIMALS) for name, value in sums.items()})


class CampaignResponse(StrictModel):
    """A campaign or experiment of a channel."""

    campaign: str
    incremental: IncrementalResponse


class ChannelResponse(StrictModel):
    """A channel in the period."""

    channel: str
    touches: int = Field(description="Touches that were sent.")
    customers: int = Field(description="Customers who received them.")
    withheld: int = Field(description="Touches that a hold-out withheld.")
    touch_cost: float = Field(description="What the touches cost, where it was logged, in the currency of the shop.")
    incremental: IncrementalResponse
    campaigns: list[CampaignResponse] = Field(
        description="Up to twenty, where chance decided about each of them by itself."
    )
    exposure: ExposureResponse
    credited: CreditsResponse

    @classmethod
    def from_channel(cls, channel: ChannelAttribution) -> ChannelResponse:
        """The response of one channel."""
        return cls(
            channel=channel.channel,
            touches=channel.touches,
            customers=channel.customers,
            withheld=channel.withheld,
            touch_cost=round(channel.touch_cost, _DECIMALS),
            incremental=IncrementalResponse.from_estimate(channel.incremental),
            campaigns=[
                CampaignResponse(
                    campaign=campaign.campaign, incremental=IncrementalResponse.from_estimate(campaign.incremental)
                )
                for campaign in channel.campaigns
            ],
            exposure=ExposureResponse(conversions=round(channel.exposure_hazard, _DECIMALS)),
            credited=CreditsResponse.of(channel),
        )


class CostResponse(StrictModel):
    """What was spent on a source, on average over its new customers."""

    source: str
    amount: float = Field(description="In the currency of the shop.")
    new_customers: int = Field(
        description="Without an order in the year before, and last touched on the channel with the name of the source."
    )
    average: float | None = Field(description="The amount per new customer; null without any.")
    label: Literal["average, not marginal"] = Field(
        default=AVERAGE_LABEL, description="What one more customer costs needs spend that was changed at random."
    )

    @classmethod
    def from_cost(cls, cost: SourceCost) -> CostResponse:
        """The response of one source."""
        average = None if cost.average is None else round(cost.average, _DECIMALS)
        return cls(
            source=cost.source, amount=round(cost.amount, _DECIMALS), new_customers=cost.new_customers, average=average
        )


class AttributionResponse(StrictModel):
    """Attribution of a period, by channel."""

    from_: date = Field(alias="from")
    to: date
    conversions: int = Field(description="Orders of the period.")
    touched_conversions: int = Field(description="Of them those with a touch in the 30 days before.")
    compared_by: Literal["served_prediction", "past_orders"] = Field(
        description="What was known of customers before the period, by which they are compared."
    )
    credited: CreditsResponse = Field(description="The sums over all channels; compare them with the conversions.")
    channels: list[ChannelResponse] = Field(description="The most touches first.")
    small_channels: int = Field(description="Channels with fewer than ten customers; they are left out.")
    costs: list[CostResponse] = Field(description="By source, the largest first.")

    @classmethod
    def from_report(cls, report: AttributionReport, channel: str | None = None) -> AttributionResponse:
        """The response of a report, with all its channels or one of them."""
        shown = [each for each in report.channels if channel in (None, each.channel)]
        return cls.model_validate(
            {
                "from": report.period.first,
                "to": report.period.end,
                "conversions": report.conversions,
                "touched_conversions": report.touched_conversions,
                "compared_by": "served_prediction" if report.has_served_rates else "past_orders",
                "credited": CreditsResponse.of(*report.channels),
                "channels": [ChannelResponse.from_channel(each) for each in shown],
                "small_channels": report.small_channels,
                "costs": [CostResponse.from_cost(cost) for cost in report.costs],
            }
        )
